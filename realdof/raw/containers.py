"""Find the EXIF in files of each format: TIFF-based raws, PNG, Fujifilm's RAF and Canon's CR3."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from realdof.images import signatures
from realdof.raw.tiff import Directory, Tiff

_MOST_BOXES = 10_000
_RAF, _RAF_PREVIEW_AT, _EXIF_IN_JPEG = b"FUJIFILMCCD-RAW ", 84, 12
# Canon's metadata box (ISO 14496-12, a "uuid" box); CMT1 holds the main directory, CMT2 the EXIF directory.
_CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_EXIF_DIRECTORY = 0x8769


@dataclass(frozen=True)
class Metadata:
    """The TIFF structures that hold a file's main directory and its EXIF directory, and the EXIF directory itself."""

    main: Tiff
    shot_in: Tiff
    shot: Directory


def find_metadata(file: BinaryIO) -> Metadata:
    """Find the metadata of an open file; files of other formats and damaged files give empty directories."""
    start = file.read(len(_RAF))
    if start.startswith(signatures.PNG):
        return _in_one(Tiff(file, _exif_of_png(file)))
    if start == _RAF:
        file.seek(_RAF_PREVIEW_AT)
        (preview,) = struct.unpack(">I", file.read(4).ljust(4, b"\0"))
        return _in_one(Tiff(file, preview + _EXIF_IN_JPEG))
    if start[4:12] == b"ftypcrx ":
        return _of_cr3(file)
    return _in_one(Tiff(file))


def _in_one(tiff: Tiff) -> Metadata:
    pointer = tiff.number(tiff.main, _EXIF_DIRECTORY)
    return Metadata(tiff, tiff, tiff.directory(int(pointer)) if pointer is not None else {})


def _exif_of_png(file: BinaryIO) -> int:
    """Return the position of the eXIf chunk's TIFF structure; 0 if there is none."""
    position = len(signatures.PNG)
    for _ in range(_MOST_BOXES):
        file.seek(position)
        header = file.read(8)
        if len(header) < 8:
            break
        length, kind = struct.unpack(">I4s", header)
        if kind == b"eXIf":
            return position + 8
        position += 12 + length
    return 0


def _of_cr3(file: BinaryIO) -> Metadata:
    blocks: dict[bytes, int] = {}
    for kind, first, last in _boxes(file, 0, file.seek(0, 2)):
        if kind != b"moov":
            continue
        for inner, start, end in _boxes(file, first, last):
            file.seek(start)
            if inner == b"uuid" and file.read(len(_CANON)) == _CANON:
                blocks |= {name: at for name, at, _ in _boxes(file, start + len(_CANON), end)}
    main, shot = (Tiff(file, blocks.get(name, 0)) for name in (b"CMT1", b"CMT2"))
    return Metadata(main, shot, shot.main)


def _boxes(file: BinaryIO, position: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind, the start of the content and the end of each box between two positions."""
    for _ in range(_MOST_BOXES):
        if position + 8 > end:
            return
        file.seek(position)
        size, kind = struct.unpack(">I4s", file.read(8).ljust(8, b"\0"))
        header = 8
        if size == 1:
            size, header = struct.unpack(">Q", file.read(8).ljust(8, b"\0"))[0], 16
        last = end if size == 0 else position + size
        if last < position + header or last > end:
            return
        yield kind, position + header, last
        position = last
