"""Develop raw files, ARW and every other format that LibRaw opens, to 16-bit sRGB or linear light.

The paper developed them in Adobe Lightroom (supplement, section 1); developed TIFF and PNG files are read unchanged.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import rawpy

from realdof.common.errors import InputError
from realdof.images.colour import camera_from_srgb, light_of_codes
from realdof.images.files import read_pixels
from realdof.images.headers import read_header
from realdof.raw.crop import RESIZE_FACTOR, crop, half_of, kept_region
from realdof.raw.developed import Demosaicing, Developed
from realdof.raw.half_size import BLUE, GREEN, RED, SITES, Mosaic, develop_half_size
from realdof.raw.libraw import opened, orientation_of, recommended_crop
from realdof.raw.orientation import upright, upright_size

Multipliers = tuple[float, float, float, float]
"""White balance: factors of red, green, blue and the second green (0: the same as green)."""

DEVELOPED_SUFFIXES = frozenset({".tif", ".tiff", ".png"})
"""Suffixes of files that are already developed."""

# LibRaw's threshold for whether the file contains a matrix.
_SMALLEST_OWN = 0.125
_COLOURS = (RED, GREEN, BLUE, GREEN)
"""The colours by LibRaw's numbers."""

T = TypeVar("T")

# Power and slope of the sRGB curve; LibRaw's default is the curve of BT.709.
_SRGB_CURVE = (2.4, 12.92)
_LINEAR = (1.0, 1.0)


def develop(path: Path, white_balance: Multipliers | None = None, *, linear: bool = False) -> np.ndarray:
    """Develop a raw file by AHD demosaicing, or read an already developed TIFF or PNG.

    The result is the whole image on the sensor's own grid, neither cropped nor turned; see ``develop_cropped``.

    Parameters
    ----------
    path
        A raw file, or a TIFF or PNG in sRGB.
    white_balance
        Multipliers shared by both cameras of a scene: ``camera_multipliers`` of one reference shot, or fixed
        ones. None for the white balance that the file's own camera chose.
    linear
        Return linear light with sRGB primaries instead of sRGB.

    Returns
    -------
    ndarray
        (H, W, 3), RGB, uint16: 65535 is the sensor's full range in its least amplified channel. The values of 8-bit
        files are multiplied by 257.

    Raises
    ------
    InputError
        The file is missing, empty or truncated, or cannot be developed; it contains no white balance and none is
        given; or a white balance is given for an already developed file.
    """
    if path.suffix.lower() in DEVELOPED_SUFFIXES:
        return _already_developed(path, white_balance, linear)
    with opened(path) as raw:
        return _by_ahd(path, raw, white_balance, linear)


def develop_cropped(path: Path, white_balance: Multipliers | None = None, *, linear: bool = False) -> Developed:
    """Develop as ``develop`` does, crop to what the file's crop and ``crop`` keep, and turn the image upright.

    Raises
    ------
    InputError
        As ``develop``.
    """
    if path.suffix.lower() in DEVELOPED_SUFFIXES:
        return Developed(crop(_already_developed(path, white_balance, linear)), RESIZE_FACTOR, "someone else")
    with opened(path) as raw:
        # LibRaw loses the file's orientation when it develops without turning.
        orientation, recommended = orientation_of(raw), recommended_crop(raw)
        kept = crop(_by_ahd(path, raw, white_balance, linear), recommended)
        return Developed(upright(kept, orientation), RESIZE_FACTOR, "ahd")


