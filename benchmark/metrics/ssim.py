"""Structural similarity as in scikit-image, computed in blocks."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np

from benchmark.method import Image
from benchmark.metrics.base import check_sizes, pixel_arrays
from benchmark.metrics.card import MetricCard

_C1 = 0.01**2
_C2 = 0.03**2
_BLOCK = (93, 186)
"""Rows and columns of results that are computed at once; the eight float64 maps of a block fit into the cache."""
_MAPS = 6


@dataclass(frozen=True)
class _Window:
    """A window: ``mean(values, result)`` averages over it around each pixel; the outer ``radius`` px are invalid.

    ``sample`` turns a window's mean of squares into the estimate of a variance.
    """

    radius: int
    sample: float
    mean: Callable[[np.ndarray, np.ndarray], object]


_KERNEL = cv2.getGaussianKernel(11, 1.5, cv2.CV_64F)
_UNIFORM = _Window(3, 49 / 48, lambda values, result: cv2.boxFilter(values, -1, (7, 7), dst=result))
_GAUSSIAN = _Window(5, 1.0, lambda values, result: cv2.sepFilter2D(values, -1, _KERNEL, _KERNEL, dst=result))


class SSIM:
    """Mean structural similarity: 7x7 uniform window, sample covariance, range 1, borders of 3 px left out.

    The images are at least 7x7 px. Equal to ``skimage.metrics.structural_similarity`` in float64 to 1e-12.
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
        height, width = (side - 2 * radius for side in output.shape[-2:])
        maps = np.empty((_MAPS, *(side + 2 * radius for side in _BLOCK)))
        total = 0.0
        for first, second in zip(*pixel_arrays(output, target), strict=True):
            for top, left in product(range(0, height, _BLOCK[0]), range(0, width, _BLOCK[1])):
                block = (slice(top, top + _BLOCK[0] + 2 * radius), slice(left, left + _BLOCK[1] + 2 * radius))
                x, y = first[block].astype(np.float64), second[block].astype(np.float64)
                total += _similarity(x, y, self._window, maps[:, : x.shape[0], : x.shape[1]])
        return total / (3 * height * width)


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


def _similarity(x: np.ndarray, y: np.ndarray, window: _Window, maps: np.ndarray) -> float:
    """Sum Wang et al., equation 13, over the pixels whose window lies inside the block.

    With the difference d = x - y the denominators are the numerators and a square or a variance, which saves a pass:
    mean(x)^2 + mean(y)^2 = 2 mean(x) mean(y) + mean(d)^2, var(x) + var(y) = 2 cov(x, y) + var(d). Where a window is
    constant, differences of moments have errors of about 1e-16, negligible against C2 = 9e-4. This holds because blocks
    are small: the running sums of ``boxFilter`` start again with each block.

    Parameters
    ----------
    x, y
        One channel of a block, float64 (h, w), h and w at least the window's; changed.
    maps
        Memory for results, float64 (6, h, w).
    """
    means = slice(window.radius, -window.radius)
    mean_x, mean_y, covariance, variance, luminance, work = maps
    window.mean(x, mean_x)
    window.mean(y, mean_y)
    cv2.multiply(x, y, dst=work)
    window.mean(work, covariance)
    cv2.subtract(x, y, dst=x)
    cv2.multiply(x, x, dst=x)
    window.mean(x, variance)

    mean_x, mean_y, covariance, variance, luminance = maps[:5, means]
    half_c1, half_c2 = _C1 / 2, _C2 / 2 / window.sample
    cv2.multiply(mean_x, mean_y, dst=luminance)
    luminance += half_c1
    cv2.addWeighted(covariance, 1, luminance, -1, half_c1 + half_c2, dst=covariance)
    cv2.subtract(mean_x, mean_y, dst=mean_x)
    cv2.multiply(mean_x, mean_x, dst=mean_x)
    cv2.subtract(variance, mean_x, dst=variance)

    cv2.scaleAdd(luminance, 2, mean_x, dst=mean_x)
    cv2.scaleAdd(covariance, 2, variance, dst=variance)
    cv2.multiply(luminance, covariance, dst=luminance)
    cv2.multiply(mean_x, variance, dst=mean_x)
    cv2.divide(luminance, mean_x, dst=luminance)
    return 4 * cv2.sumElems(luminance[:, means])[0]
