"""Crop developed images."""

import numpy as np

from realdof.geometry.grid import Region
from realdof.raw.cameras import A7R_IV

RESIZE_FACTOR = 4
"""The paper reduces developed images to a quarter (supplement, section 1), so sides must be divisible by this."""


def crop(pixels: np.ndarray, recommended: Region | None = None) -> np.ndarray:
    """Crop an A7R IV's image to the paper's 9504x6344, others to their file's crop with sides divisible by 4.

    LibRaw returns 9568x6376 px of an A7R IV's ARW; the paper's size is the centre of it. A DNG may have all
    9600 columns; it is cropped at the same place of the sensor.

    Parameters
    ----------
    pixels
        (H, W, ...), any type, not yet turned upright.
    recommended
        The crop that the file gives (DNG's DefaultCrop, the camera's own image size); None for the whole image.

    Returns
    -------
    ndarray
        A view of ``pixels``.
    """
    height, width = pixels.shape[:2]
    return pixels[kept_region(height, width, recommended).slices]


def kept_region(height: int, width: int, recommended: Region | None = None) -> Region:
    """Return the region that ``crop`` keeps of an image of that size."""
    if height == A7R_IV.raw_height and width in (A7R_IV.visible_width, A7R_IV.raw_width):
        return A7R_IV.paper_crop
    whole = recommended or Region(0, 0, height, width)
    down, right = whole.height % RESIZE_FACTOR, whole.width % RESIZE_FACTOR
    return Region(whole.top + down // 2, whole.left + right // 2, whole.height - down, whole.width - right)


def half_of(kept: Region) -> Region:
    """Scale a region to an image of half the size, rounding odd starts down."""
    return Region(kept.top // 2, kept.left // 2, kept.height // 2, kept.width // 2)
