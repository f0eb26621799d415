"""Pictures of what a network estimated on its way, of the photograph's size."""

import numpy as np

from ifan.shape import SIZE_MULTIPLE
from realdof.common.machine.opencv import cv2

BEHIND, NONE, BEFORE = (94, 60, 153), (247, 247, 247), (230, 97, 1)
"""Colours of the disparity to either side and of none: purple, nearly white and orange, told apart with every kind of
colour vision."""
_SHARE = 98
"""Percentile of a map at which its last colour stands, so that a few cells do not take all the colours."""


def picture_of_disparity(disparity: np.ndarray, height: int, width: int) -> np.ndarray:
    """A disparity map as uint8 (H, W, 3): nearly white is none, purple and orange are the largest to either side.

    Parameters
    ----------
    disparity
        float32 (ceil(H / 8), ceil(W / 8)).
    height, width
        Of the photograph, px.
    """
    seen = _inner(disparity)
    largest = disparity_range(disparity)
    ramp = np.array([BEHIND, NONE, BEFORE], np.float64)
    places = np.linspace(-1, 1, 256)
    colours = np.stack([np.interp(places, (-1, 0, 1), ramp[:, channel]) for channel in range(3)], axis=1)
    levels = np.clip(127.5 + 127.5 * seen / largest, 0, 255)
    return np.asarray(np.rint(colours).astype(np.uint8)[_enlarged(levels, height, width)])


def picture_of_filters(filters: np.ndarray, height: int, width: int) -> np.ndarray:
    """How much the filters change as uint8 (H, W, 3) in the colours of viridis, from nothing to most of the image.

    Parameters
    ----------
    filters
        float32 (ceil(H / 8), ceil(W / 8)), see `ifan.inference.Maps`.
    height, width
        Of the photograph, px.
    """
    levels = _enlarged(np.clip(255 * _inner(filters) / filters_range(filters), 0, 255), height, width)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB))


def disparity_range(disparity: np.ndarray) -> float:
    """The disparity, px of the small image, at which the last colours stand."""
    return max(float(np.percentile(np.abs(_inner(disparity)), _SHARE)), 1e-6)


def filters_range(filters: np.ndarray) -> float:
    """The share at which the last colour stands."""
    return max(float(np.percentile(_inner(filters), _SHARE)), 1e-6)


def _inner(values: np.ndarray) -> np.ndarray:
    """The map with the outermost cells drawn as their neighbours: half of what they are estimated from is cut off."""
    if min(values.shape) < 3:
        return values
    return np.pad(values[1:-1, 1:-1], 1, mode="edge")


def _enlarged(levels: np.ndarray, height: int, width: int) -> np.ndarray:
    size = (levels.shape[1] * SIZE_MULTIPLE, levels.shape[0] * SIZE_MULTIPLE)
    large = cv2.resize(np.rint(levels).astype(np.uint8), size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(large)[:height, :width]
