"""Develop a Bayer mosaic directly to half its size, for images that are reduced anyway.

A reduced image keeps little of the detail for which an adaptive demosaicing such as AHD takes its time. Here the
gradient-corrected linear interpolation of Malvar, He and Cutler (ICASSP 2004) is followed by the mean over areas of
2x2 px. Both are linear, so together with the colour matrix they form one filter of 3x3 taps on each of the mosaic's
four planes. The filter is symmetric about the area's centre, so it displaces nothing.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from realdof.common.machine.opencv import cv2
from realdof.images.colour import srgb_codes

RED, GREEN, BLUE = 0, 1, 2
SITES = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Row and column of the mosaic's four planes within each 2x2 px."""

_CROSS = ((-1, 0), (1, 0), (0, -1), (0, 1))
_DIAGONAL = ((-1, -1), (-1, 1), (1, -1), (1, 1))
_FAR_CROSS = ((-2, 0), (2, 0), (0, -2), (0, 2))
_IN_ROW, _IN_COLUMN = ((0, -1), (0, 1)), ((-1, 0), (1, 0))
_FAR_IN_ROW, _FAR_IN_COLUMN = ((0, -2), (0, 2)), ((-2, 0), (2, 0))

# Number of rows of the result computed at once; so many stay in the cache.
_STRIP = 64


@dataclass(frozen=True)
class Mosaic:
    """The raw image of a sensor with a Bayer filter.

    Attributes
    ----------
    pixels
        uint16 (H, W), with even H and W.
    colours
        ``RED``, ``GREEN`` or ``BLUE`` for each of the four ``SITES``.
    black
        Black level of each site.
    white
        White level.
    srgb_from_camera
        float64 (3, 3): from white-balanced camera colours to linear sRGB; it maps (1, 1, 1) to itself.
    """

    pixels: np.ndarray
    colours: tuple[int, int, int, int]
    black: tuple[float, float, float, float]
    white: float
    srgb_from_camera: np.ndarray


def develop_half_size(mosaic: Mosaic, multipliers: tuple[float, float, float, float]) -> np.ndarray:
    """Develop a mosaic to sRGB at half its size.

    Parameters
    ----------
    multipliers
        White balance of the four sites. The smallest one maps the sensor's full range to 65535, and values that exceed
        it are clipped, as in LibRaw. Levels below black stay negative until the end, while LibRaw clips them at once;
        this keeps noise from brightening the shadows.

    Returns
    -------
    ndarray
        uint16 (H / 2, W / 2, 3), RGB, sRGB-encoded. Means are taken in linear light.
    """
    rows, columns = mosaic.pixels.shape[0] // 2, mosaic.pixels.shape[1] // 2
    gains = np.array(multipliers) / min(multipliers) / (mosaic.white - np.array(mosaic.black))
    kernels = (np.einsum("oc,csij->osij", mosaic.srgb_from_camera, interpolation(mosaic.colours)) * 65535).astype("f4")
    developed = np.empty((rows, columns, 3), np.uint16)
    for first in range(0, rows, _STRIP):
        # One more row of areas on either side for the filter's taps, if available.
        top, bottom = max(first - 1, 0), min(first + _STRIP + 1, rows)
        planes = [
            _plane(mosaic.pixels[2 * top + row : 2 * bottom : 2, column::2], black, gain)
            for (row, column), black, gain in zip(SITES, mosaic.black, gains, strict=True)
        ]
        light = cv2.merge([_filtered(planes, kernels[channel]) for channel in range(3)])
        np.clip(light + np.float32(0.5), 0, 65535, out=light)
        kept = light[first - top : first - top + _STRIP].astype(np.uint16)
        developed[first : first + len(kept)] = srgb_codes()[kept]
    return developed


@cache
def interpolation(colours: tuple[int, int, int, int]) -> np.ndarray:
    """Return the weights of the four planes in the mean red, green and blue of an area of 2x2 px.

    Returns
    -------
    ndarray
        float64 (3, 4, 3, 3): channel, plane, and row and column of the areas from the upper left neighbour to the lower
        right one; each channel's weights sum to one.
    """
    weights = np.zeros((3, 4, 3, 3))
    for row, column in SITES:
        for channel in (RED, GREEN, BLUE):
            for down, right, eighths in _stencil(colours, row, column, channel):
                y, x = row + down, column + right
                weights[channel, SITES.index((y % 2, x % 2)), 1 + y // 2, 1 + x // 2] += eighths / 8 / len(SITES)
    return weights


def _stencil(colours: tuple[int, int, int, int], row: int, column: int, channel: int) -> list[tuple[int, int, float]]:
    """Return how a pixel's channel is interpolated (Malvar et al., Figure 2): offsets and weights in eighths."""
    own = colours[SITES.index((row, column))]
    groups: list[tuple[tuple[tuple[int, int], ...], float]]
    if own == channel:
        groups = [(((0, 0),), 8.0)]
    elif channel == GREEN:
        groups = [(((0, 0),), 4.0), (_CROSS, 2.0), (_FAR_CROSS, -1.0)]
    elif own != GREEN:
        groups = [(((0, 0),), 6.0), (_DIAGONAL, 2.0), (_FAR_CROSS, -1.5)]
    else:
        groups = [(((0, 0),), 5.0), (_DIAGONAL, -1.0)]
        if colours[SITES.index((row, 1 - column))] == channel:
            groups += [(_IN_ROW, 4.0), (_FAR_IN_ROW, -1.0), (_FAR_IN_COLUMN, 0.5)]
        else:
            groups += [(_IN_COLUMN, 4.0), (_FAR_IN_COLUMN, -1.0), (_FAR_IN_ROW, 0.5)]
    return [(down, right, eighths) for places, eighths in groups for down, right in places]


def _plane(levels: np.ndarray, black: float, gain: float) -> np.ndarray:
    """Convert levels to shares of the full range after white balance, clipped at one."""
    plane = levels.astype(np.float32)
    plane -= np.float32(black)
    plane *= np.float32(gain)
    return np.minimum(plane, np.float32(1), out=plane)


def _filtered(planes: list[np.ndarray], kernels: np.ndarray) -> np.ndarray:
    total = np.zeros_like(planes[0])
    for plane, kernel in zip(planes, kernels, strict=True):
        cv2.add(total, cv2.filter2D(plane, -1, kernel), dst=total)
    return total
