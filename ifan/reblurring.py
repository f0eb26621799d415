"""The reblurring network, used in training only (Lee et al., CVPR 2021, Section 3.3, Figure 4, Equation 3)."""

from torch import Tensor, nn

from ifan.blocks import ResidualStack, conv, conv_act, initialise
from ifan.fac import filter_adaptive_convolution
from ifan.iac import iterative_adaptive_convolution
from ifan.shape import FilterLayout, NetworkShape, SquareLayout

FILTERS_FOR = {8: 8, 17: 17, 26: 9, 35: 17, 44: 17}
"""N of the reblurring network for each N of the deblurring network, as released."""
CHANNELS = 3
"""Channels of the image that is reblurred."""


class ReblurringNetwork(nn.Module):
    """The network that turns deblurring filters into reblurring filters and blurs the small all-in-focus image.

    Parameters
    ----------
    shape
        Shape of the deblurring network whose filter map is the input; with FAC, the reblurring network uses FAC too.
    width
        Channels of the hidden layers: 32 in the supplement's table, 128 in the released code.
    """

    def __init__(self, shape: NetworkShape, width: int = 32) -> None:
        super().__init__()
        self.shared_taps = shape.shared_taps
        self.layout: FilterLayout | SquareLayout
        if shape.deblurring == "fac":
            self.layout = SquareLayout(CHANNELS)
        else:
            self.layout = FilterLayout(FILTERS_FOR[shape.filters], CHANNELS)
        self.RBF = nn.Sequential(
            conv_act(shape.map_channels, width),
            ResidualStack(width, 2),
            ResidualStack(width, 2),
            conv(width, self.layout.map_channels),
        )
        initialise(self)

    def forward(self, filter_map: Tensor, sharp: Tensor) -> Tensor:
        """Reblur.

        Parameters
        ----------
        filter_map
            F_deblur, float (B, N c (2k + 1), h, w).
        sharp
            The all-in-focus image downsampled by 8, float (B, 3, h, w).

        Returns
        -------
        Tensor
            I_SB, float (B, 3, h, w).
        """
        filters = self.RBF(filter_map)
        if isinstance(self.layout, SquareLayout):
            return filter_adaptive_convolution(sharp, filters, self.layout) + sharp
        blurred = iterative_adaptive_convolution(
            sharp, filters, self.layout, shared_taps=self.shared_taps, last_activation=False
        )
        return blurred + sharp