def develop_half(path: Path, white_balance: Multipliers | None = None) -> Developed:
    """Develop to half the size, cropped and turned as in ``develop_cropped``, in a tenth of AHD's time.

    Files that are not Bayer raws, and raws for which LibRaw has no colour matrix, are developed in full and averaged
    over areas of 2x2 px.

    Raises
    ------
    InputError
        As ``develop``.
    """
    if path.suffix.lower() not in DEVELOPED_SUFFIXES:
        with opened(path) as raw:
            if white_balance is None and raw.num_colors > 1:
                _camera_balance(path, raw)
            found = _mosaic(raw, white_balance, is_dng=path.suffix.lower() == ".dng")
            if found is not None:
                half = develop_half_size(*found)
                kept = half_of(kept_region(raw.sizes.height, raw.sizes.width, recommended_crop(raw)))
                return Developed(upright(half[kept.slices], orientation_of(raw)), RESIZE_FACTOR // 2, "half-size")
    return develop_cropped(path, white_balance).reduced(RESIZE_FACTOR // 2)


def develop_shot(path: Path, white_balance: Multipliers | None, demosaicing: Demosaicing) -> Developed:
    """Develop, crop and turn upright a shot of a scene; raises like ``develop``."""
    return develop_half(path, white_balance) if demosaicing == "half-size" else develop_cropped(path, white_balance)


def raw_orientation(path: Path) -> int:
    """Return the EXIF orientation of a raw file, 1 to 8; raises like ``develop``."""
    with opened(path) as raw:
        return orientation_of(raw)


def camera_multipliers(path: Path) -> Multipliers:
    """Return the white balance that the camera chose for a raw file, scaled to green = 1.

    Raises
    ------
    InputError
        The file cannot be opened, is already developed, or contains no white balance.
    """
    if path.suffix.lower() in DEVELOPED_SUFFIXES:
        raise InputError(f"{path} is already developed and names no white balance; give a raw file or multipliers")
    with opened(path) as raw:
        red, green, blue, second_green = _camera_balance(path, raw)
    return red / green, 1.0, blue / green, second_green / green


def image_size(path: Path) -> tuple[int, int]:
    """Return the height and width of the whole image turned upright, px, from the file's header alone.

    Raises
    ------
    InputError
        The file is missing, empty or truncated, or cannot be developed.
    """
    if path.suffix.lower() in DEVELOPED_SUFFIXES:
        header = read_header(path)
        return header.height, header.width
    with opened(path) as raw:
        return upright_size(raw.sizes.height, raw.sizes.width, orientation_of(raw))


def _by_ahd(path: Path, raw: rawpy.RawPy, white_balance: Multipliers | None, linear: bool) -> np.ndarray:
    if white_balance is None and raw.num_colors > 1:
        _camera_balance(path, raw)
    pixels: np.ndarray = raw.postprocess(
        use_camera_wb=white_balance is None,
        user_wb=None if white_balance is None else list(white_balance),
        gamma=_LINEAR if linear else _SRGB_CURVE,
        output_bps=16,
        no_auto_bright=True,
        # With a positive value, LibRaw would scale the brightness by each image's own maximum.
        adjust_maximum_thr=0.0,
        user_flip=0,
    )
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise InputError(f"{path} is a raw file without colours; give one of a camera with a colour filter")
    return pixels


def _camera_balance(path: Path, raw: rawpy.RawPy) -> Multipliers:
    """Return the white balance that the camera chose; without one LibRaw would silently use its own daylight."""
    red, green, blue, second_green = raw.camera_whitebalance
    if not min(red, green, blue) > 0:
        raise InputError(f"{path} names no white balance of its camera; give multipliers, such as 2.35,1,1.62")
    return red, green, blue, second_green


def _mosaic(raw: rawpy.RawPy, white_balance: Multipliers | None, *, is_dng: bool) -> tuple[Mosaic, Multipliers] | None:
    """Return a Bayer raw's mosaic and its sites' white balance; None for other raws and unknown colours."""
    pattern = raw.raw_pattern
    is_bayer = raw.raw_type == rawpy.RawType.Flat and raw.num_colors == 3 and raw.color_desc == b"RGBG"
    if not is_bayer or pattern is None or pattern.shape != (2, 2) or sorted(pattern.ravel()) != [0, 1, 2, 3]:
        return None
    balance = raw.camera_whitebalance if white_balance is None else white_balance
    matrix = _colours_of(raw, is_trusted=is_dng or white_balance is None)
    shifted = raw.sizes.top_margin % 2 or raw.sizes.left_margin % 2
    if shifted or matrix is None or not min(balance[:3]) > 0:
        return None
    levels = raw.raw_image_visible
    sites = [int(pattern[site]) for site in SITES]
    multipliers = (*balance[:3], balance[3] or balance[1])
    mosaic = Mosaic(
        pixels=levels[: levels.shape[0] // 2 * 2, : levels.shape[1] // 2 * 2],
        colours=_of_sites(_COLOURS, sites),
        black=_of_sites(raw.black_level_per_channel, sites),
        white=float(raw.white_level),
        srgb_from_camera=matrix,
    )
    return mosaic, _of_sites(multipliers, sites)


def _colours_of(raw: rawpy.RawPy, *, is_trusted: bool) -> np.ndarray | None:
    """Return LibRaw's matrix from camera colours to linear sRGB: the file's own if trusted, else the model's."""
    own, of_model = np.array(raw.color_matrix[:, :3], np.float64), np.array(raw.rgb_xyz_matrix[:3], np.float64)
    if is_trusted and own[0, 0] > _SMALLEST_OWN:
        return own
    return np.linalg.inv(camera_from_srgb(of_model)) if of_model.any(axis=1).all() else None


def _of_sites(values: Sequence[T], sites: Sequence[int]) -> tuple[T, T, T, T]:
    """Reorder values of red, green, blue and second green to the order of the mosaic's planes."""
    first, second, third, fourth = (values[site] for site in sites)
    return first, second, third, fourth


def _already_developed(path: Path, white_balance: Multipliers | None, linear: bool) -> np.ndarray:
    if white_balance is not None:
        raise InputError(f"{path} is already developed; its white balance can only stay as it is (camera)")
    pixels = read_pixels(path)
    if pixels.dtype == np.uint8:
        pixels = pixels.astype(np.uint16) * 257
    if not linear:
        return pixels
    return light_of_codes(65536)[pixels]
