"""The displacement field fitted to the tiles of two photographs: the shift of the corners and its standard error."""

from dataclasses import dataclass

import numpy as np

from realdof.alignment.tiles import TileShifts
from realdof.geometry.grid import Grid, apply_homography

FEWEST_TILES = 5
"""A homography has eight unknowns and a tile gives two equations: fewer than five tiles leave the error unknown."""

# Huber's constant for 95 % efficiency on normal errors (Huber, Robust Statistics, 1981).
_HUBER = 1.345
# One-sided: 39 of 40 fields stay below the bound, which a test checks.
_CONFIDENCE = 0.975
# Added to the estimated standard error of a tile, px: the error that remains after interpolating the peak, a quarter of
# the 0.04 px between the points on which the peak is searched (``tiles``).
_PEAK_ERROR = 0.01
# Largest condition number of the normal matrix: in double precision it leaves six digits of the parameters.
_SINGULAR = 1e10
# Standard deviation of a normal distribution over its median absolute deviation is 1 / 0.6745.
_MEDIAN_DEVIATION = 0.6745


@dataclass(frozen=True)
class ShiftVector:
    """The displacement (dx, dy) of the moving photograph at the point (x, y) of the image; all px."""

    x: float
    y: float
    dx: float
    dy: float


@dataclass(frozen=True)
class ShiftModel:
    """A displacement field with the eight degrees of freedom of a homography, fitted to the matched tiles.

    Attributes
    ----------
    grid
        The grid that the field lies on.
    parameters
        float64 (8,).
    corner_shift
        Largest displacement at the four corners of the grid, px. With too few tiles this and the next two are infinite.
    corner_error
        Largest standard error of the displacement at the four corners, px.
    bound
        Displacement, px, that no corner exceeds with 97.5 % confidence. Student's distribution takes into account that
        the standard error itself is uncertain with few tiles.
    """

    grid: Grid
    parameters: np.ndarray
    corner_shift: float
    corner_error: float
    bound: float

    def at(self, points: np.ndarray) -> np.ndarray:
        """Return the displacement at points (..., 2), px; zero if no field could be fitted."""
        return (_design(points.reshape(-1, 2), self.grid) @ self.parameters).reshape(points.shape)


def fit_shift_model(tiles: TileShifts, grid: Grid) -> ShiftModel:
    """Fit the displacement field of a small homography to the matched tiles, robustly (Huber's weights).

    The standard error follows from the scatter of the tiles about the fit, so it includes parallax, movement and lens
    distortion as well as noise and lack of texture.
    """
    from scipy.special import stdtrit

    used = tiles.matched
    points, shifts = tiles.centres[used], tiles.shifts[used]
    unknown = ShiftModel(grid, np.zeros(8), float("inf"), float("inf"), float("inf"))
    if len(points) < FEWEST_TILES:
        return unknown
    design = _design(points, grid)
    target = shifts.reshape(-1)
    # Weights by the expected precision, so that weakly textured tiles do not spoil the fit.
    promised = np.repeat(1 / np.hypot(tiles.standard_error[used], _PEAK_ERROR), 2)
    weights = promised**2
    for _ in range(10):
        normal = design.T @ (weights[:, None] * design)
        if np.linalg.cond(normal) > _SINGULAR:
            return unknown
        parameters = np.linalg.solve(normal, design.T @ (weights * target))
        residual = (target - design @ parameters) * promised
        spread = max(float(np.median(np.abs(residual))) / _MEDIAN_DEVIATION, 1e-9)
        huber = np.minimum(1, _HUBER * spread / np.maximum(np.abs(residual), 1e-12))
        weights = promised**2 * huber
    freedom = len(target) - 8
    variance = float((huber * residual**2).sum()) / freedom
    at_corners = _design(grid.corners, grid)
    covariance = at_corners @ (variance * np.linalg.inv(normal)) @ at_corners.T
    shift = float(np.linalg.norm((at_corners @ parameters).reshape(-1, 2), axis=1).max())
    error = float(np.sqrt(np.diag(covariance).reshape(-1, 2).sum(axis=1).max()))
    return ShiftModel(grid, parameters, shift, error, shift + float(stdtrit(freedom, _CONFIDENCE)) * error)


def matched_shifts(tiles: TileShifts, scale: float = 1.0) -> tuple[ShiftVector, ...]:
    """Return the displacement of each matched tile, in px of a grid ``scale`` times as fine."""
    values = np.concatenate([tiles.centres[tiles.matched], tiles.shifts[tiles.matched]], axis=1) * scale
    return tuple(ShiftVector(*row) for row in values.round(4).tolist())


def _design(points: np.ndarray, grid: Grid) -> np.ndarray:
    """Return the derivative of a homography's displacement by its eight parameters at the identity, (2 N, 8)."""
    scale = grid.width / 2
    centred = np.array([[1 / scale, 0, -grid.width / 2 / scale], [0, 1 / scale, -grid.height / 2 / scale], [0, 0, 1]])
    x, y = apply_homography(centred, points).T
    one, zero = np.ones_like(x), np.zeros_like(x)
    horizontal = np.stack([x, y, one, zero, zero, zero, -x * x, -x * y], axis=1)
    vertical = np.stack([zero, zero, zero, x, y, one, -x * y, -y * y], axis=1)
    return np.stack([horizontal, vertical], axis=1).reshape(-1, 8)
