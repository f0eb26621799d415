"""Read the chunks of a PNG file, its size and its metadata, and check for its end, without decoding it."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from realdof.common.errors import InputError
from realdof.images import signatures
from realdof.images.limits import Header, orientation_in

END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
"""Number of channels by colour type; a palette gives three."""
DEPTHS = (1, 2, 4, 8, 16)
LARGEST_EXIF = 2**24
_HEADER = b"IHDR"
_MOST_CHUNKS = 2**21
_TAIL = 4096


def chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind, and the position and length of the content, of each chunk, until ``IEND`` or damage."""
    position = len(signatures.PNG)
    for _ in range(_MOST_CHUNKS):
        file.seek(position)
        start = file.read(8)
        if len(start) < 8:
            return
        length, kind = struct.unpack(">I4s", start)
        yield kind, position + 8, length
        if kind == b"IEND":
            return
        position += 12 + length


def read_png(path: Path, file: BinaryIO) -> Header:
    """Read the size, depth and orientation, and check that the file has its end.

    Raises
    ------
    InputError
        The file is truncated or damaged.
    """
    file.seek(0)
    start = file.read(33)
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL))
    tail = file.read()
    if len(start) < 33 or start[8:16] != b"\0\0\0\r" + _HEADER or zlib.crc32(start[12:29]) != _number(start[29:]):
        raise _damaged(path)
    width, height, bits, colour = struct.unpack_from(">IIBB", start, 16)
    if colour not in CHANNELS or bits not in DEPTHS:
        raise _damaged(path)
    # Camera files have thousands of chunks; only if metadata or other data are at the end must all of them be read.
    whole = b"eXIf" in tail or not tail.endswith(END)
    orientation, ended = None, not whole
    for kind, at, length in chunks(file):
        if kind == b"eXIf" and orientation is None:
            file.seek(at)
            orientation = orientation_in(file.read(min(length, LARGEST_EXIF)).removeprefix(b"Exif\0\0"))
        elif kind == b"IEND":
            ended = at + 4 <= size
        elif kind == b"IDAT" and not whole:
            break
    if not ended:
        raise _damaged(path)
    return Header(height, width, max(8, bits), orientation or 1, CHANNELS[colour])


def check_chunks(path: Path, content: bytes) -> frozenset[bytes]:
    """Check the chunks up to IEND and their checksums, because OpenCV before 5 accepts truncated files.

    Returns
    -------
    frozenset
        The kinds of the chunks.

    Raises
    ------
    InputError
        A chunk is truncated or damaged.
    """
    view, position = memoryview(content), len(signatures.PNG)
    kind, kinds = b"", set()
    while kind != b"IEND":
        if position + 12 > len(content):
            raise _damaged(path)
        length, kind = struct.unpack_from(">I4s", content, position)
        kinds.add(kind)
        checksum = position + 8 + length
        position = checksum + 4
        if position > len(content):
            raise _damaged(path)
        if zlib.crc32(view[checksum - length - 4 : checksum]) != _number(content[checksum:position]):
            raise _damaged(path)
    return frozenset(kinds)


def _number(content: bytes) -> int:
    return int.from_bytes(content, "big")


def _damaged(path: Path) -> InputError:
    return InputError(f"{path} is truncated or damaged; fetch or copy it again")
