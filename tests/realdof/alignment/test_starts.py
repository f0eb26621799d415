"""Where alignment may begin."""

import numpy as np
import pytest
from scipy import fft
from small_pairs import HEIGHT, WIDTH, pair
from view_pairs import corner_error

from realdof.alignment.starts import _RADII, Features, match_features, similarity_from_spectra
from realdof.geometry.grid import Grid
from realdof.images.colour import luma


@pytest.mark.parametrize("degrees", [-20.0, 7.0, 170.0])
def test_spectra_tell_rotation_scale_and_shift_to_a_few_pixels(degrees: float) -> None:
    grid = Grid(HEIGHT, WIDTH)
    angle, scale = np.deg2rad(degrees), 1.05
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([WIDTH / 2, HEIGHT / 2])
    exact = np.eye(3)
    exact[:2, :2], exact[:2, 2] = turn, middle - turn @ middle + (9, -5)
    views = pair(8, exact=exact, mirrored=False)
    found = similarity_from_spectra(luma(views.reference), luma(views.moving))
    assert found is not None
    assert corner_error(found, exact, grid.height, grid.width) < 12


@pytest.mark.parametrize(("scale", "is_start"), [(0.45, False), (0.55, True), (1.9, True), (2.2, False)])
def test_spectra_that_suggest_a_scale_outside_a_half_to_two_are_no_start(
    scale: float, is_start: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = luma(pair(8).reference)
    size = fft.next_fast_len(max(image.shape), real=True)
    along_radius = -np.log(scale) * _RADII / np.log(size / 2)
    monkeypatch.setattr("cv2.phaseCorrelate", lambda *images: ((along_radius, 0.0), 1.0))
    assert (similarity_from_spectra(image, image) is not None) == is_start


def test_features_tell_a_shift_of_a_photograph_and_of_a_dark_one() -> None:
    exact = np.array([[1, 0, 9.0], [0, 1, -5.0], [0, 0, 1]])
    views = pair(8, exact=exact, mirrored=False)
    for light in (1.0, 0.02):
        found = match_features(Features.of(light * luma(views.reference)), Features.of(light * luma(views.moving)))
        assert found is not None
        assert found.inliers > 30
        assert corner_error(found.homography, exact, HEIGHT, WIDTH) < 2


def test_photographs_without_features_have_no_match() -> None:
    plain = Features.of(np.full((HEIGHT, WIDTH), 0.5, np.float32))
    assert plain.descriptors.shape == (0, 128)
    assert match_features(plain, plain) is None
