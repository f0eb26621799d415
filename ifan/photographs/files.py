"""A user's own photographs: read with what must not get lost, found in folders, written back in kind.

Pixels stay in the file's own grid; the orientation tag and the colour profile travel with them.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import tifffile
from PIL import Image, UnidentifiedImageError

from realdof.captures.folder import RAW_SUFFIXES
from realdof.common.errors import InputError
from realdof.common.files import atomic_path
from realdof.images.files import read_pixels
from realdof.raw.develop import develop, raw_orientation

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff"})
SUFFIXES = IMAGE_SUFFIXES | RAW_SUFFIXES
JPEG_QUALITY = 95
_TIFF_SUFFIXES = (".tif", ".tiff")
_ORIENTATION, _PROFILE = 274, 34675
_PNG_HEADER_END = 33


@dataclass(frozen=True)
class Photograph:
    """Pixels and what belongs to them.

    Parameters
    ----------
    pixels
        (H, W, 3) RGB, uint8 or uint16, in the file's own grid.
    grey
        The file has one channel; all three are equal.
    profile
        ICC profile, empty for none (sRGB is meant).
    orientation
        EXIF orientation, 1 to 8: how the grid is to be turned for viewing.
    exif
        EXIF as a TIFF structure, orientation included; empty for none.
    """

    pixels: np.ndarray
    grey: bool = False
    profile: bytes = b""
    orientation: int = 1
    exif: bytes = b""

    def with_pixels(self, pixels: np.ndarray) -> "Photograph":
        """The same photograph with other pixels, which of a grey one are averaged to stay grey."""
        return replace(self, pixels=pixels)


def read_photograph(path: Path) -> Photograph:
    """Read a JPEG, PNG, TIFF or raw file.

    Raises
    ------
    InputError
        The file cannot be read, is CMYK, or has transparent pixels.
    """
    if path.suffix.lower() in RAW_SUFFIXES:
        return _with_exif(Photograph(develop(path), orientation=raw_orientation(path)))
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        raise InputError(f"{path} is no photograph by its name; give JPEG, PNG, TIFF or a camera's raw file")
    pixels = read_pixels(path)
    if path.suffix.lower() in _TIFF_SUFFIXES:
        return _with_exif(_tiff_photograph(path, pixels))
    try:
        with warnings.catch_warnings():
            # Pillow only reads the header here; the pixels were decoded without it.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                mode, profile, exif = image.mode, image.info.get("icc_profile", b""), image.getexif()
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise InputError(f"{path} cannot be read ({error}); save it again as PNG or TIFF") from error
    if mode in ("CMYK", "YCCK"):
        raise InputError(f"{path} is in CMYK, for printing; convert it to RGB")
    orientation = exif.get(_ORIENTATION, 1)
    grey = mode in ("L", "LA", "1") or mode.startswith("I")
    bare = exif.tobytes().removeprefix(b"Exif\0\0") if len(exif) else b""
    return Photograph(pixels, grey, profile or b"", orientation if orientation in range(1, 9) else 1, bare)


def _tiff_photograph(path: Path, pixels: np.ndarray) -> Photograph:
    with tifffile.TiffFile(path) as file:
        tags = file.pages.first.tags
        orientation = tags.valueof(_ORIENTATION, 1)
        profile = tags.valueof(_PROFILE, b"")
        grey = tags.valueof("SamplesPerPixel", 1) == 1 and tags.valueof("PhotometricInterpretation") != 3
    return Photograph(pixels, grey, bytes(profile), int(orientation) if int(orientation) in range(1, 9) else 1)


def _with_exif(photograph: Photograph) -> Photograph:
    """The orientation as EXIF, for files whose own EXIF is not carried over."""
    if photograph.orientation == 1:
        return photograph
    exif = Image.Exif()
    exif[_ORIENTATION] = photograph.orientation
    return replace(photograph, exif=exif.tobytes().removeprefix(b"Exif\0\0"))


def write_photograph(path: Path, photograph: Photograph) -> None:
    """Write JPEG (8 bits, quality 95), PNG or TIFF by suffix, atomically, with orientation and profile.

    Raises
    ------
    InputError
        The suffix names none of them, 16 bits are asked of a JPEG, or the file cannot be written.
    """
    pixels, suffix = photograph.pixels, path.suffix.lower()
    check_output(path, 8 * pixels.dtype.itemsize)
    if photograph.grey:
        pixels = np.rint(pixels.mean(axis=2)).astype(pixels.dtype)
    with atomic_path(path) as temporary:
        if suffix in _TIFF_SUFFIXES:
            tifffile.imwrite(
                temporary,
                pixels,
                photometric="minisblack" if photograph.grey else "rgb",
                compression="zlib",
                predictor=True,
                iccprofile=photograph.profile or None,
                extratags=[(_ORIENTATION, 3, 1, photograph.orientation, True)],
                metadata=None,
            )
        elif suffix == ".png":
            temporary.write_bytes(_png(photograph, pixels))
        else:
            extras = {"exif": b"Exif\0\0" + photograph.exif} if photograph.exif else {}
            if photograph.profile:
                extras["icc_profile"] = photograph.profile
            # Into memory: on a disk that fills up Pillow's own writing leaves half a file and says nothing.
            content = io.BytesIO()
            Image.fromarray(pixels).save(content, "JPEG", quality=JPEG_QUALITY, subsampling=0, **extras)
            temporary.write_bytes(content.getvalue())


def check_output(path: Path, bits: int) -> None:
    """Refuse a name that no format of these bits goes by, before anything is computed.

    Raises
    ------
    InputError
        The suffix is unknown, or a JPEG would have to hold 16 bits.
    """
    suffix = path.suffix.lower()
    if suffix not in IMAGE_SUFFIXES:
        raise InputError(f"cannot write {path}; use .png, .tiff or .jpg")
    if suffix in (".jpg", ".jpeg") and bits == 16:
        raise InputError(f"a JPEG cannot hold the 16 bits of {path.stem}; use .png or .tiff")


def _png(photograph: Photograph, pixels: np.ndarray) -> bytes:
    stored = pixels if photograph.grey else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    content = cv2.imencode(".png", stored)[1].tobytes()
    extras = b""
    if photograph.profile:
        extras += _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(photograph.profile))
    if photograph.exif:
        extras += _chunk(b"eXIf", photograph.exif)
    # Both belong between the header and the pixels.
    return content[:_PNG_HEADER_END] + extras + content[_PNG_HEADER_END:]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def plan_outputs(inputs: Sequence[Path], output: Path) -> dict[Path, Path]:
    """Which file each photograph is written to.

    Parameters
    ----------
    inputs
        Files, and folders whose photographs are taken, not those of their folders.
    output
        A file for one photograph, else a folder.

    Returns
    -------
    dict
        Output by photograph: the same name in the folder, ``.tiff`` for raw files.

    Raises
    ------
    InputError
        An input does not exist, a folder has no photographs, or two would be written to one file.
    """
    found: list[Path] = []
    for path in inputs:
        found += _photographs_in(path) if path.is_dir() else [path]
    if len(found) == 1 and not inputs[0].is_dir() and output.suffix.lower() in SUFFIXES and not output.is_dir():
        return {found[0]: output}
    if output.suffix.lower() in SUFFIXES:
        raise InputError(f"{output} is the name of one file, and there are {len(found)} photographs; give a folder")
    plan: dict[Path, Path] = {}
    for path in found:
        raw = path.suffix.lower() in RAW_SUFFIXES
        target = output / (f"{path.stem}.tiff" if raw else path.name)
        if target in plan.values():
            raise InputError(f"two photographs would be written to {target}; deblur them into different folders")
        if target.resolve() == path.resolve():
            raise InputError(f"{path} would be replaced by its own result; give another folder")
        plan[path] = target
    return plan


def _photographs_in(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in SUFFIXES)
    if not found:
        raise InputError(f"{folder} holds no photographs; JPEG, PNG, TIFF and raw files are looked for")
    return found


def refuse_existing(path: Path, overwrite: bool) -> None:
    """Raise `InputError` if ``path`` exists and may not be replaced."""
    if path.exists() and not overwrite:
        raise InputError(f"{path} exists; give --overwrite to replace it, or another name")
