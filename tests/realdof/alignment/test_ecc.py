"""ECC: it knows no brightness, says when images do not overlap, and different blur does not change its scale."""

import numpy as np
import pytest
from small_pairs import GRID, HEIGHT, WIDTH, pair
from view_pairs import blurred_views, corner_error

from realdof.alignment.ecc import MaskedImage, maximise_correlation
from realdof.alignment.estimate import AlignmentSettings, estimate_homography
from realdof.geometry.grid import corner_distance
from realdof.images.colour import luma


def test_ecc_does_not_know_brightness_and_contrast() -> None:
    views = pair(6, mirrored=False, degrees=0.5, shift=2.0)
    first, second = luma(views.reference), luma(views.moving)
    known = np.ones(first.shape, bool)
    results = [
        maximise_correlation(
            MaskedImage(first, known), MaskedImage(moving, known), np.eye(3), iterations=30, epsilon=1e-8
        )
        for moving in (second, np.float32(0.4) * second + np.float32(0.2))
    ]
    assert corner_error(results[0].homography, results[1].homography, HEIGHT, WIDTH) < 2e-3


def test_images_that_do_not_overlap_have_no_correlation() -> None:
    image = MaskedImage(luma(pair(0).reference), np.ones((HEIGHT, WIDTH), bool))
    away = np.array([[1, 0, 2.0 * WIDTH], [0, 1, 0], [0, 0, 1]])
    assert maximise_correlation(image, image, away, iterations=10, epsilon=1e-6).correlation == -1


def test_no_iteration_leaves_the_start_as_it_is() -> None:
    image = MaskedImage(luma(pair(0).reference), np.ones((HEIGHT, WIDTH), bool))
    start = np.array([[1, 0, 3.0], [0, 1, 0], [0, 0, 1]])
    result = maximise_correlation(image, image, start, iterations=0, epsilon=1e-6)
    assert (result.correlation, result.iterations) == (-1, 0)
    np.testing.assert_array_equal(result.homography, start)


@pytest.mark.parametrize("sigmas", [(1.0, 1.0), (1.0, 2.0), (0.5, 3.0)])
def test_a_scale_of_a_fiftieth_between_differently_blurred_images_is_found_to_a_fiftieth_of_a_pixel(
    sigmas: tuple[float, float],
) -> None:
    """Blur that reads replicated pixels beyond the border biases an ECC that does not mask it (OpenCV's)."""
    views = blurred_views(0, GRID, 1.02, sigmas)
    found = estimate_homography(views.reference, views.moving, AlignmentSettings())
    assert corner_distance(found.matrix, views.homography, GRID) <= 0.02
    assert found.method == "pyramid-ecc"
