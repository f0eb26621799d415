"""Shrink images by area averaging."""

import numpy as np

from realdof.common.machine.opencv import cv2


def area_resize(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Shrink by area averaging: each new pixel is the mean over its area (half-pixel centres).

    Parameters
    ----------
    pixels
        (H, W) or (H, W, C), uint8, uint16, float32 or float64, at least ``height`` x ``width``.

    Returns
    -------
    ndarray
        ``height`` x ``width``, same type; integers are rounded to the nearest value.

    Raises
    ------
    ValueError
        The result would be larger than ``pixels``: area averaging only shrinks.
    """
    if height > pixels.shape[0] or width > pixels.shape[1]:
        raise ValueError(f"area_resize only shrinks: {pixels.shape[:2]} to {(height, width)} was asked")
    resized: np.ndarray = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    # OpenCV drops a last axis of length one.
    return resized.reshape(height, width, *pixels.shape[2:])
