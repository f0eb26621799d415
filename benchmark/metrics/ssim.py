"""Structural similarity, as scikit-image computes it by default, a band of rows at a time."""

import cv2
import numpy as np

from benchmark.method import Image
from benchmark.metrics.base import MetricCard, check_sizes, pixel_arrays

_WINDOW = 7
_RADIUS = _WINDOW // 2
_SAMPLE = _WINDOW**2 / (_WINDOW**2 - 1)  # turns a window's mean into the unbiased estimate over N - 1
_C1 = 0.01**2
_C2 = 0.03**2
_ROWS_OF_A_BAND = 32  # the seven float64 maps of a band of a 1680 px image stay in the second-level cache


class SSIM:
    """Mean structural similarity: 7x7 uniform window, sample covariance, range 1, borders of 3 px left out.

    The images are at least 7x7 px. Equal to ``skimage.metrics.structural_similarity`` in float64 to 1e-9.
    """

    card = MetricCard(
        name="ssim",
        title="SSIM",
        lower_is_better=False,
        decimals=4,
        unit="",
        range=(-1.0, 1.0),
        source="Wang et al., IEEE TIP 2004, as in scikit-image: 7x7 uniform window, mean over channels",
    )

    def __call__(self, output: Image, target: Image) -> float:
        """Measure one image; see ``Metric``."""
        check_sizes(output, target, smallest=_WINDOW)
        total = 0.0
        for first, second in zip(*pixel_arrays(output, target), strict=True):
            for top in range(0, first.shape[0] - 2 * _RADIUS, _ROWS_OF_A_BAND):
                rows = slice(top, top + _ROWS_OF_A_BAND + 2 * _RADIUS)
                total += _similarity(first[rows].astype(np.float64), second[rows].astype(np.float64)).sum()
        height, width = output.shape[-2:]
        return float(total / (3 * (height - 2 * _RADIUS) * (width - 2 * _RADIUS)))


def _similarity(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Wang et al., equation 13, at every pixel whose window lies inside.

    Differences of moments cancel where a window is constant, but only to 1e-16, and C2 is 9e-4: nothing is
    lost. That holds because a band is short: the running sums of ``boxFilter`` start afresh with each.

    Parameters
    ----------
    x, y
        One channel of a band, float64 (h, w), h and w at least 7.

    Returns
    -------
    ndarray
        float64 (h - 6, w - 6).
    """
    mean_x, mean_y = _window_mean(x), _window_mean(y)
    # Buffers are reused from here on: half of the time would go into allocating maps.
    product: np.ndarray = _window_mean(cv2.multiply(x, y))
    squares: np.ndarray = cv2.multiply(x, x, dst=x)
    squares += cv2.multiply(y, y, dst=y)
    squares = _window_mean(squares)

    product_of_means: np.ndarray = cv2.multiply(mean_x, mean_y)
    squared_means: np.ndarray = cv2.multiply(mean_x, mean_x, dst=mean_x)
    squared_means += cv2.multiply(mean_y, mean_y, dst=mean_y)

    product -= product_of_means
    product *= 2 * _SAMPLE
    product += _C2
    squares -= squared_means
    squares *= _SAMPLE
    squares += _C2
    product_of_means *= 2
    product_of_means += _C1
    squared_means += _C1

    product_of_means *= product
    squared_means *= squares
    product_of_means /= squared_means
    return product_of_means[_RADIUS:-_RADIUS, _RADIUS:-_RADIUS]


def _window_mean(values: np.ndarray) -> np.ndarray:
    """Mean over the 7x7 window around each pixel; the outer 3 px are not meant to be used."""
    return cv2.boxFilter(values, -1, (_WINDOW, _WINDOW))
