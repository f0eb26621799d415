"""The shape parameters of DMENet; readable without torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DMENetShape:
    """The shape parameters of a DMENet.

    Parameters
    ----------
    width
        Channels of the first level; 64 in the paper, which gives VGG19's widths at the other levels.
    auxiliary
        Whether the decoder also has a map at each level; only the training uses these maps.
    """

    width: int = 64
    auxiliary: bool = True

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the encoder's levels."""
        return (self.width, 2 * self.width, 4 * self.width, 8 * self.width, 8 * self.width)
