"""The shape parameters of every IFAN variant of the paper; readable without torch."""

from dataclasses import dataclass
from typing import Literal

WIDTHS = (32, 64, 128, 128)
"""Channels at full, half, quarter and eighth size."""
FEATURES = WIDTHS[-1]
"""c_e, the channels of the defocused features."""
SIZE_MULTIPLE = 8
"""Images are reduced three times by two."""
FAC_TAPS = 11
"""k of FAC, which makes FAC as costly as IAC with N = 17 (Section 4.3)."""

Deblurring = Literal["iac", "fac", "blocks"]
"""What turns defocused into deblurred features: predicted filters in one of two forms, or residual blocks."""


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
        The filter encoder sees both dual-pixel views, right then left (supplement, Section 3).
    shared_taps
        The form of IAC: True for checkpoints released with the paper, False for Equation 1.
    disparity
        The disparity map estimator ends in a disparity map; False: in features, as in the ablation's models
        without it (supplement, Tables 4 and 6).
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
        """Channels of the filter map, whatever its form."""
        return self.layout.map_channels if self.deblurring == "iac" else SquareLayout(FEATURES).map_channels
