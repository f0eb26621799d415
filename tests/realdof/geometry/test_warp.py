"""Resampling under a homography."""

import cv2
import numpy as np
import pytest
from view_pairs import homography, sample, scene

from realdof.geometry.grid import (
    Grid,
)
from realdof.geometry.region import valid_region
from realdof.geometry.warp import Recipe, midpoints_filled, warp_dense, warp_to_grid
from realdof.images.depth import as_float

SMALL = Grid(96, 144)


def some_homography(seed: int, grid: Grid, *, mirrored: bool = False) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return homography(rng, grid.height, grid.width, degrees=3, shift=6, perspective=2, mirrored=mirrored)


def shift(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def test_area_averaging_and_warping_share_one_grid() -> None:
    """A linear ramp stays where it is through both: half-pixel centres leave no offset of a half or a quarter."""
    fine = SMALL.finer(4)
    ramp = np.repeat(((np.arange(fine.width) + 0.5) / fine.width).astype(np.float32)[None], fine.height, axis=0)
    expected = (np.arange(SMALL.width) + 0.5 + 3) / SMALL.width
    warped = warp_to_grid(np.repeat(ramp[..., None], 3, axis=2), shift(3, 0), SMALL)
    np.testing.assert_allclose(warped[10, 8:-16, 1], expected[8:-16], atol=2e-4)


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_sharp_recipe_keeps_more_detail_than_the_papers(mirrored: bool) -> None:
    rng = np.random.default_rng(7)
    grid, margin, finer = Grid(198, 297), 24, 8
    light = scene(rng, finer * (grid.height + 2 * margin), finer * (grid.width + 2 * margin), leaves=2000)
    light = cv2.GaussianBlur(light, (0, 0), 2)
    to_canvas = finer * np.array([[1, 0, margin], [0, 1, margin], [0, 0, 1 / finer]])
    matrix = some_homography(3, grid, mirrored=mirrored)
    quarter = np.diag([0.25, 0.25, 1])
    expected = sample(light, to_canvas, grid.height, grid.width, finer)
    photograph = sample(light, to_canvas @ np.linalg.inv(matrix) @ quarter, 4 * grid.height, 4 * grid.width, 2)
    inside = valid_region(matrix, Grid.of(photograph), grid).slices

    def decibels(recipe: Recipe) -> float:
        difference = (warp_to_grid(photograph, matrix, grid, recipe=recipe) - expected)[inside]
        return float(-10 * np.log10(np.mean(difference**2)))

    assert decibels("sharp") > 50
    assert decibels("sharp") > decibels("paper") + 10


def test_stored_pixels_and_their_floats_warp_alike() -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (192, 288, 3), np.uint16)
    matrix = some_homography(2, SMALL)
    np.testing.assert_allclose(
        warp_to_grid(pixels, matrix, SMALL), warp_to_grid(as_float(pixels), matrix, SMALL), atol=2e-5
    )


def test_a_photograph_coarser_than_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot fill"):
        warp_to_grid(np.zeros((90, 140, 3), np.uint8), np.eye(3), SMALL)


def test_filled_midpoints_displace_fine_detail_by_less_than_a_hundredth_of_a_pixel() -> None:
    x = np.arange(200)
    wave = np.repeat(np.sin(2 * np.pi * x / 4 + 0.3).astype(np.float32)[None], 40, axis=0)
    moved = warp_dense(midpoints_filled(wave), shift(0.25, 0), Grid(40, 200), outside=0.0)[20, 20:180]
    phase = np.angle((moved * np.exp(-2j * np.pi * x[20:180] / 4)).sum() * 1j) - 0.3
    assert phase * 4 / (2 * np.pi) == pytest.approx(0.25, abs=0.01)
