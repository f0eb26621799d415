"""How a camera was held: the eight orientations of EXIF, from LibRaw's flips, and turning an image upright."""

import numpy as np

# LibRaw's flip has one bit each for mirroring left and right (1), top and bottom (2) and swapping rows and columns (4).
ORIENTATION_OF_FLIP = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}
"""EXIF's orientation, 1 to 8, by LibRaw's ``flip``."""


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn and mirror an image as its orientation asks.

    Parameters
    ----------
    pixels
        (H, W, ...), any type.
    orientation
        EXIF's, 1 to 8; 1 leaves the image as it is.

    Returns
    -------
    ndarray
        (H, W, ...), or (W, H, ...) from orientation 5 on; a view if the orientation is 1, else contiguous.
    """
    if orientation == 1:
        return pixels
    turned = np.swapaxes(pixels, 0, 1) if orientation >= 5 else pixels
    # After the swap, orientation 5 needs nothing; 6 left and right exchanged, 8 top and bottom, 7 both.
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1]
    return np.ascontiguousarray(turned)


def upright_size(height: int, width: int, orientation: int) -> tuple[int, int]:
    """Height and width of ``upright``'s result."""
    return (width, height) if orientation >= 5 else (height, width)
