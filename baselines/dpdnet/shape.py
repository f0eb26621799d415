"""The shape parameters of DPDNet; readable without torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DPDNetShape:
    """The shape parameters of a DPDNet.

    Parameters
    ----------
    dual
        Fed with the left and the right view, six channels, instead of one image.
    width
        Channels of the first level, doubled at each of the four below; the paper's is 64.
    as_counted
        With 3x3 instead of 2x2 convolutions after up-sampling and a third convolution in the encoder's second and
        third level: what fits the parameters and MACs that IFAN's paper prints. Where those two convolutions are
        cannot be told from figures that are the same for encoder and decoder.
    """

    dual: bool = False
    width: int = 64
    as_counted: bool = False

    @property
    def channels(self) -> int:
        """Channels of the input."""
        return 6 if self.dual else 3
