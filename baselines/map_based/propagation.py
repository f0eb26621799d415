"""Spread values that are known at some pixels over the image, without crossing its edges."""

import numpy as np
from numpy.typing import NDArray

_STRENGTH = 900.0
_GUIDE_RANGE = 0.03
_PASSES = 3


def propagate(
    confidence: NDArray[np.float32], values: NDArray[np.float32], guide: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Fill an image from the pixels whose value is known, by fast global smoothing.

    The product of values and confidence and the confidence itself are smoothed, then divided.

    Parameters
    ----------
    confidence
        Weight of each value, float32 (H, W), at least 0 and somewhere above; 0 where nothing is known.
    values
        float32 (H, W); used where ``confidence`` is above 0.
    guide
        The image whose edges stop the spreading, float32 (H, W) in [0, 1].

    Returns
    -------
    ndarray
        float32 (H, W), between the smallest and the largest known value.

    References
    ----------
    Min, Choi, Lu, Ham, Sohn and Do, "Fast Global Image Smoothing Based on Weighted Least Squares", TIP 2014,
    Sections III and IV.B. Strength and range are that paper's for interpolation (sigma_c 8 of 255).
    """
    known = confidence > 0
    planes = np.stack([np.where(known, values, 0), np.ones_like(values)]).astype(np.float64) * confidence
    for k in range(1, _PASSES + 1):
        # Equation 12: later passes are weaker, and together they have the requested strength.
        strength = 1.5 * 4 ** (_PASSES - k) / (4**_PASSES - 1) * _STRENGTH
        planes = _smooth_columns(planes, strength * _affinity(guide))
        across = _smooth_columns(planes.transpose(0, 2, 1), strength * _affinity(guide.T))
        planes = across.transpose(0, 2, 1)
    filled = planes[0] / np.maximum(planes[1], np.finfo(np.float64).tiny)
    return np.clip(filled, values[known].min(), values[known].max()).astype(np.float32)


def _affinity(guide: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the similarity of each pixel to the one below it, float64 (H - 1, W) in (0, 1]."""
    return np.exp(-np.abs(np.diff(guide.astype(np.float64), axis=0)) / _GUIDE_RANGE)


def _smooth_columns(planes: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve ``u_i + sum_j w_ij (u_i - u_j) = f_i`` down every column, by elimination (Equation 8).

    Parameters
    ----------
    planes
        f, float64 (N, H, W).
    weight
        w between each row and the next, float64 (H - 1, W).
    """
    height = planes.shape[1]
    closed = np.zeros_like(weight[:1])
    diagonal = 1 + np.concatenate([closed, weight]) + np.concatenate([weight, closed])
    solved = np.ascontiguousarray(planes.transpose(1, 0, 2)).copy()
    upper = np.empty_like(weight)
    solved[0] /= diagonal[0]
    for row in range(1, height):
        upper[row - 1] = weight[row - 1] / diagonal[row - 1]
        diagonal[row] -= weight[row - 1] * upper[row - 1]
        solved[row] += weight[row - 1] * solved[row - 1]
        solved[row] /= diagonal[row]
    for row in range(height - 2, -1, -1):
        solved[row] += upper[row] * solved[row + 1]
    return solved.transpose(1, 0, 2)
