"""Read a photograph's metadata, EXIF and colour profile, with size limits; damaged parts are dropped."""

import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from realdof.common.files import open_regular
from realdof.images import jpeg, png, signatures
from realdof.images.headers import header_of
from realdof.images.tiff import read_page

ORIENTATION = 274
LARGEST_PROFILE = 2**24
"""Largest colour profile in bytes; printer profiles have up to a few million."""
LARGEST_JPEG_EXIF = 65533 - len(jpeg.EXIF)
"""Largest EXIF in bytes that fits into one JPEG segment."""
_PROFILE_HEADER, _SIGNATURE_AT, _SIGNATURE = 128, 36, b"acsp"
_FAULTS = (
    SyntaxError, struct.error, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, OSError,
    RuntimeError, MemoryError,
)  # fmt: skip
"""Exceptions that Pillow raises for damaged EXIF."""


@dataclass(frozen=True)
class Metadata:
    """EXIF and colour profile of a photograph.

    Parameters
    ----------
    orientation
        EXIF orientation, 1 to 8.
    grey
        Whether the file has one channel, with or without alpha.
    profile
        ICC profile; empty for none.
    exif
        EXIF as a TIFF structure, including the orientation; empty for none. For TIFF files it is always empty; see
        `shot_exif`.
    damaged
        Damaged parts, which are dropped: ``EXIF``, ``rest of the EXIF``, ``colour profile``.
    """

    orientation: int = 1
    grey: bool = False
    profile: bytes = b""
    exif: bytes = b""
    damaged: tuple[str, ...] = ()


def read_metadata(path: Path) -> Metadata:
    """Read the metadata of a JPEG, PNG or TIFF file; damaged metadata is dropped and reported, not an error.

    Raises
    ------
    InputError
        The file is no image; see `realdof.images.headers.read_header`.
    """
    with open_regular(path, "an image file") as file:
        header = header_of(path, file)
        file.seek(0)
        start = file.read(8)
        if start.startswith(signatures.TIFF):
            page = read_page(path, file)
            profile, bad = _checked_profile(page.profile or None)
            return Metadata(header.orientation, page.grey, profile, damaged=bad)
        if start.startswith(signatures.PNG):
            stored, packed = _of_png(file)
        else:
            stored, packed = _of_jpeg(file)
    exif, bad_exif = _checked_exif(stored, header.orientation)
    profile, bad_profile = _checked_profile(packed)
    return Metadata(header.orientation, header.channels in (1, 2), profile, exif, (*bad_exif, *bad_profile))


def exif_with(orientation: int) -> bytes:
    """Return EXIF with nothing but an orientation."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif.tobytes().removeprefix(jpeg.EXIF)


def _of_png(file: BinaryIO) -> tuple[bytes | None, bytes | None]:
    exif = profile = None
    for kind, at, length in png.chunks(file):
        if kind == b"eXIf" and exif is None:
            file.seek(at)
            exif = file.read(min(length, png.LARGEST_EXIF)).removeprefix(jpeg.EXIF)
        elif kind == b"iCCP" and profile is None:
            file.seek(at)
            profile = _unpacked(file.read(min(length, LARGEST_PROFILE)))
    return exif, profile


def _unpacked(content: bytes) -> bytes:
    """Decompress the profile in an iCCP chunk (name, method, compressed data); empty if damaged or too large."""
    _, _, packed = content.partition(b"\0")
    inflate = zlib.decompressobj()
    try:
        profile = inflate.decompress(packed[1:], LARGEST_PROFILE)
    except zlib.error:
        return b""
    return profile if inflate.eof else b""


def _of_jpeg(file: BinaryIO) -> tuple[bytes | None, bytes | None]:
    exif = None
    parts: dict[int, bytes] = {}
    for marker, at, length in jpeg.segments(file):
        file.seek(at)
        if marker == jpeg.EXIF_AT and exif is None:
            content = file.read(length)
            exif = content.removeprefix(jpeg.EXIF) if content.startswith(jpeg.EXIF) else None
        elif marker == jpeg.PROFILE_AT:
            content = file.read(length)
            if content.startswith(jpeg.PROFILE) and length > len(jpeg.PROFILE) + 2:
                parts.setdefault(content[len(jpeg.PROFILE)], content[len(jpeg.PROFILE) + 2 :])
    return exif, b"".join(parts[number] for number in sorted(parts)) if parts else None


def _checked_exif(stored: bytes | None, orientation: int) -> tuple[bytes, tuple[str, ...]]:
    """Return the EXIF as rewritten by Pillow, and its damaged parts; the orientation is always kept."""
    if stored is None:
        return b"", ()
    exif = Image.Exif()
    # From a truncated directory Pillow reads the tags that are there, and warns.
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            exif.load(jpeg.EXIF + stored)
            written = exif.tobytes().removeprefix(jpeg.EXIF) if len(exif) else b""
        except _FAULTS:
            return (exif_with(orientation) if orientation != 1 else b""), ("EXIF",)
    if any(issubclass(warning.category, UserWarning) for warning in said):
        return written, ("rest of the EXIF" if written else "EXIF",)
    return written, ()


def _checked_profile(stored: bytes | None) -> tuple[bytes, tuple[str, ...]]:
    if stored is None:
        return b"", ()
    return (stored, ()) if _is_profile(stored) else (b"", ("colour profile",))


def _is_profile(content: bytes) -> bool:
    named = content[_SIGNATURE_AT : _SIGNATURE_AT + 4] == _SIGNATURE
    return len(content) >= _PROFILE_HEADER and named and int.from_bytes(content[:4], "big") <= len(content)
