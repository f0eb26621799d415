"""Laws of geometry: grids there and back, homographies in a row, and an alignment that turns with the photographs."""

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from small_pairs import GRID, HEIGHT, WIDTH, pair

from realdof.alignment.estimate import AlignmentSettings, estimate_homography
from realdof.geometry.grid import (
    Grid,
    apply_homography,
    change_grid,
    corner_distance,
    from_integer_centres,
    mirror,
    normalised,
    to_integer_centres,
    translation,
)
from realdof.geometry.warp import warp

law = settings(max_examples=25, database=None, deadline=None, suppress_health_check=list(HealthCheck))


def homography_of(number: int) -> np.ndarray:
    draw = np.random.default_rng(number)
    matrix = np.eye(3) + draw.normal(0, [[0.02, 0.02, 5.0], [0.02, 0.02, 5.0], [1e-5, 1e-5, 0.0]])
    return normalised(matrix)


@seed(16)
@law
@given(number=st.integers(0, 10**6), factor=st.integers(2, 4))
def test_a_homography_on_a_finer_grid_and_back_is_itself(number: int, factor: int) -> None:
    grid, matrix = Grid(100, 140), homography_of(number)
    there = change_grid(matrix, grid, grid.finer(factor))
    np.testing.assert_allclose(change_grid(there, grid.finer(factor), grid), matrix, atol=1e-9)
    np.testing.assert_allclose(from_integer_centres(to_integer_centres(matrix)), matrix, atol=1e-9)


@seed(16)
@law
@given(number=st.integers(0, 10**6), x=st.floats(0, 140), y=st.floats(0, 100))
def test_homographies_in_a_row_are_their_product_and_the_inverse_leads_back(number: int, x: float, y: float) -> None:
    first, second, point = homography_of(number), homography_of(number + 1), np.array([[x, y]])
    there = apply_homography(second, apply_homography(first, point))
    np.testing.assert_allclose(there, apply_homography(second @ first, point), atol=1e-8)
    np.testing.assert_allclose(apply_homography(np.linalg.inv(first), apply_homography(first, point)), point, atol=1e-8)


@seed(16)
@law
@given(number=st.integers(0, 10**6))
def test_the_distance_of_corners_is_none_only_of_the_same_and_alike_both_ways(number: int) -> None:
    grid, a, b = Grid(100, 140), homography_of(number), homography_of(number + 1)
    assert corner_distance(a, a, grid) == pytest.approx(0, abs=1e-9)
    assert corner_distance(a, b, grid) > 0
    assert corner_distance(a, b, grid) == pytest.approx(corner_distance(b, a, grid))
    assert np.allclose(mirror(grid) @ mirror(grid), np.eye(3))


@seed(16)
@law
@given(number=st.integers(0, 10**6), down=st.integers(-9, 9), right=st.integers(-9, 9))
def test_a_warp_by_whole_pixels_moves_and_changes_no_value(number: int, down: int, right: int) -> None:
    image = np.random.default_rng(number).random((40, 50, 3), dtype=np.float32)
    for interpolation in (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4):
        moved = warp(image, translation(right, down), Grid.of(image), interpolation=interpolation, outside=0.0)
        rows, columns = slice(max(0, -down), 40 - max(0, down)), slice(max(0, -right), 50 - max(0, right))
        seen = image[max(0, down) : 40 + min(0, down), max(0, right) : 50 + min(0, right)]
        np.testing.assert_allclose(moved[rows, columns], seen, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2])
def test_alignment_turns_mirrors_and_moves_with_the_photographs(number: int) -> None:
    views = pair(number)
    found = estimate_homography(views.reference, views.moving, AlignmentSettings())
    turn = translation(WIDTH, HEIGHT) @ np.diag([-1.0, -1.0, 1.0])
    turned = estimate_homography(
        np.ascontiguousarray(views.reference[::-1, ::-1]), np.ascontiguousarray(views.moving[::-1, ::-1]),
        AlignmentSettings(),
    )  # fmt: skip
    assert corner_distance(turned.matrix, turn @ found.matrix @ turn, GRID) < 0.1
    other = estimate_homography(views.moving, views.reference, AlignmentSettings())
    assert corner_distance(other.matrix, np.linalg.inv(found.matrix), GRID) < 0.1
    flipped = estimate_homography(views.reference, np.ascontiguousarray(views.moving[:, ::-1]), AlignmentSettings())
    assert corner_distance(flipped.matrix, mirror(GRID) @ found.matrix, GRID) < 0.1
    darker = estimate_homography(views.reference, views.moving * np.float32(0.7), AlignmentSettings())
    assert corner_distance(darker.matrix, found.matrix, GRID) < 0.1
