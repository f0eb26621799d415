"""The sigma estimate on scikit-image's photographs under known blur, and how it is spread."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage import data

from baselines.map_based.propagation import propagate
from baselines.map_based.sigma import estimate_sigma, sigma_at_edges

SIGMAS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)


def half_size(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A photograph at half its size, which is sharper at the pixel than any camera's."""
    return cv2.resize(pixels.astype(np.float32) / 255, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def medians(image: NDArray[np.float32], sigmas: tuple[float, ...]) -> NDArray[np.float64]:
    """The median estimate at edges of the image under each Gaussian blur, in 8 bits."""
    found = []
    for sigma in sigmas:
        blurred = cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        edges, estimate = sigma_at_edges((np.round(blurred * 255) / 255).mean(axis=2).astype(np.float32))
        found.append(np.median(estimate[edges]))
    return np.array(found)


def test_known_blur_of_a_photograph_is_found_within_a_quarter() -> None:
    found = medians(half_size(data.coffee()), SIGMAS)
    assert (np.diff(found) > 0).all()
    np.testing.assert_allclose(found, SIGMAS, rtol=0.25)


def test_blur_adds_to_the_photographs_own() -> None:
    image = half_size(data.astronaut())
    edges, estimate = sigma_at_edges(image.mean(axis=2))
    own = np.median(estimate[edges])
    found = medians(image, SIGMAS)
    assert (np.diff(found) > 0).all()
    np.testing.assert_allclose(found, np.hypot(SIGMAS, own), rtol=0.25)


def test_map_follows_blur_that_differs_between_halves() -> None:
    image = half_size(data.astronaut())
    image[:, 128:] = cv2.GaussianBlur(image, (0, 0), 3)[:, 128:]
    sigma = estimate_sigma(image)
    assert sigma.shape == (256, 256)
    assert sigma.dtype == np.float32
    assert np.median(sigma[:, :110]) < 1
    assert np.median(sigma[:, 146:]) > 2


def test_image_without_edges_has_no_blur_to_undo() -> None:
    assert not estimate_sigma(np.full((64, 80, 3), 0.4, np.float32)).any()


@settings(deadline=None, max_examples=30)
@given(level=st.floats(0, 8), seed=st.integers(0, 999))
def test_propagation_of_one_value_fills_the_image_with_it(level: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    confidence = (rng.random((20, 30)) > 0.9).astype(np.float32)
    confidence[0, 0] = 1
    filled = propagate(confidence, np.full((20, 30), level, np.float32), rng.random((20, 30), dtype=np.float32))
    np.testing.assert_allclose(filled, np.float32(level), rtol=1e-6)


def test_propagation_stops_at_an_edge_of_the_guide() -> None:
    guide = np.zeros((40, 60), np.float32)
    guide[:, 30:] = 1
    confidence = np.zeros_like(guide)
    confidence[5, 5] = confidence[20, 50] = 1
    filled = propagate(confidence, np.where(guide > 0, 4, 1).astype(np.float32), guide)
    np.testing.assert_allclose(filled, np.where(guide > 0, 4, 1), atol=0.01)
