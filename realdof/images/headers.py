"""Read the size and depth of an image file, and check that its end is present, without decoding it."""

from pathlib import Path
from typing import BinaryIO

from realdof.common.errors import InputError
from realdof.common.files import open_regular
from realdof.images import signatures
from realdof.images.jpeg import read_jpeg
from realdof.images.limits import MOST_BYTES, Header, check_size
from realdof.images.png import read_png

__all__ = ["Header", "header_of", "read_header"]


def read_header(path: Path) -> Header:
    """Read the header of a PNG, JPEG or TIFF file, and check that the file is not cut short.

    Raises
    ------
    InputError
        The file is missing, not a regular file, of another format, cut short, or larger than the limit.
    """
    with open_regular(path, "an image file") as file:
        return header_of(path, file)


def header_of(path: Path, file: BinaryIO) -> Header:
    """Read the header of an open file; raises like `read_header`."""
    start, size = file.read(8), file.seek(0, 2)
    if not size:
        raise InputError(f"{path} is empty; fetch or copy it again")
    if size > MOST_BYTES:
        raise InputError(f"{path} has {size / 1e9:.1f} GB, at most {MOST_BYTES / 1e9:.1f} are read; save it smaller")
    if start.startswith(signatures.PNG):
        found = read_png(path, file)
    elif start.startswith(signatures.JPEG):
        found = read_jpeg(path, file)
    elif start.startswith(signatures.TIFF):
        # Here, because every command would wait for tifffile, and few read a TIFF.
        from realdof.images.tiff import read_page

        found = read_page(path, file).header
    else:
        raise InputError(f"{path} is no PNG, JPEG or TIFF, it begins with {start!r}; give an image")
    check_size(path, found.height, found.width)
    return found
