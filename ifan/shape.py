"""The shape parameters of every IFAN variant of the paper; readable without torch."""

from dataclasses import dataclass
from typing import Literal

WIDTHS = (32, 64, 128, 128)
"""Channels at full, half, quarter and eighth size."""
FEATURES = WIDTHS[-1]
"""c_e, the channels of the defocused features."""
SIZE_MULTIPLE = 8
"""The network halves images three times, so their sides must be multiples of 8."""
FAC_TAPS = 11
"""k of FAC, with which FAC costs as much as IAC with N = 17 (Section 4.3)."""

Deblurring = Literal["iac", "fac", "blocks"]
"""The part that deblurs the features: predicted filters of IAC or FAC, or residual blocks."""


@dataclass(frozen=True)
class FilterLayout:
    """The order of filter sets and biases among the channels of a filter map.

    The N filter sets come first. Each has the vertical filters, k contiguous taps per channel, then the horizontal
    filters in the same order. The N bias vectors follow.

    Parameters
    ----------
    sets
        N, the number of separable filters that are applied in sequence.
    channels
        Channels of the filtered features.
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
        """Return the channels of the n-th k x 1 filters."""
        start = 2 * n * self.channels * self.taps
        return slice(start, start + self.channels * self.taps)

    def horizontal(self, n: int) -> slice:
        """Return the channels of the n-th 1 x k filters."""
        start = (2 * n + 1) * self.channels * self.taps
        return slice(start, start + self.channels * self.taps)

    def bias(self, n: int) -> slice:
        """Return the channels of the n-th bias vector."""
        start = 2 * self.sets * self.channels * self.taps + n * self.channels
        return slice(start, start + self.channels)


@dataclass(frozen=True)
class SquareLayout:
    """The order of a filter map with k x k taps per channel: by channel, then row, then column; no bias.

    Parameters
    ----------
    channels
        Channels of the features.
    taps
        k; odd.
    """

    channels: int
    taps: int = FAC_TAPS

    @property
    def map_channels(self) -> int:
        """Channels of the filter map, c k^2."""
        return self.channels * self.taps**2


@dataclass(frozen=True)
class NetworkShape:
    """The shape parameters of an IFAN variant.

    Parameters
    ----------
    filters
        N, the number of separable filter sets (Table 4); for IAC only.
    dual
        Whether the filter encoder's input is both dual-pixel views, right then left (supplement, Section 3).
    shared_taps
        The form of IAC: True for checkpoints released with the paper, False for Equation 1.
    disparity
        Whether the network estimates a disparity map; without it, layers with feature outputs replace the estimator,
        as in the ablation (supplement, Tables 4 and 6).
    deblurring
        ``iac``; ``fac`` as in Table 5; ``blocks`` in the ablation's models without predicted filters
        (supplement, Tables 4 and 5).
    """

    filters: int = 17
    dual: bool = False
    shared_taps: bool = False
    disparity: bool = True
    deblurring: Deblurring = "iac"

    @property
    def layout(self) -> FilterLayout:
        """The order of the channels of IAC's filter map."""
        return FilterLayout(self.filters, FEATURES)

    @property
    def map_channels(self) -> int:
        """Channels of the filter map of IAC or FAC."""
        return self.layout.map_channels if self.deblurring == "iac" else SquareLayout(FEATURES).map_channels
