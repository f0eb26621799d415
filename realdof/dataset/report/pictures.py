"""Pictures of the report page, as data URIs: thumbnails, a detail, and maps in colour."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from realdof.common.machine.opencv import cv2
from realdof.images.depth import to_eight_bits
from realdof.images.resize import area_resize

THUMBNAIL_WIDTH = 480
DETAIL = (320, 480)
"""Height and width of the detail shown at full resolution, px."""
_WEBP_QUALITY = 82


@dataclass(frozen=True)
class Corner:
    """The position of the detail's top left corner in the image, px."""

    top: int
    left: int


@dataclass(frozen=True)
class ColourMap:
    """A map in colour, and the values at the ends of its colour scale."""

    picture: str
    lowest: float
    highest: float


def thumbnail(pixels: np.ndarray) -> str:
    """Return a thumbnail of an image (H, W, 3) of 8 or 16 bits."""
    height, width = pixels.shape[:2]
    if width <= THUMBNAIL_WIDTH:
        return data_uri(to_eight_bits(pixels), ".webp")
    return data_uri(
        area_resize(to_eight_bits(pixels), round(height * THUMBNAIL_WIDTH / width), THUMBNAIL_WIDTH), ".webp"
    )


def detail_corner(pixels: np.ndarray, size: tuple[int, int] = DETAIL) -> Corner:
    """Find the window of an image (H, W, 3) with the most detail, where a misalignment is easiest to see.

    Parameters
    ----------
    size
        Height and width of the window, px; limited to the size of the image.
    """
    grey = cv2.cvtColor(to_eight_bits(pixels), cv2.COLOR_RGB2GRAY).astype(np.float32)
    strength = cv2.Sobel(grey, cv2.CV_32F, 1, 0) ** 2 + cv2.Sobel(grey, cv2.CV_32F, 0, 1) ** 2
    # The root keeps one strong edge from outweighing a whole region of texture.
    strength = np.sqrt(strength)
    height, width = (min(side, limit) for side, limit in zip(grey.shape, size, strict=True))
    sums = cv2.integral(strength)
    windows = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    top, left = np.unravel_index(int(windows.argmax()), windows.shape)
    return Corner(int(top), int(left))


def detail(pixels: np.ndarray, corner: Corner) -> str:
    """Return the detail at a corner at full resolution."""
    height, width = DETAIL
    part = to_eight_bits(pixels)[corner.top : corner.top + height, corner.left : corner.left + width]
    return data_uri(np.ascontiguousarray(part), ".webp")


def colour_map(rows: Sequence[Sequence[float | None]], *, signed: bool) -> ColourMap | None:
    """Colour a map, unknown values in grey: blue to red around zero if ``signed``, else viridis from zero."""
    values = np.array([[np.nan if value is None else value for value in row] for row in rows], dtype=np.float64)
    if values.size == 0 or np.isnan(values).all():
        return None
    highest = float(max(np.nanpercentile(np.abs(values), 99), 1e-6))
    lowest = -highest if signed else 0.0
    share = np.clip((np.nan_to_num(values) - lowest) / (highest - lowest), 0, 1)
    levels = np.round(255 * share).astype(np.uint8)
    coloured = _blue_white_red(levels) if signed else viridis(levels)
    coloured[np.isnan(values)] = 128
    return ColourMap(data_uri(coloured, ".png"), lowest, highest)


def viridis(levels: np.ndarray) -> np.ndarray:
    """Colour levels, uint8 (H, W), with viridis: uint8 (H, W, 3)."""
    return cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB)


def _blue_white_red(levels: np.ndarray) -> np.ndarray:
    share = levels[..., None] / 127.5 - 1
    below, above = np.array([33, 102, 172]), np.array([178, 24, 43])
    end = np.where(share < 0, below, above)
    return np.round(255 + (end - 255) * np.abs(share)).astype(np.uint8)


def data_uri(pixels: np.ndarray, suffix: str) -> str:
    """Encode an image, uint8 (H, W, 3), as the data URI of a ``.webp`` or ``.png`` file."""
    options = [cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY] if suffix == ".webp" else []
    encoded = cv2.imencode(suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)[1]
    return f"data:image/{suffix[1:]};base64,{base64.b64encode(encoded.tobytes()).decode()}"
