"""Which alignments are trusted, and why the others are not."""

from collections.abc import Callable
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
from realdof.alignment.verdict import Evidence, judge
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


@pytest.fixture(scope="module")
def evidence() -> Callable[..., Evidence]:
    """The evidence of a photograph with itself, in which figures of all tiles or the model can be changed."""
    grey = luma(pair(0).reference)
    found = tile_shifts(grey, grey)

    def of(bound: float | None = None, **changes: object) -> Evidence:
        fields = {name: np.broadcast_to(value, getattr(found, name).shape) for name, value in changes.items()}
        tiles = replace(found, **fields)
        model = fit_shift_model(tiles, Grid(HEIGHT, WIDTH))
        return Evidence(tiles, model if bound is None else replace(model, bound=bound), 0.99, 0.0, grey)

    return of


def test_each_measurement_that_is_too_bad_has_its_own_verdict_and_reason(evidence: Callable[..., Evidence]) -> None:
    few = np.zeros(evidence().tiles.within.shape, bool)
    few.flat[:3] = True
    whole = few.size
    ones = np.array([5.0, 0.0, 5.0])
    cases = [
        ({}, "accepted", f"{whole} of {whole} textured tiles match, the corners are known to 0.0"),
        ({"standard_error": 1.0}, "rejected", f"too little texture to align by: 0 of {whole} tiles have any"),
        ({"expected_peak": 0.5}, "rejected", "share too little texture: 0 tiles of their overlap have any"),
        ({"within": few, "standard_error": 0.0}, "rejected", "share too little texture: 3 tiles of their overlap"),
        ({"peak": 0.1}, "rejected", f"differ after alignment: only 0 of {whole} textured tiles match"),
        ({"bound": 0.31}, "rejected", "the corners are known to 0.31 px only, at most 0.3 px would do"),
        ({"bound": 0.16}, "doubtful", "the corners are known to 0.16 px only, 0.15 px would be good"),
        ({"gradients": ones, "moving_gradients": ones * (2.25, 1, 1)}, "doubtful", "one camera shook: the photographs"),
    ]
    for changes, verdict, reason in cases:
        found = judge(evidence(**changes))
        assert found[0] == verdict, (changes, found)
        assert reason in found[1], (changes, found)


def test_photographs_that_share_less_of_the_frame_than_any_rig_s_are_refused(evidence: Callable[..., Evidence]) -> None:
    within = np.zeros(evidence().tiles.within.shape, bool)
    within[:, : round(0.35 * within.shape[1])] = True
    assert judge(evidence(within=within)) == (
        "rejected", f"the photographs overlap in {within.mean():.0%} of the frame only, as far as aligned"
    )  # fmt: skip


def test_without_texture_nothing_agrees_and_no_camera_shook(evidence: Callable[..., Evidence]) -> None:
    bare = evidence(expected_peak=0.5)
    assert bare.agreement == 0
    assert bare.shake == 1
    assert bare.error is None
