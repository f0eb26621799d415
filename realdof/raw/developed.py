"""Developed shots with their scale."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from realdof.images.resize import area_resize

Demosaicing = Literal["half-size", "ahd"]
"""Demosaicing by ``realdof.raw.half_size``, or by LibRaw's AHD."""

DevelopedBy = Demosaicing | Literal["someone else"]
"""How a shot was demosaiced; TIFF and PNG files come developed by someone else."""


@dataclass(frozen=True)
class Developed:
    """A developed shot.

    Attributes
    ----------
    pixels
        uint16 (H, W, 3), sRGB-encoded.
    factor
        Number of its pixels along a side of one pixel of the data set's grid.
    by
        How the shot was demosaiced.
    """

    pixels: np.ndarray
    factor: int
    by: DevelopedBy

    def reduced(self, factor: int) -> "Developed":
        """Return the shot reduced by area averaging so that its factor is at most ``factor``."""
        if self.factor <= factor:
            return replace(self, pixels=np.ascontiguousarray(self.pixels))
        shrink = self.factor // factor
        height, width = self.pixels.shape[0] // shrink, self.pixels.shape[1] // shrink
        return replace(self, pixels=area_resize(self.pixels, height, width), factor=factor)
