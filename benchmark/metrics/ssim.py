"""Structural similarity as in scikit-image, computed in bands of rows."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from benchmark.method import Image
from benchmark.metrics.base import check_sizes, pixel_arrays
from benchmark.metrics.card import MetricCard

_C1 = 0.01**2
_C2 = 0.03**2
_ROWS_OF_A_BAND = 32  # the seven float64 maps of a band of a 1680 px wide image fit into the second-level cache


@dataclass(frozen=True)
class _Window:
    """A window: ``mean`` averages over it around each pixel; the outer ``radius`` px of the result are invalid.

    ``sample`` turns a window's mean of squares into the estimate of a variance.
    """

    radius: int
    sample: float
    mean: Callable[[np.ndarray], np.ndarray]


_KERNEL = cv2.getGaussianKernel(11, 1.5, cv2.CV_64F)
_UNIFORM = _Window(3, 49 / 48, lambda values: cv2.boxFilter(values, -1, (7, 7)))
_GAUSSIAN = _Window(5, 1.0, lambda values: cv2.sepFilter2D(values, -1, _KERNEL, _KERNEL))


class SSIM:
    """Mean structural similarity: 7x7 uniform window, sample covariance, range 1, borders of 3 px left out.

    The images are at least 7x7 px. Equal to ``skimage.metrics.structural_similarity`` in float64 to 1e-9.
    """

    card = MetricCard(
        name="ssim",
        title="SSIM",
        better="higher",
        decimals=4,
        range=(-1.0, 1.0),
        source="Wang et al., IEEE TIP 2004, as in scikit-image: 7x7 uniform window, mean over channels",
    )

    _window = _UNIFORM

    def __call__(self, output: Image, target: Image) -> float:
        """Measure one image; see `Metric`."""
        radius = self._window.radius
        check_sizes(output, target, smallest=2 * radius + 1)
        total = 0.0
        for first, second in zip(*pixel_arrays(output, target), strict=True):
            for top in range(0, first.shape[0] - 2 * radius, _ROWS_OF_A_BAND):
                rows = slice(top, top + _ROWS_OF_A_BAND + 2 * radius)
                x, y = first[rows].astype(np.float64), second[rows].astype(np.float64)
                total += _similarity(x, y, self._window).sum()
        height, width = output.shape[-2:]
        return float(total / (3 * (height - 2 * radius) * (width - 2 * radius)))


class GaussianSSIM(SSIM):
    """Mean structural similarity: 11x11 Gaussian window of 1.5 px, population covariance, borders of 5 px left out.

    The images are at least 11x11 px. Equal to scikit-image's with ``gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False``.
    """

    card = MetricCard(
        name="ssim-gaussian",
        title="SSIM (Gaussian)",
        better="higher",
        decimals=4,
        range=(-1.0, 1.0),
        source="Wang et al., IEEE TIP 2004: 11x11 Gaussian window, mean over channels",
    )
    _window = _GAUSSIAN


def _similarity(x: np.ndarray, y: np.ndarray, window: _Window) -> np.ndarray:
    """Compute Wang et al., equation 13, at every pixel whose window lies inside the band.

    Where a window is constant, differences of moments have errors of about 1e-16, negligible against C2 = 9e-4. This
    holds because bands are short: the running sums of ``boxFilter`` start again with each band.

    Parameters
    ----------
    x, y
        One channel of a band, float64 (h, w), h and w at least the window's; changed in place.

    Returns
    -------
    ndarray
        float64 (h - 2 r, w - 2 r), r the window's radius.
    """
    mean_x, mean_y = window.mean(x), window.mean(y)
    # Buffers are reused from here on; allocating new maps would take half of the time.
    product: np.ndarray = window.mean(cv2.multiply(x, y))
    squares: np.ndarray = cv2.multiply(x, x, dst=x)
    squares += cv2.multiply(y, y, dst=y)
    squares = window.mean(squares)

    product_of_means: np.ndarray = cv2.multiply(mean_x, mean_y)
    squared_means: np.ndarray = cv2.multiply(mean_x, mean_x, dst=mean_x)
    squared_means += cv2.multiply(mean_y, mean_y, dst=mean_y)

    product -= product_of_means
    product *= 2 * window.sample
    product += _C2
    squares -= squared_means
    squares *= window.sample
    squares += _C2
    product_of_means *= 2
    product_of_means += _C1
    squared_means += _C1

    product_of_means *= product
    squared_means *= squares
    product_of_means /= squared_means
    return product_of_means[window.radius : -window.radius, window.radius : -window.radius]
