"""Blur the sharper of two photographs until both are equally sharp.

Alignment by correlation assumes that the photographs differ by brightness and noise alone. If one is blurrier, the
detail that it lacks acts as noise that does not average out: 0.03 px at the corners for Gaussians of 1 and 2 px,
0.17 px for 0.5 and 3 px (tests/performance/ecc_bias.py). Blurring the sharper one removes nearly all of this error.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from realdof.alignment.agreement import correlation
from realdof.alignment.detail import BAND_PASS_REACH, band_pass
from realdof.alignment.pyramid import LumaPair
from realdof.common.machine.opencv import cv2
from realdof.geometry.warp import warp

# Standard deviations tried, px; larger blur leaves no detail between noise and shading.
_SIGMAS = 0.35 * np.sqrt(2) ** np.arange(10)
# Each step narrows the interval to 62 %: six steps leave 6 % of it, less than 0.05 sigma.
_REFINEMENTS = 6


def equally_sharp(pair: LumaPair, homography: np.ndarray) -> LumaPair:
    """Blur the sharper of two nearly aligned photographs until it is as blurred as the other.

    Parameters
    ----------
    homography
        From the reference to the moving photograph.
    """
    grid = pair.grid
    view = warp(pair.moving, homography, grid, interpolation=cv2.INTER_LINEAR, outside=float("nan"))
    valid = np.isfinite(view)
    view[~valid] = 0
    # Near the border of the overlap, the zeros beyond it affect the filtered values.
    margin = 2 * BAND_PASS_REACH + 1
    valid = cv2.erode(valid.astype(np.uint8), np.ones((margin, margin), np.uint8), borderValue=0) > 0

    def match(signed: float) -> float:
        images = _blurred(pair.reference, signed), _blurred(view, -signed)
        return correlation(band_pass(images[0]), band_pass(images[1]), valid)

    signed = _best(match)
    return replace(pair, reference=_blurred(pair.reference, signed), moving=_blurred(pair.moving, -signed))


def _blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma) if sigma > 0.01 else image)


def _best(match: Callable[[float], float]) -> float:
    """Find the sigma of the best match; positive to blur the reference, negative to blur the moving photograph."""
    trials = [0.0, *_SIGMAS.tolist(), *(-_SIGMAS).tolist()]
    best = max(trials, key=match)
    if best == 0:
        return 0.0
    # Golden-section search between the neighbouring trials, which differ by a factor of the square root of two.
    low, high = best / np.sqrt(2), best * np.sqrt(2)
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(_REFINEMENTS):
        first, second = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, second) if match(first) > match(second) else (first, high)
    return float((low + high) / 2)
