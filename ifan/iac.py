"""Iterative Adaptive Convolution (IAC), the layer that applies predicted separable filters to features.

Lee et al., CVPR 2021, Section 3.1, Equation 1.
"""

import torch
from torch import Tensor
from torch.nn import functional

from ifan.shape import FilterLayout

NEGATIVE_SLOPE = 0.1
"""Slope of every leaky ReLU in the paper's supplement, Section 6."""


def apply_separable(features: Tensor, filters: Tensor, dim: int) -> Tensor:
    """Filter every position of every channel with its own filter along one axis; the edges are replicated.

    Parameters
    ----------
    features
        float (B, C, H, W).
    filters
        float (B, C * k, H, W), the taps of a channel contiguous.
    dim
        2 filters along columns (k x 1), 3 along rows (1 x k).

    Returns
    -------
    Tensor
        float (B, C, H, W): at each position the correlation of its k neighbours with its k taps.
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
        Use the vertical taps for the horizontal pass too, as in the training of every released checkpoint; in the
        equation each pass has its own filters.
    last_activation
        Whether the last step has a leaky ReLU; in the reblurring network it has none.

    Returns
    -------
    Tensor
        float (B, c, h, w), the deblurred features.
    """
    # A single split: the gradient of each of 3 N slices would be as large as the whole map.
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
