"""Turn a photograph upright, reduce it for the page, and make a safe file name for its result."""

import re
from pathlib import PurePath

import cv2
import numpy as np

from realdof.images.depth import to_eight_bits

PREVIEW_SIDE = 2400
"""Largest longer side of the pictures on the page, px."""
SMALLEST_SIDE = 64
"""Smallest side of an image that every method must accept, px."""
_LONGEST_NAME = 60


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn and mirror stored pixels, (H, W, 3), according to EXIF's orientation, 1 to 8."""
    turned = np.rot90(pixels, {3: 2, 4: 2, 5: 3, 6: 3, 7: 1, 8: 1}.get(orientation, 0))
    return np.ascontiguousarray(turned[:, ::-1] if orientation in (2, 4, 5, 7) else turned)


def preview(pixels: np.ndarray) -> np.ndarray:
    """Return an 8-bit image whose longer side is at most ``PREVIEW_SIDE`` px, reduced by area averaging."""
    height, width = pixels.shape[:2]
    scale = PREVIEW_SIDE / max(height, width)
    shown = to_eight_bits(pixels)
    if scale >= 1:
        return shown
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA))


def result_name(name: str) -> str:
    """Return the file name of a result: the photograph's name, with only letters, digits and ``. _ -`` kept."""
    stem = PurePath(name.replace("\\", "/")).stem
    kept = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip(".-")[:_LONGEST_NAME]
    return f"{kept or 'photograph'}-deblurred.png"
