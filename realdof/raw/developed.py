"""A developed shot, which knows its own scale."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from realdof.images.resize import area_resize

Demosaicing = Literal["half-size", "ahd"]
"""By ``realdof.raw.half_size``, or by LibRaw's AHD."""

DevelopedBy = Demosaicing | Literal["someone else"]
"""How a shot got its colours; TIFF and PNG came with them."""


@dataclass(frozen=True)
class Developed:
    """A developed shot.

    Attributes
    ----------
    pixels
        uint16 (H, W, 3), sRGB-encoded.
    factor
        How many of its pixels lie along a side of one pixel of the data set's grid.
    by
        How it got its colours.
    """

    pixels: np.ndarray
    factor: int
    by: DevelopedBy

    def reduced(self, factor: int) -> "Developed":
        """The shot no finer than ``factor``, by the mean over areas."""
        if self.factor <= factor:
            return replace(self, pixels=np.ascontiguousarray(self.pixels))
        shrink = self.factor // factor
        height, width = self.pixels.shape[0] // shrink, self.pixels.shape[1] // shrink
        return replace(self, pixels=area_resize(self.pixels, height, width), factor=factor)
