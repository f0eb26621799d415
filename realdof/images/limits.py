"""What an image file says of itself, and the one limit on its size, the same for every format and every command."""

import struct
from dataclasses import dataclass
from pathlib import Path

from realdof.common.errors import InputError
from realdof.common.megapixels import most_megapixels

MOST_BYTES = 2**31
"""Of an image file."""
_MOST_TAGS = 1024
_ORIENTATION, _SHORT = 274, 3


@dataclass(frozen=True)
class Header:
    """What an image file says of itself.

    Parameters
    ----------
    height, width
        In px, as stored.
    bits
        A channel.
    orientation
        EXIF's, 1 to 8: how the stored grid is to be turned for viewing.
    channels
        Stored ones, alpha included.
    """

    height: int
    width: int
    bits: int
    orientation: int = 1
    channels: int = 3


def check_size(path: Path, height: int, width: int) -> None:
    """Refuse an image without pixels, or with more than the limit, by what its header declares.

    Raises
    ------
    InputError
        It is one of these.
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
    """The orientation in the main directory of a TIFF structure; None if it names none, or is damaged."""
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
