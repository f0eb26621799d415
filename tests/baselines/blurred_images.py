"""Images whose blur is known at every pixel."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def dead_leaves(seed: int, side: int = 256) -> Floats:
    """Random coloured ellipses and polygons over each other, sharp to the pixel, float32 (side, side, 3).

    The model of photographs in which every edge's sharpness is known (Lee, Mumford and Huang, IJCV 2001).
    """
    rng = np.random.default_rng(seed)
    fine = side * 4
    image = np.full((fine, fine, 3), 0.5, np.float32)
    for _ in range(150):
        radius = 4 * np.exp(rng.uniform(np.log(10), np.log(70)))
        centre = tuple(int(place) for place in rng.integers(0, fine, 2))
        axes = (int(radius), int(radius * rng.uniform(0.4, 1)))
        corners = cv2.ellipse2Poly(centre, axes, int(rng.integers(180)), 0, 360, int(rng.choice([5, 60, 90, 120])))
        cv2.fillPoly(image, [corners], [float(value) for value in rng.random(3)])
    return cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)


def defocused(sharp: Floats, sigma: NDArray[np.float64] | float) -> Floats:
    """Blur by a Gaussian of each pixel's sigma, interpolated between 29 of them, and round to 8 bits."""
    wanted = np.broadcast_to(np.asarray(sigma, np.float64), sharp.shape[:2])
    levels = np.unique(np.linspace(wanted.min(), wanted.max(), 29))
    step = max(levels[-1] - levels[0], 1e-9) / 28
    result = np.zeros_like(sharp)
    for level in levels:
        share = np.clip(1 - np.abs(wanted - level) / step, 0, 1)[..., None].astype(np.float32)
        result += share * cv2.GaussianBlur(sharp, (0, 0), level, borderType=cv2.BORDER_REFLECT)
    return np.round(result.clip(0, 1) * 255).astype(np.float32) / np.float32(255)
