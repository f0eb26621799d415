"""Peak signal-to-noise ratio."""

import math

import cv2

from benchmark.method import Image
from benchmark.metrics.base import pixel_arrays
from benchmark.metrics.card import MetricCard


class PSNR:
    """10 log10(1 / MSE) over all pixels and channels of one image, in dB; infinite for identical images."""

    card = MetricCard(
        name="psnr",
        title="PSNR",
        better="higher",
        decimals=2,
        unit="dB",
        range=(0.0, math.inf),
        source="Lee et al., CVPR 2021, Section 4; peak value 1, mean over pixels and channels",
    )

    def __call__(self, output: Image, target: Image) -> float:
        """Measure one image; see `Metric`."""
        first, second = (array.reshape(-1, array.shape[-1]) for array in pixel_arrays(output, target))
        # OpenCV squares and adds in float64, so the result is precise without a copy of the images.
        squared = cv2.norm(first, second, cv2.NORM_L2SQR)
        return math.inf if squared == 0 else 10 * math.log10(first.size / squared)
