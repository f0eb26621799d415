"""Filter adaptive convolution (FAC), which the paper compares IAC with (Lee et al., CVPR 2021, Section 3.1, Table 5).

A square filter of its own at every place and channel, after Zhou et al., ICCV 2019.
"""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

TAPS = 11
"""k, which makes FAC as costly as IAC with N = 17 (Section 4.3)."""


@dataclass(frozen=True)
class SquareLayout:
    """A filter map of k x k taps for every channel: channel-major, then rows, then columns; no bias.

    Parameters
    ----------
    channels
        Channels of the features.
    taps
        k; odd.
    """

    channels: int
    taps: int = TAPS

    @property
    def map_channels(self) -> int:
        """Channels of the filter map, c k^2."""
        return self.channels * self.taps**2


def filter_adaptive_convolution(features: Tensor, filter_map: Tensor, layout: SquareLayout) -> Tensor:
    """Filter every channel with a square filter of its own at every place, edges replicated.

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
