"""Which alignments are trusted, and why the others are not."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from small_pairs import HEIGHT, WIDTH, align, pair
from view_pairs import corner_error, view_pair
from wrong_pairs import KINDS, moved_object

from realdof.alignment.displacement import fit_shift_model
from realdof.alignment.estimate import AlignmentSettings, estimate_homography
from realdof.alignment.tiles import tile_shifts
from realdof.alignment.verdict import Evidence
from realdof.geometry.grid import Grid
from realdof.images.colour import luma


def test_pure_sky_is_refused_for_its_lack_of_texture() -> None:
    for noise in (0.003, 0.03):
        found = align(pair(2, content="sky", leaves=0, noise=noise))
        assert found.verdict == "rejected"
        assert "texture" in found.reason


@pytest.mark.parametrize("seed", range(3))
def test_two_different_scenes_are_refused(seed: int) -> None:
    found = align(pair(seed, other_scene=True))
    assert found.verdict == "rejected"
    assert "same scene" in found.reason


@pytest.mark.parametrize("seed", range(3))
def test_texture_in_one_corner_only_is_not_trusted_at_the_others(seed: int) -> None:
    views = pair(seed, content="sky", leaves=12, noise=0.003)
    found = align(views)
    assert found.verdict != "accepted"


def test_a_scene_that_repeats_itself_is_refused() -> None:
    """A period of 24 px: the shift of the cameras is known only up to whole periods."""
    rng = np.random.default_rng(0)
    cell = rng.random((24, 24, 3)).astype(np.float32)
    canvas = cv2.GaussianBlur(np.tile(cell, (HEIGHT // 24 + 4, WIDTH // 24 + 4, 1)), (0, 0), 1.5)
    views = [canvas[top : top + HEIGHT, left : left + WIDTH] for top, left in ((10, 10), (14, 44))]
    found = estimate_homography(*views, AlignmentSettings(mirrored=False))
    assert found.verdict == "rejected"
    assert "repeats" in found.reason


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_no_wrong_or_degenerate_pair_is_accepted(kind: str, seed: int) -> None:
    reference, moving = KINDS[kind](seed, HEIGHT, WIDTH)
    found = estimate_homography(reference, moving, AlignmentSettings())
    assert found.verdict != "accepted", found.reason


def test_an_object_that_moved_makes_a_pair_doubtful_even_if_the_homography_is_right() -> None:
    reference, moving = moved_object(1, HEIGHT, WIDTH)
    found = estimate_homography(reference, moving, AlignmentSettings())
    assert found.estimated_error is not None
    assert found.estimated_error < 0.15
    assert found.verdict == "doubtful"
    assert "of the scene moved" in found.reason


@pytest.mark.parametrize("seed", range(4))
def test_a_small_frame_is_accepted_by_its_expected_error_not_by_its_number_of_tiles(seed: int) -> None:
    """400x266 px have 24 tiles, of which a rig's misalignment leaves a dozen within both photographs."""
    views = view_pair(seed, 266, 400, shift=30.0, perspective=1.0, leaves=3000, noise=0.03)
    found = estimate_homography(views.reference, views.moving, AlignmentSettings())
    assert found.verdict == "accepted", found.reason
    assert found.estimated_error is not None
    assert corner_error(found.matrix, views.homography, 266, 400) <= found.estimated_error <= 0.15


@pytest.mark.parametrize(("stretch", "shake"), [((1, 1), 1.0), ((2.25, 1), 1.5), ((1, 2.25), 1.5), ((3, 3), 1.0)])
def test_shake_is_the_ratio_of_the_sharpness_along_a_direction_to_that_across_it(
    stretch: tuple[float, float], shake: float
) -> None:
    tiles = tile_shifts(*[luma(pair(0).reference)] * 2)
    ones = np.broadcast_to([5.0, 0.0, 5.0], tiles.gradients.shape)
    moving = ones * (stretch[0], 1, stretch[1])
    evidence = Evidence(
        replace(tiles, gradients=ones, moving_gradients=moving), fit_shift_model(tiles, Grid(HEIGHT, WIDTH)), 1.0, 0.0,
        luma(pair(0).reference),
    )  # fmt: skip
    assert evidence.shake == pytest.approx(shake)
