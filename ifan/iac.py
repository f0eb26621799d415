"""Iterative Adaptive Convolution (IAC), the layer that applies predicted separable filters to features.

Lee et al., CVPR 2021, Section 3.1, Equation 1.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

NEGATIVE_SLOPE = 0.1
"""Slope of every leaky ReLU in the paper's supplement, Section 6."""


@dataclass(frozen=True)
class FilterLayout:
    """Where each filter set and bias lies among the channels of a filter map.

    The N sets come first: for each, k taps for every channel of the vertical filters, then the same for the
    horizontal ones, taps contiguous. The N bias vectors follow.

    Parameters
    ----------
    sets
        N, the number of separable filters applied one after the other.
    channels
        Channels of the features they are applied to.
    taps
        k, the length of each 1-dim filter; odd.
    """

    sets: int
    channels: int
    taps: int = 3

    @property
    def map_channels(self) -> int:
        """Channels of the whole filter map, N c (2k + 1)."""
        return self.sets * self.channels * (2 * self.taps + 1)

    @property
    def parts(self) -> list[int]:
        """Channels of each part of the filter map in its order: 2 N filters, N biases."""
        return 2 * self.sets * [self.channels * self.taps] + self.sets * [self.channels]

    def vertical(self, n: int) -> slice:
        """Channels of the n-th k x 1 filters."""
        start = 2 * n * self.channels * self.taps
        return slice(start, start + self.channels * self.taps)

    def horizontal(self, n: int) -> slice:
        """Channels of the n-th 1 x k filters."""
        start = (2 * n + 1) * self.channels * self.taps
        return slice(start, start + self.channels * self.taps)

    def bias(self, n: int) -> slice:
        """Channels of the n-th bias vector."""
        start = 2 * self.sets * self.channels * self.taps + n * self.channels
        return slice(start, start + self.channels)


def apply_separable(features: Tensor, filters: Tensor, dim: int) -> Tensor:
    """Filter along one axis with a filter of its own at every place and channel, edges replicated.

    Parameters
    ----------
    features
        float (B, C, H, W).
    filters
        float (B, C * k, H, W), the taps of a channel contiguous.
    dim
        2 filters down the columns (k x 1), 3 along the rows (1 x k).

    Returns
    -------
    Tensor
        float (B, C, H, W): at each place the correlation of its k neighbours with its k taps.
    """
    batch, channels, height, width = features.shape
    taps = filters.shape[1] // channels
    margin = taps // 2
    padding = (0, 0, margin, margin) if dim == 2 else (margin, margin, 0, 0)
    padded = functional.pad(features, padding, mode="replicate")
    by_tap = filters.view(batch, channels, taps, height, width)
    length = features.shape[dim]
    result = padded.narrow(dim, 0, length) * by_tap[:, :, 0]
    for tap in range(1, taps):
        result = torch.addcmul(result, padded.narrow(dim, tap, length), by_tap[:, :, tap])
    return result


def iterative_adaptive_convolution(
    features: Tensor,
    filter_map: Tensor,
    layout: FilterLayout,
    *,
    shared_taps: bool = False,
    last_activation: bool = True,
) -> Tensor:
    """Apply N sets of separable filters, each with bias and leaky ReLU (Equation 1).

    Parameters
    ----------
    features
        e_B, float (B, c, h, w).
    filter_map
        F, float (B, N c (2k + 1), h, w), in the order of ``layout``.
    shared_taps
        Use the vertical taps for the horizontal pass too, as every checkpoint released with the paper was
        trained; the equation has filters of its own for each pass.
    last_activation
        Whether the last step has its leaky ReLU; the reblurring network's has none.

    Returns
    -------
    Tensor
        float (B, c, h, w), the deblurred features.
    """
    # One split: a slice's gradient would be as large as the whole map, and there are 3 N slices.
    filters = filter_map.split(layout.parts, dim=1)
    for n in range(layout.sets):
        vertical = filters[2 * n]
        horizontal = vertical if shared_taps else filters[2 * n + 1]
        features = apply_separable(features, vertical, dim=2)
        features = apply_separable(features, horizontal, dim=3)
        features = features + filters[2 * layout.sets + n]
        if last_activation or n < layout.sets - 1:
            features = functional.leaky_relu(features, NEGATIVE_SLOPE)
    return features
