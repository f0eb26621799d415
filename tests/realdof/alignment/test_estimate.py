"""The homography of a reference pair, whatever the rig's misalignment."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from small_pairs import EXACT, HEIGHT, WIDTH, align, error, pair
from view_pairs import ViewPair, corner_error

from realdof.alignment.estimate import AlignmentSettings, estimate_homography
from realdof.geometry.grid import Grid, mirror


@pytest.mark.parametrize("seed", range(4))
def test_rotation_shift_perspective_mirror_and_exposure_are_found_to_a_twentieth_of_a_pixel(seed: int) -> None:
    views = pair(seed, gain=[0.7, 0.9, 1.15, 1.4][seed], noise=0.01, mirrored=bool(seed % 2))
    found = align(views)
    assert error(found, views) <= EXACT
    assert found.mirrored == views.mirrored
    assert found.verdict == "accepted"
    assert found.estimated_error is not None
    assert error(found, views) <= found.estimated_error <= 0.15


@pytest.mark.parametrize(("degrees", "shift"), [(10.0, 10.0), (2.0, 39.0), (10.0, 39.0)])
def test_a_tenth_of_the_width_and_ten_degrees_are_recovered(degrees: float, shift: float) -> None:
    """39 px at this size are 156 px at the paper's."""
    views = pair(11, degrees=degrees, shift=shift)
    found = align(views)
    assert error(found, views) <= EXACT
    assert found.verdict == "accepted"


def test_a_pure_shift_by_part_of_a_pixel_is_not_drawn_to_whole_ones() -> None:
    views = pair(5, exact=np.array([[1, 0, 0.25], [0, 1, 0.1], [0, 0, 1]]), mirrored=False, noise=0.03)
    assert error(align(views), views) <= 0.02


def test_different_vignetting_of_the_lenses_does_not_pull_the_alignment() -> None:
    views = pair(3, leaves=500)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    distance = ((x - WIDTH / 2) ** 2 + (y - HEIGHT / 2) ** 2) / (WIDTH**2 / 4 + HEIGHT**2 / 4)
    fall = (1 - 0.25 * distance)[..., None].astype(np.float32)
    vignetted = ViewPair(views.reference * fall, views.moving, views.homography, views.mirrored)
    assert error(align(vignetted), views) <= EXACT


def test_sixteen_bit_pixels_align_as_their_floats_do() -> None:
    views = pair(1)
    stored = [np.round(image * 65535).astype(np.uint16) for image in (views.reference, views.moving)]
    first, second = estimate_homography(*stored, AlignmentSettings()), align(views)
    assert corner_error(first.matrix, second.matrix, HEIGHT, WIDTH) < 0.002


def test_a_mirror_given_in_the_settings_is_believed() -> None:
    views = pair(1)
    found = align(views, AlignmentSettings(mirrored=True))
    assert found.mirrored
    assert found.inliers_other_way is None
    assert error(found, views) <= EXACT
    assert align(views, AlignmentSettings(mirrored=False)).verdict == "rejected"


def test_identical_photographs_give_the_identity() -> None:
    views = pair(0)
    found = estimate_homography(views.reference, views.reference, AlignmentSettings())
    assert corner_error(found.matrix, np.eye(3), HEIGHT, WIDTH) < 1e-3
    assert not found.mirrored


@pytest.mark.slow
def test_the_authors_setting_finds_the_same_homography() -> None:
    views = pair(4, shift=8.0, degrees=1.0)
    found = align(views, AlignmentSettings(ecc_iterations=300, ecc_epsilon=-1))
    assert (found.method, found.iterations) == ("single-level-ecc", 300)
    assert error(found, views) <= EXACT
    assert corner_error(found.matrix, align(views).matrix, HEIGHT, WIDTH) <= EXACT


def test_photographs_of_unequal_size_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="unequal"):
        estimate_homography(np.zeros((200, 300, 3)), np.zeros((200, 302, 3)), AlignmentSettings())


def test_an_alignment_is_json() -> None:
    found = align(pair(1))
    assert json.loads(json.dumps(asdict(found), allow_nan=False))["verdict"] == "accepted"


def test_the_mirror_is_part_of_the_homography() -> None:
    views = pair(1, exact=mirror(Grid(HEIGHT, WIDTH)))
    found = align(ViewPair(views.reference, views.reference[:, ::-1], mirror(Grid(HEIGHT, WIDTH)), True))
    assert corner_error(found.matrix, mirror(Grid(HEIGHT, WIDTH)), HEIGHT, WIDTH) < 1e-3
