import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from view_pairs import corner_error, homography, sample, scene

from realdof.geometry.grid import (
    Grid,
    Region,
    apply_homography,
    change_grid,
    corner_distance,
    from_integer_centres,
    mirror,
    to_integer_centres,
    translation,
)
from realdof.geometry.region import largest_rectangle, valid_mask, valid_region
from realdof.geometry.warp import Recipe, midpoints_filled, warp, warp_dense, warp_to_grid
from realdof.images.depth import as_float
from realdof.images.resize import area_resize

SMALL = Grid(96, 144)


def some_homography(seed: int, grid: Grid, *, mirrored: bool = False) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return homography(rng, grid.height, grid.width, degrees=3, shift=6, perspective=2, mirrored=mirrored)


def shift(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


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


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([1, 2, 4]), st.sampled_from(["sharp", "paper"]), st.booleans())
def test_no_pixel_of_the_valid_mask_reads_beyond_the_photograph(
    seed: int, factor: int, recipe: Recipe, mirrored: bool
) -> None:
    """What lies beyond the photograph is changed from mirrored content to white; only invalid pixels may notice."""
    matrix = some_homography(seed, SMALL, mirrored=mirrored)
    photograph = SMALL.finer(factor)
    black = np.zeros((photograph.height, photograph.width, 3), np.float32)
    fine = SMALL.finer(min(factor, 2) if recipe == "sharp" else 1)
    inner = area_resize(black, fine.height, fine.width)
    margin, kernel = 16, cv2.INTER_LANCZOS4 if recipe == "sharp" else cv2.INTER_CUBIC
    surrounded = cv2.copyMakeBorder(inner, *[margin] * 4, cv2.BORDER_CONSTANT, value=[1.0] * 4)
    to_fine = (
        translation(margin, margin) @ change_grid(matrix, SMALL, fine) @ np.diag([fine.width / SMALL.width] * 2 + [1])
    )
    if fine != SMALL:
        surrounded = cv2.blur(surrounded, (2, 2), anchor=(0, 0))
        to_fine = translation(-0.5, -0.5) @ to_fine
    touched = warp(surrounded, to_fine, SMALL, interpolation=kernel, outside=1.0)[..., 0] != 0
    valid = valid_mask(matrix, photograph, SMALL, recipe=recipe)
    assert not (valid & touched).any()
    # Nor is more given away along the border than the kernel's reach, whose outermost weights may be zero.
    reach = 2 if fine.width > SMALL.width or recipe == "paper" else 4
    grown = cv2.dilate(valid.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    assert not (~grown & ~touched).any()


@given(arrays.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_no_rectangle_of_true_pixels_is_larger_than_the_largest(mask: np.ndarray) -> None:
    height, width = mask.shape
    areas = [
        (bottom - top) * (right - left)
        for top in range(height)
        for bottom in range(top + 1, height + 1)
        for left in range(width)
        for right in range(left + 1, width + 1)
        if mask[top:bottom, left:right].all()
    ]
    found = largest_rectangle(mask)
    assert mask[found.slices].all()
    assert found.height * found.width == max(areas, default=0)


def test_the_valid_region_of_a_shift_is_the_overlap_less_the_kernels_reach() -> None:
    """Four samples of the half-size grid, two pixels, where the photograph ends; none where it goes on."""
    region = valid_region(shift(10, -4), Grid(192, 288), SMALL)
    assert region == Region(top=4 + 2, left=0, height=96 - 4 - 2, width=144 - 10 - 2)


def test_corner_distance_is_the_largest_over_the_four_corners() -> None:
    turned = np.array([[1, 0, 0], [0, 1.01, 0], [0, 0, 1]])
    assert corner_distance(turned, np.eye(3), SMALL) == pytest.approx(0.96)
    assert corner_error(turned, np.eye(3), SMALL.height, SMALL.width) == pytest.approx(0.96)


def test_filled_midpoints_displace_fine_detail_by_less_than_a_hundredth_of_a_pixel() -> None:
    x = np.arange(200)
    wave = np.repeat(np.sin(2 * np.pi * x / 4 + 0.3).astype(np.float32)[None], 40, axis=0)
    moved = warp_dense(midpoints_filled(wave), shift(0.25, 0), Grid(40, 200), outside=0.0)[20, 20:180]
    phase = np.angle((moved * np.exp(-2j * np.pi * x[20:180] / 4)).sum() * 1j) - 0.3
    assert phase * 4 / (2 * np.pi) == pytest.approx(0.25, abs=0.01)
