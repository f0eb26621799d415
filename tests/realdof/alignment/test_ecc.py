"""ECC: it knows no brightness, says when images do not overlap, and different blur does not change its scale."""

import numpy as np
import pytest
from small_pairs import GRID, HEIGHT, WIDTH, pair
from view_pairs import blurred_views, corner_error

from realdof.alignment.ecc import MaskedImage, _normal_matrix, _steepest_descent, maximise_correlation
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


def test_the_normal_equations_are_those_of_the_numerical_derivatives_of_a_homography() -> None:
    rng = np.random.default_rng(0)
    x, y = np.linspace(-1, 1, 9), np.linspace(-0.7, 0.7, 7)
    horizontal, vertical, error = rng.standard_normal((3, 7, 9)).astype(np.float32)
    valid = rng.random((7, 9)) < 0.8
    points = np.stack([*np.meshgrid(x, y), np.ones((7, 9))])
    columns = []
    for parameter in range(8):
        moved = []
        for step in (1e-5, -1e-5):
            matrix = np.eye(3)
            matrix.flat[parameter] += step
            u, v, w = np.einsum("ij,jyx->iyx", matrix, points)
            moved.append(np.stack([u / w, v / w]))
        across, down = (moved[0] - moved[1]) / 2e-5
        columns.append(horizontal * across + vertical * down)
    jacobian = np.stack(columns)
    normal = np.einsum("iyx,jyx->ij", jacobian * valid, jacobian)
    np.testing.assert_allclose(_normal_matrix(horizontal, vertical, valid, x, y), normal, atol=1e-4)
    descent = np.einsum("iyx,yx->i", jacobian, error)
    np.testing.assert_allclose(_steepest_descent(horizontal, vertical, error, x, y), descent, atol=1e-4)
