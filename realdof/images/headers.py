"""Size and depth of an image file from its first bytes, and whether its end is there, without decoding it."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import tifffile
from PIL import Image, UnidentifiedImageError

from realdof.common.errors import InputError
from realdof.images import signatures

PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG_END = b"\xff\xd9"


@dataclass(frozen=True)
class Header:
    """What an image file says of itself: height and width in px, bits a channel."""

    height: int
    width: int
    bits: int


def read_header(path: Path) -> Header:
    """Read the header of a PNG, JPEG or TIFF file and look whether the file ends as it should.

    Raises
    ------
    InputError
        The file is missing, of another kind, or cut short.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(33)
            file.seek(max(0, size - 4096))
            end = file.read()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; give an image file that can be read") from error
    if start.startswith(signatures.PNG):
        return _png(path, start, end)
    if start.startswith(signatures.JPEG):
        return _jpeg(path, end)
    if start.startswith(signatures.TIFF):
        return _tiff(path)
    raise InputError(f"{path} is no PNG, JPEG or TIFF, it begins with {start[:8]!r}; give an image")


def _png(path: Path, start: bytes, end: bytes) -> Header:
    if len(start) < 33 or not end.endswith(PNG_END):
        raise InputError(f"{path} is truncated or damaged; fetch or copy it again")
    width, height, bits = struct.unpack_from(">IIB", start, 16)
    return Header(height, width, max(8, bits))


def _jpeg(path: Path, end: bytes) -> Header:
    if JPEG_END not in end:
        raise InputError(f"{path} is truncated or damaged; fetch or copy it again")
    try:
        with Image.open(path) as image:
            return Header(image.height, image.width, 8)
    except (UnidentifiedImageError, OSError) as error:
        raise InputError(f"{path} is truncated or damaged; fetch or copy it again") from error


def _tiff(path: Path) -> Header:
    try:
        with tifffile.TiffFile(path) as file:
            page = cast(tifffile.TiffPage, file.pages[0])
            return Header(page.imagelength, page.imagewidth, int(page.bitspersample))
    except (tifffile.TiffFileError, struct.error, IndexError, ValueError) as error:
        raise InputError(f"{path} is truncated or damaged; fetch or copy it again") from error
