"""Measure the shift between a defocused image and its all-in-focus image: for the whole image, then for tiles."""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import fft

from realdof.alignment.detail import band_pass
from realdof.alignment.tiles import TILE, tile_shifts
from realdof.images.colour import luma

REDUCTION = 4
"""Factor by which images are reduced for the whole-image correlation; the tiles refine its result."""
FEWEST_TILES = 8
"""Fewest matching tiles from which the shift is measured."""
_PASSES = 2


@dataclass(frozen=True)
class PairShift:
    """The shift of a source against its target.

    Attributes
    ----------
    x, y
        Shift, px: a point at p in the target lies at p + (x, y) in the source.
    error
        Standard error of the median over tiles, px, from their scatter.
    tiles
        Number of matching tiles.
    """

    x: float
    y: float
    error: float
    tiles: int

    @property
    def length(self) -> float:
        """Length of the shift, px."""
        return float(np.hypot(self.x, self.y))


def pair_shift(target: np.ndarray, source: np.ndarray) -> PairShift | None:
    """Measure the shift of a defocused image against its all-in-focus image.

    Parameters
    ----------
    target, source
        uint8 or uint16 (H, W, 3), RGB, of one size.

    Returns
    -------
    PairShift or None
        None if fewer than `FEWEST_TILES` tiles match: too little texture, too much blur, or different scenes.
    """
    first, second = luma(target), luma(source)
    whole = _whole_shift(first, second)
    # A tile's window is biased towards small shifts, so the second pass measures after undoing the first's shift.
    for _ in range(_PASSES):
        overlap = _overlap(first, second, whole)
        if overlap is None:
            return None
        tiles = tile_shifts(*overlap)
        shifts = tiles.shifts[tiles.matched]
        if len(shifts) < FEWEST_TILES:
            return None
        median = np.median(shifts, axis=0)
        found, whole = whole + median, whole + np.rint(median).astype(int)
    deviation = 1.4826 * np.median(np.abs(shifts - median), axis=0)
    error = float(np.hypot(*deviation) * 1.2533 / np.sqrt(len(shifts)))
    return PairShift(float(found[0]), float(found[1]), error, len(shifts))


def _whole_shift(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Find the cross-correlation's peak of the reduced, band-passed images: int (2,), (x, y), px of the full size."""
    height, width = (max(side // REDUCTION, 1) for side in first.shape)
    window = np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)
    spectra = []
    for image in (first, second):
        reduced = cv2.resize(band_pass(image), (width, height), interpolation=cv2.INTER_AREA)
        spectra.append(fft.rfft2((reduced - reduced.mean()) * window))
    surface = fft.irfft2(np.conj(spectra[0]) * spectra[1], s=(height, width))
    y, x = np.unravel_index(surface.argmax(), surface.shape)
    centred = [(place + side // 2) % side - side // 2 for place, side in ((x, width), (y, height))]
    return np.array(centred, int) * REDUCTION


def _overlap(first: np.ndarray, second: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Crop both images to their overlap after shifting the second back; None if it is smaller than a tile."""
    height, width = first.shape
    x, y = (int(value) for value in shift)
    one = first[max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)]
    other = second[max(0, y) : height - max(0, -y), max(0, x) : width - max(0, -x)]
    return (one, other) if min(one.shape) >= TILE else None
