"""Find, read and write the user's photographs; EXIF, colour profile and format are kept.

Pixels are not rotated; the orientation tag and the colour profile are copied to the result.
"""

import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import tifffile
from PIL import Image

from ifan.photographs.metadata import LARGEST_JPEG_EXIF, ORIENTATION, exif_with, read_metadata
from ifan.photographs.shot_exif import shot_exif, tiff_tags
from realdof.captures.folder import RAW_SUFFIXES
from realdof.common.errors import InputError
from realdof.common.files import atomic_path
from realdof.images.files import read_pixels
from realdof.raw.develop import develop, raw_orientation

_JPEG_SUFFIXES = (".jpg", ".jpeg", ".jfif")
_TIFF_SUFFIXES = (".tif", ".tiff")
IMAGE_SUFFIXES = frozenset({*_JPEG_SUFFIXES, *_TIFF_SUFFIXES, ".png"})
SUFFIXES = IMAGE_SUFFIXES | RAW_SUFFIXES
WEBP = ".webp"
WRITTEN_SUFFIXES = IMAGE_SUFFIXES | {WEBP}
_FOREIGN_SUFFIXES = frozenset({".avif", ".bmp", ".gif", ".heic", ".heif", ".jp2", ".jxl", ".exr", ".ppm"})
"""Suffixes of image formats that cannot be written; an output with any other unknown suffix is a folder."""
JPEG_QUALITY = WEBP_QUALITY = 95
LARGEST_WEBP = 16383
"""Largest side of a WebP, px."""
_PNG_HEADER_END = 33


@dataclass(frozen=True)
class Photograph:
    """A photograph's pixels and metadata.

    Parameters
    ----------
    pixels
        (H, W, 3) RGB, uint8 or uint16, as stored in the file, not rotated.
    grey
        Whether the file has one channel; the three channels of ``pixels`` are then equal.
    profile
        ICC profile; empty for none, which means sRGB.
    orientation
        EXIF orientation, 1 to 8: how to rotate and mirror the pixels for viewing.
    exif
        EXIF as a TIFF structure, including the orientation; empty for none.
    left_out
        Metadata of the file that cannot be kept: one sentence each.
    """

    pixels: np.ndarray
    grey: bool = False
    profile: bytes = b""
    orientation: int = 1
    exif: bytes = b""
    left_out: tuple[str, ...] = ()

    def for_file(self, path: Path) -> "Photograph":
        """Return the photograph with metadata that fits the file format: a JPEG holds at most 64 kB of EXIF."""
        if path.suffix.lower() not in _JPEG_SUFFIXES or len(self.exif) <= LARGEST_JPEG_EXIF:
            return self
        sentence = f"the EXIF has {len(self.exif) / 1e3:,.0f} kB, more than a JPEG holds; only the orientation is kept"
        kept = exif_with(self.orientation) if self.orientation != 1 else b""
        return replace(self, exif=kept, left_out=(*self.left_out, sentence))

    def with_pixels(self, pixels: np.ndarray) -> "Photograph":
        """Return the photograph with other pixels; writing a grey photograph averages its channels."""
        return replace(self, pixels=pixels)


def read_photograph(path: Path) -> Photograph:
    """Read a JPEG, PNG, TIFF or raw file.

    Raises
    ------
    InputError
        The file cannot be read, is CMYK, or has transparent pixels.
    """
    if path.suffix.lower() in RAW_SUFFIXES:
        orientation = raw_orientation(path)
        return Photograph(develop(path), orientation=orientation, exif=shot_exif(path, orientation))
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        raise InputError(f"{path} is no photograph by its name; give JPEG, PNG, TIFF or a camera's raw file")
    found = read_metadata(path)
    left_out = tuple(f"the {what} of {path.name} is damaged and left out" for what in found.damaged)
    exif = found.exif
    if not exif and path.suffix.lower() in _TIFF_SUFFIXES:
        exif = shot_exif(path, found.orientation)
    if not exif and found.orientation != 1:
        exif = exif_with(found.orientation)
    return Photograph(read_pixels(path), found.grey, found.profile, found.orientation, exif, left_out)


