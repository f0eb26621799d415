"""How well two photographs agree under a homography: correlation coefficients of their luma and of its detail."""

import numpy as np

from realdof.alignment.detail import BAND_PASS_REACH, band_pass
from realdof.alignment.pyramid import LumaPair
from realdof.common.machine.opencv import cv2
from realdof.geometry.grid import Grid, change_grid
from realdof.geometry.warp import warp


def correlation(first: np.ndarray, second: np.ndarray, valid: np.ndarray) -> float:
    """Return the correlation coefficient over the valid pixels; 0 if there are too few or one image is flat."""
    if np.count_nonzero(valid) < 0.1 * valid.size:
        return 0.0
    a, b = (image[valid].astype(np.float64) for image in (first, second))
    a -= a.mean()
    b -= b.mean()
    return float((a @ b) / max(np.sqrt((a @ a) * (b @ b)), 1e-30))


def detail_correlation(coarse: LumaPair, homography: np.ndarray, full: Grid) -> float:
    """Return the correlation, -1 to 1, of an aligned pair's fine detail where the two images overlap."""
    grid = coarse.grid
    border = BAND_PASS_REACH
    first, second = band_pass(coarse.reference), band_pass(coarse.moving)
    second[:border] = second[-border:] = np.nan
    second[:, :border] = second[:, -border:] = np.nan
    moved = change_grid(homography, full, grid)
    view = warp(second, moved, grid, interpolation=cv2.INTER_LINEAR, outside=float("nan"))
    valid = np.isfinite(view)
    valid[:border] = valid[-border:] = False
    valid[:, :border] = valid[:, -border:] = False
    return correlation(first, view, valid)
