"""The shape parameters of DPDNet; readable without torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DPDNetShape:
    """The shape parameters of a DPDNet.

    Parameters
    ----------
    dual
        Whether the input is the left and the right view, six channels, instead of one image.
    width
        Channels of the first level, doubled at each of the next four; 64 in the paper.
    as_counted
        Whether the network is the one that fits the parameters and MACs printed in IFAN's paper: 3x3 instead of 2x2
        convolutions after up-sampling, and a third convolution in the encoder's second and third level. The printed
        figures would be the same with these two convolutions in the decoder.
    """

    dual: bool = False
    width: int = 64
    as_counted: bool = False

    @property
    def channels(self) -> int:
        """Channels of the input."""
        return 6 if self.dual else 3
