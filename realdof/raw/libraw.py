"""Open raw files with LibRaw; every failure gives one sentence that names the file and a remedy."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rawpy

from realdof.common.errors import InputError
from realdof.common.files import open_regular
from realdof.geometry.grid import Region
from realdof.images import signatures
from realdof.images.hush import hushed
from realdof.images.limits import check_size
from realdof.raw.orientation import ORIENTATION_OF_FLIP
from realdof.raw.tiff import Tiff

# Values of TIFF's compression tag in raw files, after ExifTool's registry, with a remedy if LibRaw cannot read them.
_TO_DNG = "convert it with Adobe DNG Converter, uncompressed or lossless"
_COMPRESSIONS = {
    1: ("no compression", _TO_DNG),
    7: ("lossless JPEG compression", _TO_DNG),
    8: ("Deflate compression", _TO_DNG),
    32766: ("Sony's compression 2", "set the camera to uncompressed or lossless compressed raw"),
    32767: ("Sony's lossy compression", "set the camera to uncompressed raw"),
    34713: ("Nikon's compression", "set the camera to lossless compressed raw, not High Efficiency"),
    34892: ("lossy JPEG compression", _TO_DNG),
    52546: ("JPEG XL compression", "convert it with Adobe DNG Converter for Camera Raw 15 or older, without JPEG XL"),
}


@contextmanager
def opened(path: Path) -> Iterator[rawpy.RawPy]:
    """Open a raw file for the duration of a ``with`` block, and turn LibRaw's errors in it into `InputError`.

    Raises
    ------
    InputError
        The file is missing, empty, truncated or too large, is not a raw file, or has a compression that LibRaw cannot
        read.
    """
    compression = _checked(path)
    try:
        with hushed(), rawpy.imread(str(path)) as raw:
            # LibRaw has read the header, but not yet the pixels.
            check_size(path, raw.sizes.raw_height, raw.sizes.raw_width)
            yield raw
    except rawpy.LibRawIOError as error:
        raise InputError(f"{path} is truncated or damaged; copy it from the camera again") from error
    except rawpy.LibRawError as error:
        if compression is not None and compression not in _READABLE:
            name, remedy = _COMPRESSIONS.get(compression, (f"compression {compression}", _TO_DNG))
            version = ".".join(map(str, rawpy.libraw_version))
            raise InputError(
                f"{path} has {name} ({compression}), which LibRaw {version} cannot read; {remedy}"
            ) from error
        if isinstance(error, rawpy.LibRawFileUnsupportedError):
            raise InputError(f"{path} is no raw file that LibRaw can read; give an ARW, DNG or another raw") from error
        raise InputError(f"{path} cannot be developed ({_words(error)}); copy it from the camera again") from error


def orientation_of(raw: rawpy.RawPy) -> int:
    """Return the EXIF orientation of an open raw file, 1 to 8."""
    return ORIENTATION_OF_FLIP.get(raw.sizes.flip, 1)


def recommended_crop(raw: rawpy.RawPy) -> Region | None:
    """Return the crop that an open raw file recommends, relative to LibRaw's visible area; None without one."""
    sizes = raw.sizes
    top, left = sizes.crop_top_margin - sizes.top_margin, sizes.crop_left_margin - sizes.left_margin
    height, width = sizes.crop_height, sizes.crop_width
    fits = top >= 0 and left >= 0 and top + height <= sizes.height and left + width <= sizes.width
    return Region(top, left, height, width) if fits and min(height, width) > 0 else None


# LibRaw reads these compressions; a file that it refuses is damaged or from an unknown camera.
_READABLE = (1, 7, 8, 32767)


def _checked(path: Path) -> int | None:
    """Refuse a file that cannot be a complete raw file; return the compression of a TIFF-based one."""
    try:
        with open_regular(path, "a raw file") as file:
            start = file.read(len(signatures.JPEG))
            tiff = Tiff(file)
            end_of_pixels, compression = tiff.end_of_pixels(), tiff.raw_compression()
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; give a raw file that can be read") from error
    if not start:
        raise InputError(f"{path} is empty; copy it from the camera again")
    if start == signatures.JPEG:
        raise InputError(f"{path} is a JPEG whatever its name says; give the camera's raw file")
    # LibRaw would notice this only while decoding, and write to stderr beside our one sentence.
    if size < end_of_pixels:
        raise InputError(f"{path} is truncated, {size} of {end_of_pixels} bytes; copy it from the camera again")
    return compression


def _words(error: rawpy.LibRawError) -> str:
    words = error.args[0] if error.args else type(error).__name__
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
