"""Alignment from coarse to fine: ECC on grids of 1/8, 1/4, 1/2 and 1 of the photographs' size."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from realdof.alignment.detail import BAND_PASS_REACH, band_pass
from realdof.alignment.ecc import EccResult, MaskedImage, maximise_correlation
from realdof.common.machine.opencv import cv2
from realdof.geometry.grid import Grid, change_grid
from realdof.images.colour import SATURATED, luma
from realdof.images.resize import area_resize

# Largest number of iterations, by how many times coarser the grid is; ECC's epsilon stops it before. Halving and
# doubling these, the smallest side and the smoothing gives the same alignments
# (tests/performance/alignment_numbers.py).
_SCHEDULE = {8: 60, 4: 40, 2: 25, 1: 15}
_SMALLEST_SIDE = 64
# Coarser grids keep the shading: with it ECC bridges displacements that are too large for detail.
_COARSEST_BAND_PASSED = 2
_SMOOTHING = 0.8


@dataclass(frozen=True)
class LumaPair:
    """Luma of the two photographs, float32 (H, W), and masks, bool (H, W), of pixels with a saturated channel.

    ``moving`` shows the scene as the reference camera does: it is flipped if the moving camera's image is mirrored.
    """

    reference: np.ndarray
    moving: np.ndarray
    reference_saturated: np.ndarray
    moving_saturated: np.ndarray

    @classmethod
    def of(cls, reference: np.ndarray, moving: np.ndarray) -> "LumaPair":
        """Make a pair from photographs, uint8, uint16 or float (H, W, 3)."""
        return cls(luma(reference), luma(moving), _saturated(reference), _saturated(moving))

    @cached_property
    def flipped(self) -> "LumaPair":
        """The pair with the moving photograph flipped left to right."""
        return LumaPair(
            self.reference,
            np.ascontiguousarray(self.moving[:, ::-1]),
            self.reference_saturated,
            np.ascontiguousarray(self.moving_saturated[:, ::-1]),
        )

    @property
    def grid(self) -> Grid:
        """The grid of both photographs."""
        return Grid.of(self.reference)

    def coarser(self, grid: Grid) -> "LumaPair":
        """Return the pair on a coarser grid; a pixel is saturated if any part of it is."""
        if grid == self.grid:
            return self
        height, width = grid.height, grid.width
        return LumaPair(
            area_resize(self.reference, height, width),
            area_resize(self.moving, height, width),
            area_resize(self.reference_saturated.astype(np.float32), height, width) > 0,
            area_resize(self.moving_saturated.astype(np.float32), height, width) > 0,
        )


@dataclass(frozen=True)
class Climb:
    """The result on the full grid, the name of the start that led to it, and the iterations of all levels."""

    result: EccResult
    start: str
    iterations: int


def climb(pair: LumaPair, starts: Mapping[str, np.ndarray], *, epsilon: float) -> Climb:
    """Run ECC from every start on the coarsest grid, then refine the best result on each finer grid.

    Parameters
    ----------
    starts
        Homographies on the pair's grid, by name.
    epsilon
        ECC stops on each level when the correlation changes by less than this.
    """
    full = pair.grid
    factors = [factor for factor in _SCHEDULE if min(full.height, full.width) >= factor * _SMALLEST_SIDE] or [1]
    coarsest = _coarser(full, factors[0])
    reference, moving = _prepared(pair.coarser(coarsest), factors[0])
    runs = {
        name: maximise_correlation(
            reference, moving, change_grid(start, full, coarsest), iterations=_SCHEDULE[factors[0]], epsilon=epsilon
        )
        for name, start in starts.items()
    }
    best = max(runs, key=lambda name: runs[name].correlation)
    result, grid, iterations = runs[best], coarsest, runs[best].iterations
    for factor in factors[1:]:
        finer = _coarser(full, factor)
        start = change_grid(result.homography, grid, finer)
        reference, moving = _prepared(pair.coarser(finer), factor)
        result = maximise_correlation(reference, moving, start, iterations=_SCHEDULE[factor], epsilon=epsilon)
        grid, iterations = finer, iterations + result.iterations
    return Climb(result, best, iterations)


def _coarser(grid: Grid, factor: int) -> Grid:
    return Grid(round(grid.height / factor), round(grid.width / factor))


def _saturated(photograph: np.ndarray) -> np.ndarray:
    """Return where a channel is saturated; saturation displaces edges of the brighter photograph."""
    full_scale = 1.0 if photograph.dtype.kind == "f" else float(np.iinfo(photograph.dtype).max)
    return np.asarray(photograph.max(axis=2) >= SATURATED * full_scale)


def _prepared(pair: LumaPair, factor: int) -> tuple[MaskedImage, MaskedImage]:
    return (
        _filtered(pair.reference, pair.reference_saturated, factor),
        _filtered(pair.moving, pair.moving_saturated, factor),
    )


def _filtered(image: np.ndarray, saturated: np.ndarray, factor: int) -> MaskedImage:
    """Band-pass the image and exclude saturated pixels on fine grids; only smooth it on coarse ones."""
    known = np.zeros(image.shape, bool)
    if factor > _COARSEST_BAND_PASSED:
        known[2:-2, 2:-2] = True
        return MaskedImage(np.asarray(cv2.GaussianBlur(image, (0, 0), _SMOOTHING)), known)
    border = BAND_PASS_REACH
    known[border:-border, border:-border] = True
    # The filter spreads the error of saturated pixels, nearly all of it within three pixels.
    near = cv2.dilate(saturated.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    return MaskedImage(band_pass(image), known & ~near)
