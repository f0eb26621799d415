"""A photograph turned upright, reduced for the page, and a safe name for its result."""

import re
from pathlib import PurePath

import cv2
import numpy as np

from realdof.images.depth import to_eight_bits

PREVIEW_SIDE = 2400
"""px: the longer side of the pictures that the page shows at most."""
SMALLEST_SIDE = 64
"""px: what methods are promised at least."""
_LONGEST_NAME = 60


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn and mirror stored pixels, (H, W, 3), as EXIF's orientation, 1 to 8, says."""
    turned = np.rot90(pixels, {3: 2, 4: 2, 5: 3, 6: 3, 7: 1, 8: 1}.get(orientation, 0))
    return np.ascontiguousarray(turned[:, ::-1] if orientation in (2, 4, 5, 7) else turned)


def preview(pixels: np.ndarray) -> np.ndarray:
    """An image of 8 bits whose longer side is at most ``PREVIEW_SIDE`` px, by area means."""
    height, width = pixels.shape[:2]
    scale = PREVIEW_SIDE / max(height, width)
    shown = to_eight_bits(pixels)
    if scale >= 1:
        return shown
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA))


def result_name(name: str) -> str:
    """The name of a photograph's result: letters, digits, points, dashes and underlines of its own name."""
    stem = PurePath(name.replace("\\", "/")).stem
    kept = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip(".-")[:_LONGEST_NAME]
    return f"{kept or 'photograph'}-deblurred.png"
