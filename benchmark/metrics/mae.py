"""Mean absolute error."""

import cv2
import numpy as np

from benchmark.method import Image
from benchmark.metrics.base import pixel_arrays
from benchmark.metrics.card import MetricCard

_ROWS_OF_A_BAND = 32


class MAE:
    """Mean of |output - target| over all pixels and channels of one image; the paper prints it times 10."""

    card = MetricCard(
        name="mae",
        title="MAE",
        better="lower",
        decimals=4,
        range=(0.0, 1.0),
        source="Lee et al., CVPR 2021, Section 4",
    )

    def __call__(self, output: Image, target: Image) -> float:
        """Measure one image; see `Metric`."""
        first, second = (array.reshape(-1, array.shape[-1]) for array in pixel_arrays(output, target))
        extremes = np.empty((_ROWS_OF_A_BAND, first.shape[1]), first.dtype)
        total = 0.0
        for top in range(0, len(first), _ROWS_OF_A_BAND):
            ours, truth = first[top : top + _ROWS_OF_A_BAND], second[top : top + _ROWS_OF_A_BAND]
            band = extremes[: len(ours)]
            # |a - b| = max(a, b) - min(a, b): both are exact, while a difference in float32 would be rounded.
            # OpenCV adds in float64.
            total += cv2.sumElems(np.maximum(ours, truth, out=band))[0]
            total -= cv2.sumElems(np.minimum(ours, truth, out=band))[0]
        return total / first.size