def write_photograph(path: Path, photograph: Photograph) -> None:
    """Write JPEG or WebP (8 bits, quality 95), PNG or TIFF by suffix, atomically, with orientation and profile.

    Raises
    ------
    InputError
        The suffix is unknown, the pixels have 16 bits for a JPEG or WebP, or the file cannot be written.
    """
    photograph = photograph.for_file(path)
    pixels, suffix = photograph.pixels, path.suffix.lower()
    check_output(path, pixels)
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
                extratags=[(ORIENTATION, 3, 1, photograph.orientation, True), *tiff_tags(photograph.exif)],
                metadata=None,
            )
        elif suffix == ".png":
            temporary.write_bytes(_png(photograph, pixels))
        else:
            temporary.write_bytes(_lossy(photograph, pixels, webp=suffix == WEBP))


def check_output(path: Path, pixels: np.ndarray) -> None:
    """Check, before anything is computed, that the format of this file name can hold such pixels.

    Raises
    ------
    InputError
        The suffix is unknown, the pixels have 16 bits for a JPEG or WebP, or a side is too long for a WebP.
    """
    suffix = path.suffix.lower()
    if suffix not in WRITTEN_SUFFIXES:
        raise InputError(f"cannot write {path}; use .png, .tiff, .jpg or .webp")
    lossy = "JPEG" if suffix in _JPEG_SUFFIXES else "WebP" if suffix == WEBP else None
    if lossy is not None and pixels.dtype.itemsize == 2:
        raise InputError(f"a {lossy} cannot hold the 16 bits of {path.stem}; use .png or .tiff")
    if lossy == "WebP" and max(pixels.shape[:2]) > LARGEST_WEBP:
        raise InputError(f"a WebP has at most {LARGEST_WEBP} px a side, {path.stem} more; use .png, .tiff or .jpg")


def _lossy(photograph: Photograph, pixels: np.ndarray, *, webp: bool) -> bytes:
    extras = {"exif": b"Exif\0\0" + photograph.exif} if photograph.exif else {}
    if photograph.profile:
        extras["icc_profile"] = photograph.profile
    # Encode into memory, because on a full disk Pillow leaves half a file without an error.
    content = io.BytesIO()
    if webp:
        Image.fromarray(pixels).save(content, "WEBP", quality=WEBP_QUALITY, **extras)
    else:
        Image.fromarray(pixels).save(content, "JPEG", quality=JPEG_QUALITY, subsampling=0, **extras)
    return content.getvalue()


def _png(photograph: Photograph, pixels: np.ndarray) -> bytes:
    stored = pixels if photograph.grey else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    content = cv2.imencode(".png", stored)[1].tobytes()
    extras = b""
    if photograph.profile:
        extras += _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(photograph.profile))
    if photograph.exif:
        extras += _chunk(b"eXIf", photograph.exif)
    # Both chunks belong between the header and the pixels.
    return content[:_PNG_HEADER_END] + extras + content[_PNG_HEADER_END:]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def plan_outputs(inputs: Sequence[Path], output: Path) -> dict[Path, Path]:
    """Choose the output file of each photograph.

    Parameters
    ----------
    inputs
        Files, and folders of photographs; subfolders are not searched.
    output
        A file for one photograph, otherwise a folder.

    Returns
    -------
    dict
        Output by photograph: the same name in the folder, ``.tiff`` for raw files.

    Raises
    ------
    InputError
        An input does not exist, a folder has no photographs, or two would be written to one file.
    """
    suffix = output.suffix.lower()
    if suffix in _FOREIGN_SUFFIXES and not output.is_dir():
        raise InputError(f"cannot write {output}; use .png, .tiff, .jpg or .webp, or give a folder")
    one_file = suffix in SUFFIXES | WRITTEN_SUFFIXES and not output.is_dir()
    found: list[Path] = []
    for path in inputs:
        found += _photographs_in(path) if path.is_dir() else [path]
    if len(found) == 1 and not inputs[0].is_dir() and one_file:
        return {found[0]: output}
    if one_file:
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
    # macOS, for example, puts hidden files with the pictures' names beside them.
    found = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
    if not found:
        raise InputError(f"{folder} holds no photographs; JPEG, PNG, TIFF and raw files are looked for")
    return found


def refuse_existing(path: Path, overwrite: bool) -> None:
    """Raise `InputError` if ``path`` exists and may not be replaced."""
    if path.exists() and not overwrite:
        raise InputError(f"{path} exists; give --overwrite to replace it, --skip-existing to leave it, or another name")
