"""Draw a network's disparity map and filter-change map as pictures of the photograph's size."""

import numpy as np

from ifan.shape import SIZE_MULTIPLE
from realdof.common.machine.opencv import cv2

BEHIND, NONE, BEFORE = (94, 60, 153), (247, 247, 247), (230, 97, 1)
"""Colours of the disparity, purple and orange to either side and nearly white for none, which can be distinguished
with every kind of colour vision."""
_SHARE = 98
"""Percentile of a map's values at its last colour, so that a few outliers do not use up the colours."""


def picture_of_disparity(disparity: np.ndarray, height: int, width: int) -> np.ndarray:
    """Draw a disparity map, uint8 (H, W, 3): nearly white is none, purple and orange are the largest to either side.

    Parameters
    ----------
    disparity
        float32 (ceil(H / 8), ceil(W / 8)).
    height, width
        Size of the photograph, px.
    """
    seen = _inner(disparity)
    largest = disparity_range(disparity)
    ramp = np.array([BEHIND, NONE, BEFORE], np.float64)
    places = np.linspace(-1, 1, 256)
    colours = np.stack([np.interp(places, (-1, 0, 1), ramp[:, channel]) for channel in range(3)], axis=1)
    levels = np.clip(127.5 + 127.5 * seen / largest, 0, 255)
    return np.asarray(np.rint(colours).astype(np.uint8)[_enlarged(levels, height, width)])


def picture_of_filters(filters: np.ndarray, height: int, width: int) -> np.ndarray:
    """Draw how much the filters change, uint8 (H, W, 3), in the colours of viridis from no change to the largest.

    Parameters
    ----------
    filters
        float32 (ceil(H / 8), ceil(W / 8)), see `ifan.inference.Maps`.
    height, width
        Size of the photograph, px.
    """
    levels = _enlarged(np.clip(255 * _inner(filters) / filters_range(filters), 0, 255), height, width)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB))


def disparity_range(disparity: np.ndarray) -> float:
    """Return the disparity of the last colours, px of the small image."""
    return max(float(np.percentile(np.abs(_inner(disparity)), _SHARE)), 1e-6)


def filters_range(filters: np.ndarray) -> float:
    """Return the relative change of the last colour."""
    return max(float(np.percentile(_inner(filters), _SHARE)), 1e-6)


def _inner(values: np.ndarray) -> np.ndarray:
    """Replace the outermost cells by their neighbours, because half of their surroundings lies outside the image."""
    if min(values.shape) < 3:
        return values
    return np.pad(values[1:-1, 1:-1], 1, mode="edge")


def _enlarged(levels: np.ndarray, height: int, width: int) -> np.ndarray:
    size = (levels.shape[1] * SIZE_MULTIPLE, levels.shape[0] * SIZE_MULTIPLE)
    large = cv2.resize(np.rint(levels).astype(np.uint8), size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(large)[:height, :width]
