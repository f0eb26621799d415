"""A photograph's metadata: EXIF and colour profile, read within bounds, dropped if damaged."""

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
"""Bytes; the largest printers' profiles have a few million."""
LARGEST_JPEG_EXIF = 65533 - len(jpeg.EXIF)
"""Bytes that one segment holds."""
_PROFILE_HEADER, _SIGNATURE_AT, _SIGNATURE = 128, 36, b"acsp"
_FAULTS = (
    SyntaxError, struct.error, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, OSError,
    RuntimeError, MemoryError,
)  # fmt: skip
"""What Pillow raises for damaged EXIF."""


@dataclass(frozen=True)
class Metadata:
    """EXIF and colour profile of a photograph.

    Parameters
    ----------
    orientation
        EXIF's, 1 to 8.
    grey
        The file has one channel, or one with alpha.
    profile
        ICC profile; empty for none.
    exif
        EXIF as a TIFF structure, orientation included; empty for none, and for TIFF files, see `shot_exif`.
    damaged
        What the file holds but is left out: ``EXIF``, ``rest of the EXIF``, ``colour profile``.
    """

    orientation: int = 1
    grey: bool = False
    profile: bytes = b""
    exif: bytes = b""
    damaged: tuple[str, ...] = ()


def read_metadata(path: Path) -> Metadata:
    """The metadata of a JPEG, PNG or TIFF file; what of it is damaged is named, and no reason to refuse the file.

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
    """EXIF that holds an orientation alone."""
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
    """The profile in an iCCP chunk: a name, a method, and what is compressed; empty if damaged or too large."""
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
    """EXIF as Pillow writes it again, and what of it was damaged; the orientation is kept in any case."""
    if stored is None:
        return b"", ()
    exif = Image.Exif()
    # Of a directory that is cut short, Pillow reads what is there and warns.
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
