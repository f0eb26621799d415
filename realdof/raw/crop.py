"""Which part of a developed image is kept."""

import numpy as np

from realdof.geometry.grid import Region
from realdof.raw.cameras import A7R_IV

RESIZE_FACTOR = 4
"""The paper reduces developed images to a quarter (supplement, section 1), so sides must divide by it."""


def crop(pixels: np.ndarray, recommended: Region | None = None) -> np.ndarray:
    """Cut an A7R IV's image to the paper's 9504x6344, any other to what its file recommends and sides divisible by 4.

    LibRaw shows 9568x6376 of an A7R IV's ARW, of which the paper's size is the centre. A DNG may show all
    9600 columns; it is cut at the same place of the sensor.

    Parameters
    ----------
    pixels
        (H, W, ...), any type, not turned upright yet.
    recommended
        The crop that the file names (DNG's DefaultCrop, the camera's own image size); None for the whole image.

    Returns
    -------
    ndarray
        A view of ``pixels``.
    """
    height, width = pixels.shape[:2]
    return pixels[kept_region(height, width, recommended).slices]


def kept_region(height: int, width: int, recommended: Region | None = None) -> Region:
    """What ``crop`` keeps of an image of that size."""
    if height == A7R_IV.raw_height and width in (A7R_IV.visible_width, A7R_IV.raw_width):
        return A7R_IV.paper_crop
    whole = recommended or Region(0, 0, height, width)
    down, right = whole.height % RESIZE_FACTOR, whole.width % RESIZE_FACTOR
    return Region(whole.top + down // 2, whole.left + right // 2, whole.height - down, whole.width - right)


def half_of(kept: Region) -> Region:
    """Scale a region to an image of half the size; an odd start is rounded down."""
    return Region(kept.top // 2, kept.left // 2, kept.height // 2, kept.width // 2)
