import json
from dataclasses import asdict, replace

import cv2
import numpy as np
import pytest
from view_pairs import view_pair

from realdof.alignment.estimate import Alignment, AlignmentSettings, estimate_homography
from realdof.geometry.grid import Grid
from realdof.geometry.region import valid_region
from realdof.geometry.warp import warp_to_grid
from realdof.images.colour import linear_to_srgb, srgb_to_linear
from realdof.matching.photometry import eccentricity
from realdof.matching.quality import SceneQuality, measure_quality, residual_exposure, residual_shift

HEIGHT, WIDTH = 594, 891
GRID = Grid(HEIGHT, WIDTH)


@pytest.fixture(scope="module")
def views() -> tuple[np.ndarray, np.ndarray, Alignment]:
    """A reference pair, the moving photograph warped by what the alignment found, cropped to the valid region."""
    pair = view_pair(3, HEIGHT, WIDTH, shift=15, perspective=3, noise=0.01, leaves=6000)
    alignment = estimate_homography(pair.reference, pair.moving, AlignmentSettings())
    region = valid_region(alignment.matrix, GRID, GRID).slices
    return pair.reference[region], warp_to_grid(pair.moving, alignment.matrix, GRID)[region], alignment


def blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    return np.asarray(linear_to_srgb(cv2.GaussianBlur(srgb_to_linear(image), (0, 0), sigma)), np.float32)


def brighter(image: np.ndarray, gain: np.ndarray | float) -> np.ndarray:
    return np.asarray(np.clip(linear_to_srgb(srgb_to_linear(image) * gain), 0, 1), np.float32)


def moved(image: np.ndarray, x: float) -> np.ndarray:
    matrix = np.float32([[1, 0, x], [0, 1, 0]])
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(image, matrix, image.shape[1::-1], flags=flags, borderMode=cv2.BORDER_REFLECT))


def measure(views: tuple[np.ndarray, np.ndarray, Alignment], **changes: object) -> SceneQuality:
    reference, warped, alignment = views
    images = {
        "reference": reference,
        "reference_moved": warped,
        "defocused": blurred(reference, 4),
        "all_in_focus": warped,
    }
    return measure_quality(changes.pop("alignment", alignment), **(images | changes))  # type: ignore[arg-type]


def test_a_good_scene_is_accepted_with_its_figures(views: tuple[np.ndarray, np.ndarray, Alignment]) -> None:
    quality = measure(views)
    assert quality.verdict == "accepted", quality.reason
    assert quality.residual_shift.median is not None
    assert quality.residual_shift.median < 0.1
    assert quality.reference_psnr is not None
    assert quality.reference_psnr > 30
    assert quality.reference_ssim > 0.9
    assert quality.blur_median == pytest.approx(4, rel=0.1)
    assert len(quality.residual_shift.field) == (
        quality.residual_shift.tiles - quality.residual_shift.untextured_tiles - quality.residual_shift.unmatched_tiles
    )


@pytest.mark.parametrize(("shift", "verdict"), [(0.2, "doubtful"), (0.6, "rejected")])
def test_a_displacement_that_is_left_is_measured_and_speaks_against_the_scene(
    views: tuple[np.ndarray, np.ndarray, Alignment], shift: float, verdict: str
) -> None:
    quality = measure(views, reference_moved=moved(views[1], -shift))
    assert quality.residual_shift.median == pytest.approx(shift, abs=0.05)
    assert quality.residual_shift.corner == pytest.approx(shift, abs=0.06)
    assert quality.verdict == verdict
    assert "displaced" in quality.reason


def test_a_part_that_is_displaced_counts_though_median_and_corners_are_not(
    views: tuple[np.ndarray, np.ndarray, Alignment],
) -> None:
    """The 95th percentile is part of what is displaced at most."""
    warped = views[1].copy()
    warped[:, 320:448] = moved(views[1], -0.6)[:, 320:448]
    quality = measure(views, reference_moved=warped)
    left = quality.residual_shift
    assert left.median is not None
    assert left.corner is not None
    assert max(left.median, left.corner) < 0.1
    assert left.percentile_95 == pytest.approx(0.6, abs=0.1)
    assert left.largest == left.percentile_95
    assert quality.verdict == "rejected"
    assert f"displaced by {left.percentile_95:.2f} px" in quality.reason


