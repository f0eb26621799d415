"""Peak signal-to-noise ratio of the luma, called PSNR-Y in papers on restoration."""

import math

import numpy as np

from benchmark.method import Image
from benchmark.metrics.base import pixel_arrays
from benchmark.metrics.card import MetricCard

LUMA = (65.481 / 255, 128.553 / 255, 24.966 / 255)
"""Weights of red, green and blue in the Y of ITU-R BT.601 with headroom, as of MATLAB's ``rgb2ycbcr``; its offset of
16 cancels in a difference."""


class PSNRY:
    """10 log10(1 / MSE) of the luma Y, not rounded, in dB; infinite for images of equal luma.

    Y spans 219 of 255 levels, but the peak value stays 1, so the figure is 1.3 dB above that of the same error in grey.
    """

    card = MetricCard(
        name="psnr-y",
        title="PSNR-Y",
        better="higher",
        decimals=2,
        unit="dB",
        range=(0.0, math.inf),
        source="PSNR of ITU-R BT.601's Y (16 to 235), as in MATLAB's rgb2ycbcr and BasicSR; peak value 255",
    )

    def __call__(self, output: Image, target: Image) -> float:
        """Measure one image; see `Metric`."""
        first, second = pixel_arrays(output, target)
        # One channel at a time in float64: the weighted sum of the three differences is the difference of the lumas.
        luma = np.zeros(first.shape[1:])
        for weight, ours, truth in zip(LUMA, first, second, strict=True):
            luma += weight * (ours.astype(np.float64) - truth)
        squared = float(np.vdot(luma, luma))
        return math.inf if squared == 0 else 10 * math.log10(luma.size / squared)
