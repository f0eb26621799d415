"""Animate a flip between the two images of a pair: aligned parts stand still, defocused parts pulsate."""

import base64
from io import BytesIO

import numpy as np
from PIL import Image

from realdof.images.depth import to_eight_bits
from realdof.images.resize import area_resize

FLIP_WIDTH = 800
"""Largest width of the animation, px; wider images are reduced to it."""
PERIOD_MS = 700
"""Duration for which each image is shown, ms."""
_QUALITY = 80


def flip(first: np.ndarray, second: np.ndarray) -> str:
    """Return an endless animation of two images as the data URI of a WebP file.

    Parameters
    ----------
    first, second
        uint8 or uint16 (H, W, 3), of one size.

    Raises
    ------
    ValueError
        The images differ in size.
    """
    if first.shape != second.shape:
        raise ValueError(f"images of {first.shape} and {second.shape} are no pair")
    frames = [Image.fromarray(_reduced(pixels)) for pixels in (first, second)]
    file = BytesIO()
    # Key frames only: lossy frames based on earlier ones would carry the sharp image's edges into the blurred one.
    frames[0].save(
        file, "WEBP", save_all=True, append_images=frames[1:], duration=PERIOD_MS, loop=0, quality=_QUALITY, kmax=1
    )
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"


def _reduced(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    small = to_eight_bits(pixels)
    return small if width <= FLIP_WIDTH else area_resize(small, round(height * FLIP_WIDTH / width), FLIP_WIDTH)
