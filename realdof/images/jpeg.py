"""Read the segments of a JPEG file, its size and its metadata, and check for its end, without decoding it."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from realdof.common.errors import InputError
from realdof.images.limits import Header, orientation_in

END = b"\xff\xd9"
EXIF, PROFILE = b"Exif\0\0", b"ICC_PROFILE\0"
EXIF_AT, PROFILE_AT = 0xE1, 0xE2
"""Markers of the segments that hold EXIF and parts of the colour profile."""
_SCAN, _END = 0xDA, 0xD9
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without content."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MOST_SEGMENTS = 10_000
_BLOCK = 2**20
_CMYK = 4


def segments(file: BinaryIO) -> Iterator[tuple[int, int, int]]:
    """Yield the marker, and the position and length of the content, of each segment up to the first scan's header.

    A damaged segment ends the iteration.
    """
    position = 2
    for _ in range(_MOST_SEGMENTS):
        file.seek(position)
        start = file.read(4)
        if len(start) < 4 or start[0] != 0xFF:
            return
        if start[1] == 0xFF:
            position += 1
            continue
        if start[1] in _BARE:
            position += 2
            continue
        length = struct.unpack(">H", start[2:])[0]
        if start[1] == _END or length < 2:
            return
        yield start[1], position + 4, length - 2
        if start[1] == _SCAN:
            return
        position += 2 + length


def read_jpeg(path: Path, file: BinaryIO) -> Header:
    """Read the size and orientation, and check that the file has its end.

    Raises
    ------
    InputError
        The file is truncated or damaged, in CMYK, or its depth is not 8 bits.
    """
    size, orientation, scan = None, 1, None
    for marker, start, length in segments(file):
        if marker in _FRAMES and size is None:
            file.seek(start)
            frame = file.read(min(length, 6))
            if len(frame) == 6:
                size = struct.unpack(">BHHB", frame)
        elif marker == EXIF_AT and length > len(EXIF):
            file.seek(start)
            if file.read(len(EXIF)) == EXIF:
                orientation = orientation_in(file.read(length - len(EXIF))) or orientation
        elif marker == _SCAN:
            scan = start + length
    if size is None or scan is None or not _has_end(file, scan):
        raise InputError(f"{path} is truncated or damaged; fetch or copy it again")
    bits, height, width, channels = size
    if channels == _CMYK:
        raise InputError(f"{path} is in CMYK, for printing; convert it to RGB")
    if bits != 8 or channels not in (1, 3):
        raise InputError(f"{path} has {channels} channels of {bits} bits; save it as PNG or TIFF")
    return Header(height, width, bits, orientation, channels)


def _has_end(file: BinaryIO, position: int) -> bool:
    """Return whether the end marker occurs anywhere after the first scan; phones append videos to photographs."""
    size = file.seek(0, 2)
    file.seek(max(position, size - 4096))
    if END in file.read():
        return True
    file.seek(position)
    last = b""
    while block := file.read(_BLOCK):
        if END in last + block:
            return True
        last = block[-1:]
    return False