def test_the_field_points_to_where_the_moving_photograph_has_gone(
    views: tuple[np.ndarray, np.ndarray, Alignment],
) -> None:
    field = residual_shift(views[0], moved(views[1], -2.0)).field
    assert np.median([vector.dx for vector in field]) == pytest.approx(2, abs=0.1)
    assert np.median([vector.dy for vector in field]) == pytest.approx(0, abs=0.05)


def test_tiles_without_texture_are_counted_and_left_out(views: tuple[np.ndarray, np.ndarray, Alignment]) -> None:
    reference, warped, _ = (np.copy(view) if isinstance(view, np.ndarray) else view for view in views)
    reference[:256], warped[:256] = 0.5, 0.5
    left = residual_shift(reference, warped)
    assert left.untextured_tiles > 0.3 * left.tiles
    assert all(vector.y > 224 for vector in left.field)


@pytest.mark.parametrize(("gain", "verdict"), [(1.05, "doubtful"), (1.3, "rejected")])
def test_an_exposure_difference_that_is_left_is_measured_per_channel(
    views: tuple[np.ndarray, np.ndarray, Alignment], gain: float, verdict: str
) -> None:
    quality = measure(views, all_in_focus=brighter(views[1], np.array([1, 1 / gain, 1])))
    assert quality.residual_exposure.error is not None
    red, green, blue = quality.residual_exposure.error
    assert green == pytest.approx(gain - 1, abs=0.02)
    assert max(red, blue) < 0.02
    assert quality.verdict == verdict
    assert "exposure" in quality.reason


def test_vignetting_shows_in_the_exposure_map(views: tuple[np.ndarray, np.ndarray, Alignment]) -> None:
    reference, warped, _ = views
    fall = np.linspace(1, 0.8, reference.shape[1])[None, :, None]
    table = residual_exposure(brighter(reference, fall), warped).map
    left, right = ([row[column] for row in table if row[column]] for column in (0, -1))
    assert np.mean(left) > np.mean(right) + 0.1


@pytest.mark.parametrize(("falloff", "verdict"), [(0.15, "accepted"), (0.5, "doubtful")])
def test_vignetting_is_told_from_a_wrong_exposure_and_named(
    views: tuple[np.ndarray, np.ndarray, Alignment], falloff: float, verdict: str
) -> None:
    """A lens wide open loses light in the corners, which no gain corrects: no reason to reject a scene."""
    fall = (1 - falloff * (eccentricity(*views[0].shape[:2]) + 1 / 3)) / (1 - falloff / 3)
    quality = measure(views, defocused=brighter(blurred(views[0], 4), fall[..., None]))
    exposure = quality.residual_exposure
    assert exposure.falloff == pytest.approx(falloff, abs=0.03)
    assert exposure.remainder is not None
    assert max(exposure.remainder) < 0.02
    assert quality.verdict == verdict, quality.reason
    assert ("vignetting" in quality.reason) == (verdict == "doubtful")


def test_clipped_parts_are_not_compared_but_counted(views: tuple[np.ndarray, np.ndarray, Alignment]) -> None:
    white = np.ones_like(views[0])
    quality = measure(views, defocused=white)
    assert quality.clipped_defocused == 1
    assert quality.residual_exposure.error is None
    assert (quality.verdict, "clipped" in quality.reason) == ("doubtful", True)


def test_a_rejected_alignment_rejects_the_scene_for_the_same_reason(
    views: tuple[np.ndarray, np.ndarray, Alignment],
) -> None:
    rejected = replace(views[2], verdict="rejected", reason="there is too little texture")
    quality = measure(views, alignment=rejected)
    assert (quality.verdict, quality.reason) == ("rejected", "there is too little texture")


def test_the_quality_of_any_scene_is_json(views: tuple[np.ndarray, np.ndarray, Alignment]) -> None:
    flat = np.full_like(views[0], 0.5)
    for images in ({}, {"reference": flat, "reference_moved": flat, "defocused": flat, "all_in_focus": flat}):
        json.dumps(asdict(measure(views, **images)), allow_nan=False)
