"""One pixel grid for everything."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from view_pairs import corner_error, homography

from realdof.geometry.grid import (
    Grid,
    apply_homography,
    change_grid,
    corner_distance,
    from_integer_centres,
    mirror,
    to_integer_centres,
)
from realdof.geometry.warp import warp

SMALL = Grid(96, 144)


def some_homography(seed: int, grid: Grid, *, mirrored: bool = False) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return homography(rng, grid.height, grid.width, degrees=3, shift=6, perspective=2, mirrored=mirrored)


@given(st.integers(0, 10_000), st.sampled_from([2, 4]))
def test_a_homography_goes_to_a_finer_grid_and_back_exactly(seed: int, factor: int) -> None:
    matrix = some_homography(seed, SMALL)
    finer = change_grid(matrix, SMALL, SMALL.finer(factor))
    points = np.random.default_rng(seed).random((5, 2)) * (SMALL.width, SMALL.height)
    np.testing.assert_allclose(apply_homography(finer, factor * points), factor * apply_homography(matrix, points))
    np.testing.assert_allclose(change_grid(finer, SMALL.finer(factor), SMALL), matrix, atol=1e-12)


def test_the_mirror_maps_the_centre_of_the_first_pixel_to_that_of_the_last() -> None:
    grid = Grid(4, 10)
    np.testing.assert_allclose(apply_homography(mirror(grid), np.array([[0.5, 0.5]])), [[9.5, 0.5]])
    image = np.random.default_rng(0).random((4, 10), np.float32)
    flipped = warp(image, mirror(grid), grid, interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(flipped, image[:, ::-1], atol=1e-6)


def test_opencv_puts_the_centre_of_the_first_pixel_at_zero() -> None:
    matrix = some_homography(1, SMALL)
    ours = apply_homography(matrix, np.array([[0.5, 0.5]]))
    theirs = apply_homography(to_integer_centres(matrix), np.array([[0.0, 0.0]]))
    np.testing.assert_allclose(ours, theirs + 0.5)
    np.testing.assert_allclose(from_integer_centres(to_integer_centres(matrix)), matrix, atol=1e-12)


def test_corner_distance_is_the_largest_over_the_four_corners() -> None:
    turned = np.array([[1, 0, 0], [0, 1.01, 0], [0, 0, 1]])
    assert corner_distance(turned, np.eye(3), SMALL) == pytest.approx(0.96)
    assert corner_error(turned, np.eye(3), SMALL.height, SMALL.width) == pytest.approx(0.96)
