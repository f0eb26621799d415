"""Copy the EXIF tags of a shot (camera, lens, time, exposure) from raw and TIFF files.

Other tags of a raw file, such as maker notes, previews and the pixel layout, would be wrong for the result.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from ifan.photographs.metadata import ORIENTATION
from realdof.images import jpeg
from realdof.raw.exif import Exif, read_exif

MODEL, CHANGED, EXIF_DIRECTORY = 0x0110, 0x0132, 0x8769
TIME, LENS = 0x9003, 0xA434
EXPOSURE_TIME, F_NUMBER, ISO, FOCAL_LENGTH = 0x829A, 0x829D, 0x8827, 0x920A
_RATIONALS = (EXPOSURE_TIME, F_NUMBER, FOCAL_LENGTH)
_ASCII, _SHORT, _RATIONAL = 2, 3, 5
"""Type codes of TIFF."""
_LARGEST_SHORT = 65535


def shot_exif(path: Path, orientation: int) -> bytes:
    """Return the EXIF tags of the shot in a raw or TIFF file, as a TIFF structure; empty if there are none.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    main, shot = _tags(read_exif(path))
    if orientation != 1:
        main[ORIENTATION] = orientation
    if not main and not shot:
        return b""
    exif = Image.Exif()
    exif.update(main)
    exif.get_ifd(EXIF_DIRECTORY).update(shot)
    return exif.tobytes().removeprefix(jpeg.EXIF)


def tiff_tags(stored: bytes) -> Iterator[tuple[int, int, int, Any, bool]]:
    """Yield the EXIF tags that TIFF/EP allows in a TIFF's main directory, in ``tifffile``'s format."""
    if not stored:
        return
    exif = Image.Exif()
    exif.load(jpeg.EXIF + stored)
    found = {**exif, **exif.get_ifd(EXIF_DIRECTORY)}
    for tag in (MODEL, CHANGED, TIME, LENS):
        if isinstance(found.get(tag), str):
            text = found[tag].encode("ascii", "replace")
            yield tag, _ASCII, len(text) + 1, text + b"\0", True
    for tag in _RATIONALS:
        if isinstance(found.get(tag), IFDRational) and found[tag].denominator:
            yield tag, _RATIONAL, 1, (int(found[tag].numerator), int(found[tag].denominator)), True
    if isinstance(found.get(ISO), int) and 0 < found[ISO] <= _LARGEST_SHORT:
        yield ISO, _SHORT, 1, found[ISO], True


def _tags(found: Exif) -> tuple[dict[int, Any], dict[int, Any]]:
    """Return the tags of the main directory and those of the EXIF directory."""
    time = None if found.time is None else found.time.strftime("%Y:%m:%d %H:%M:%S")
    numbers = {EXPOSURE_TIME: found.exposure_time, F_NUMBER: found.f_number, FOCAL_LENGTH: found.focal_length}
    shot: dict[int, Any] = {tag: _rational(value) for tag, value in numbers.items() if value is not None and value > 0}
    shot |= {tag: text for tag, text in ((TIME, time), (LENS, found.lens)) if text}
    if found.iso is not None and 0 < found.iso <= _LARGEST_SHORT:
        shot[ISO] = round(found.iso)
    return {tag: text for tag, text in ((MODEL, found.model), (CHANGED, time)) if text}, shot


def _rational(value: float) -> IFDRational:
    exact = Fraction(value).limit_denominator(1_000_000)
    return IFDRational(exact.numerator, exact.denominator)
