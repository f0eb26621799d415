"""Fill in the surface hidden behind an edge from its visible farther side."""

from dataclasses import dataclass
from math import ceil, log2

import numpy as np

from realdof.common.machine.opencv import cv2

# A larger difference of blur radius between neighbours, px, is the edge of a surface; a smaller one is a slope.
_STEP = 0.25
# Weight e^(4 r) of a radius r: a surface nearer by one pixel of radius has a weight of 2 % in the fill.
_SHARPNESS = 4.0
# Largest range of exponents of the weights in float64, with room for their sums.
_LARGEST_EXPONENT = 600.0


@dataclass(frozen=True)
class HiddenSurface:
    """A second surface behind the visible one.

    Parameters
    ----------
    linear
        Colour in linear light, float32 (H, W, 3).
    radii
        Signed blur radius, px, float32 (H, W), nowhere nearer than the visible surface.
    coverage
        float32 (H, W) in [0, 1]: zero where no farther surface is near enough to be seen around an edge.
    """

    linear: np.ndarray
    radii: np.ndarray
    coverage: np.ndarray


def hidden_surface(linear: np.ndarray, radii: np.ndarray) -> HiddenSurface:
    """Continue farther surfaces behind nearer ones, as far as they are visible through blurred edges.

    Each level of a pyramid holds means that are weighted towards the farthest content. A pixel uses the finest
    level that holds content farther than the pixel itself.

    Parameters
    ----------
    linear
        Colour in linear light, float32 (H, W, 3).
    radii
        Signed blur radius, px, float32 (H, W).
    """
    edges = (cv2.dilate(radii, np.ones((3, 3), np.uint8)) - radii > _STEP).astype(np.uint8)
    if not edges.any():
        return HiddenSurface(linear, radii, np.zeros_like(radii))
    size = radii.shape[1], radii.shape[0]
    # The farther surface is seen through a blurred edge and is itself blurred, so the reach is doubled.
    reach = 2 * ceil(max(float(np.abs(radii).max()), 1.0))
    span = float(np.ptp(radii))
    weights = np.exp(min(_SHARPNESS, _LARGEST_EXPONENT / span) * (radii - radii.max()).astype(np.float64))
    level = np.dstack([weights[..., None] * linear, weights * radii, weights])
    levels = []
    for _ in range(min(ceil(log2(reach)), int(log2(min(size))))):
        level = cv2.pyrDown(level)
        levels.append(level)
    colour, depth = linear, radii
    coverage = np.zeros_like(radii)
    for level in reversed(levels):
        sums = cv2.resize(level, size, interpolation=cv2.INTER_LINEAR)
        means = (sums[..., :4] / sums[..., 4:]).astype(np.float32)
        farther = np.clip((means[..., 3] - radii) / (2 * _STEP) - 0.5, 0, 1)
        colour = colour + farther[..., None] * (means[..., :3] - colour)
        depth = depth + farther * (means[..., 3] - depth)
        coverage = np.maximum(coverage, farther)
    # A slope far from all edges also has farther content near it, but hides none.
    near_edge = cv2.dilate(edges, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    return HiddenSurface(colour, depth, coverage * near_edge)
