"""The header of an image file, and the limit on an image's size, the same for all formats and commands."""

import struct
from dataclasses import dataclass
from pathlib import Path

from realdof.common.errors import InputError
from realdof.common.megapixels import most_megapixels

MOST_BYTES = 2**31
"""Largest size of an image file."""
_MOST_TAGS = 1024
_ORIENTATION, _SHORT = 274, 3


@dataclass(frozen=True)
class Header:
    """The properties of an image that its file declares.

    Parameters
    ----------
    height, width
        Stored height and width, px.
    bits
        Bits per channel.
    orientation
        Orientation from EXIF, 1 to 8: how to turn the stored image for viewing.
    channels
        Number of stored channels, including alpha.
    """

    height: int
    width: int
    bits: int
    orientation: int = 1
    channels: int = 3


def check_size(path: Path, height: int, width: int) -> None:
    """Refuse an image whose header declares no pixels or more pixels than the limit.

    Raises
    ------
    InputError
        The image has no pixels, or too many.
    """
    if height <= 0 or width <= 0:
        raise InputError(f"{path} declares {width}x{height} px; it is damaged, fetch or copy it again")
    limit = most_megapixels()
    if height * width > limit * 1e6:
        has, most = (f"{number:,.1f}".removesuffix(".0") for number in (height * width / 1e6, limit))
        raise InputError(
            f"{path} has {width}x{height} px, {has} megapixels of at most {most}; raise the limit with --megapixels if "
            "memory allows"
        )


def orientation_in(exif: bytes) -> int | None:
    """Return the orientation in the main directory of a TIFF structure; None if it is absent or damaged."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None or len(exif) < 8:
        return None
    (at,) = struct.unpack_from(f"{order}I", exif, 4)
    if at + 2 > len(exif):
        return None
    (count,) = struct.unpack_from(f"{order}H", exif, at)
    for number in range(min(count, _MOST_TAGS)):
        place = at + 2 + 12 * number
        if place + 12 > len(exif):
            return None
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, place)
        if tag == _ORIENTATION:
            return value if kind == _SHORT and value in range(1, 9) else None
    return None
