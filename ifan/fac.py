"""Filter adaptive convolution (FAC), with which the paper compares IAC (Lee et al., CVPR 2021, Section 3.1, Table 5).

FAC applies a different square filter at every position and channel, after Zhou et al., ICCV 2019.
"""

from torch import Tensor
from torch.nn import functional

from ifan.shape import SquareLayout


def filter_adaptive_convolution(features: Tensor, filter_map: Tensor, layout: SquareLayout) -> Tensor:
    """Filter every position of every channel with its own square filter; the edges are replicated.

    Parameters
    ----------
    features
        float (B, c, h, w).
    filter_map
        float (B, c k^2, h, w), in the order of ``layout``.

    Returns
    -------
    Tensor
        float (B, c, h, w).
    """
    batch, channels, height, width = features.shape
    margin = layout.taps // 2
    padded = functional.pad(features, (margin, margin, margin, margin), mode="replicate")
    by_tap = filter_map.view(batch, channels, layout.taps, layout.taps, height, width)
    result = features.new_zeros(())
    for row in range(layout.taps):
        for column in range(layout.taps):
            shifted = padded[..., row : row + height, column : column + width]
            result = result + shifted * by_tap[:, :, row, column]
    return result
