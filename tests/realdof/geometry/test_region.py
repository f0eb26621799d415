"""The part of a warped image that no border reaches."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from view_pairs import homography

from realdof.geometry.grid import (
    Grid,
    Region,
    change_grid,
    translation,
)
from realdof.geometry.region import largest_rectangle, valid_mask, valid_region
from realdof.geometry.warp import Recipe, warp
from realdof.images.resize import area_resize

SMALL = Grid(96, 144)


def some_homography(seed: int, grid: Grid, *, mirrored: bool = False) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return homography(rng, grid.height, grid.width, degrees=3, shift=6, perspective=2, mirrored=mirrored)


def shift(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


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
