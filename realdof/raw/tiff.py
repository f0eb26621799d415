"""Read TIFF directories, of which most raw files consist, with limits.

The limits keep hostile files from determining how much is read.
"""

import math
import struct
from itertools import islice
from typing import BinaryIO

_MOST_ENTRIES = 1024
_MOST_VALUES = 16_384
_MOST_DIRECTORIES = 32
_LONGEST_TEXT = 256

# The last four are Olympus's ORF and Panasonic's RW2, which differ from TIFF only in their signatures.
_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">", b"IIRO": "<", b"IIRS": "<", b"MMOR": ">", b"IIU\0": "<"}
_TEXT, _SHORT, _LONG, _RATIONAL, _POINTER = 2, 3, 4, 5, 13
_FORMATS = {_SHORT: "H", _LONG: "I", _RATIONAL: "II", _POINTER: "I"}

_SUBDIRECTORIES = 330
_WIDTH, _COMPRESSION, _PHOTOMETRIC = 256, 259, 262
_RAW_KINDS = (32803, 34892)
"""Photometric interpretations of a colour filter array and of linear raw."""
_RAW_ONLY = (32766, 32767, 34713)
"""Compressions that only raw images have; some cameras omit the photometric interpretation."""
_OFFSETS_AND_SIZES = ((273, 279), (324, 325))
"""Tags of the offsets and the sizes of an image's strips or tiles."""

Entry = tuple[int, int, int]
"""Type of the values, their number, and the offset of the first one."""

Directory = dict[int, Entry]
"""Entries by tag."""


class Tiff:
    """The TIFF structure that begins at ``start`` of a file; damaged and missing parts read as empty."""

    def __init__(self, file: BinaryIO, start: int = 0) -> None:
        self._file, self._start = file, start
        header = self.bytes_at(0, 8)
        self._order = _BYTE_ORDERS.get(header[:4], "")
        self.main: Directory = {}
        self._main_at = 0
        if self._order and len(header) == 8:
            (self._main_at,) = struct.unpack_from(self._order + "I", header, 4)
            self.main = self.directory(self._main_at)

    def bytes_at(self, offset: int, length: int) -> bytes:
        """Read ``length`` bytes at an offset, or fewer if the file ends before."""
        self._file.seek(self._start + offset)
        return self._file.read(length)

    def directory(self, offset: int) -> Directory:
        """Read the directory at an offset."""
        entries = {}
        table = self._table(offset)
        for at in range(0, len(table) - 11, 12):
            tag, kind, count, pointer = struct.unpack_from(self._order + "HHII", table, at)
            # Values of up to four bytes are stored in the entry itself.
            size = count * (_size(kind) if kind in _FORMATS else 1)
            entries[tag] = (kind, count, pointer if size > 4 else offset + 2 + at + 8)
        return entries

    def numbers(self, directory: Directory, tag: int) -> list[float]:
        """Read the values of a tag of unsigned integers or fractions; nan for a division by zero."""
        kind, count, offset = directory.get(tag, (0, 0, 0))
        if kind not in _FORMATS:
            return []
        content = self.bytes_at(offset, min(count, _MOST_VALUES) * _size(kind))
        whole = len(content) - len(content) % _size(kind)
        parts = struct.iter_unpack(self._order + _FORMATS[kind], content[:whole])
        if kind != _RATIONAL:
            return [float(value) for (value,) in parts]
        return [above / below if below else math.nan for above, below in parts]

    def number(self, directory: Directory, tag: int) -> float | None:
        """Return the first value of a tag if it is positive, else None."""
        values = self.numbers(directory, tag)
        return values[0] if values and values[0] > 0 else None

    def text(self, directory: Directory, tag: int) -> str | None:
        """Read a text, without characters that could disturb a terminal or a page."""
        kind, count, offset = directory.get(tag, (0, 0, 0))
        if kind != _TEXT:
            return None
        content = self.bytes_at(offset, min(count, _LONGEST_TEXT)).split(b"\0")[0]
        printable = "".join(c for c in content.decode("utf-8", "replace") if c.isprintable()).strip()
        return printable or None

    def end_of_pixels(self) -> int:
        """Return the end of the last strip or tile of all images; a shorter file is truncated."""
        ends = [0]
        for directory in self._images():
            for offsets, sizes in _OFFSETS_AND_SIZES:
                pairs = zip(self.numbers(directory, offsets), self.numbers(directory, sizes), strict=False)
                ends += [int(offset + size) for offset, size in pairs]
        return self._start + max(ends)

    def raw_compression(self) -> int | None:
        """Return the compression of the widest image that is a mosaic or linear raw; None if there is none."""
        raws = [
            (self.number(image, _WIDTH) or 0, int(self.number(image, _COMPRESSION) or 0))
            for image in self._images()
            if self.number(image, _PHOTOMETRIC) in _RAW_KINDS or self.number(image, _COMPRESSION) in _RAW_ONLY
        ]
        return max(raws)[1] or None if raws else None

    def _images(self) -> list[Directory]:
        """Return the directories of the main chain and the subdirectories of each."""
        images: list[Directory] = []
        offset = self._main_at
        while offset and len(images) < _MOST_DIRECTORIES:
            images.append(self.directory(offset))
            inner = islice(self.numbers(images[-1], _SUBDIRECTORIES), _MOST_DIRECTORIES)
            images += [self.directory(int(at)) for at in inner]
            following = self.bytes_at(offset + 2 + len(self._table(offset)), 4)
            offset = struct.unpack(self._order + "I", following)[0] if len(following) == 4 else 0
        return images

    def _table(self, offset: int) -> bytes:
        count = self.bytes_at(offset, 2)
        if len(count) < 2:
            return b""
        return self.bytes_at(offset + 2, 12 * min(struct.unpack(self._order + "H", count)[0], _MOST_ENTRIES))


def _size(kind: int) -> int:
    return struct.calcsize("=" + _FORMATS[kind])
