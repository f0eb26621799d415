"""The displacement field that tiles suggest, and the uncertainty of what it says about the corners."""

import numpy as np
import pytest

from realdof.alignment.displacement import FEWEST_TILES, fit_shift_model
from realdof.alignment.tiles import TileShifts
from realdof.geometry.grid import Grid

GRID = Grid(400, 600)


def tiles(random: np.random.Generator, rows: int, columns: int, scatter: float, shift: float = 0.0) -> TileShifts:
    """Tiles that all match, displaced by ``shift`` to the right and scattered."""
    y, x = (np.linspace(32, side - 32, count) for side, count in ((400, rows), (600, columns)))
    centres = np.stack(np.meshgrid(x, y), axis=2)
    shifts = scatter * random.standard_normal(centres.shape) + (shift, 0.0)
    ones = np.ones((rows, columns))
    gradients = np.ones((rows, columns, 3))
    return TileShifts(centres, shifts, 0.01 * ones, ones, ones, 0.01 * ones, ones, ones > 0, gradients, gradients)


@pytest.mark.parametrize(("rows", "columns"), [(2, 4), (3, 5), (6, 9)])
def test_the_bound_holds_for_39_of_40_fields_however_few_the_tiles(rows: int, columns: int) -> None:
    random = np.random.default_rng(0)
    held = [
        model.bound >= 0.1
        for model in (fit_shift_model(tiles(random, rows, columns, 0.02, 0.1), GRID) for _ in range(400))
    ]
    assert np.mean(held) >= 0.96


def test_fewer_tiles_make_the_corners_less_sure() -> None:
    bounds = [
        np.median([fit_shift_model(tiles(np.random.default_rng(i), n, n, 0.02), GRID).bound for i in range(20)])
        for n in (3, 4, 8)
    ]
    # 0.087, 0.072 and 0.045 px for 9, 16 and 64 tiles that are each sure to 0.02 px.
    assert bounds[0] > 1.1 * bounds[1]
    assert bounds[1] > 1.4 * bounds[2]


def test_too_few_tiles_tell_nothing() -> None:
    few = tiles(np.random.default_rng(0), 1, FEWEST_TILES - 1, 0.0)
    assert fit_shift_model(few, GRID).bound == float("inf")
    # In one row, however many, the field is not determined.
    assert fit_shift_model(tiles(np.random.default_rng(0), 1, 9, 0.0), GRID).bound == float("inf")


def test_the_field_is_the_fitted_displacement_everywhere() -> None:
    model = fit_shift_model(tiles(np.random.default_rng(0), 4, 6, 0.0, 0.3), GRID)
    points = np.array([[[0.0, 0.0], [600.0, 400.0]], [[300.0, 200.0], [10.0, 390.0]]])
    np.testing.assert_allclose(model.at(points), np.broadcast_to((0.3, 0.0), points.shape), atol=1e-9)
