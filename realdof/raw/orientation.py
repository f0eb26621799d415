"""The eight EXIF orientations: convert them from LibRaw's flips, and turn images upright."""

import numpy as np

# LibRaw's flip has one bit each for mirroring left and right (1), top and bottom (2) and swapping rows and columns (4).
ORIENTATION_OF_FLIP = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}
"""EXIF orientation, 1 to 8, by LibRaw's ``flip``."""


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn and mirror an image upright according to its orientation.

    Parameters
    ----------
    pixels
        (H, W, ...), any type.
    orientation
        EXIF orientation, 1 to 8; 1 leaves the image unchanged.

    Returns
    -------
    ndarray
        (H, W, ...), or (W, H, ...) for orientations 5 to 8; a view if the orientation is 1, else contiguous.
    """
    if orientation == 1:
        return pixels
    turned = np.swapaxes(pixels, 0, 1) if orientation >= 5 else pixels
    # After the swap, orientation 5 is done; 6 needs left and right exchanged, 8 top and bottom, 7 both.
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1]
    return np.ascontiguousarray(turned)


def upright_size(height: int, width: int, orientation: int) -> tuple[int, int]:
    """Return the height and width of the result of ``upright``."""
    return (width, height) if orientation >= 5 else (height, width)
