import cv2
import numpy as np
import pytest
from view_pairs import photograph, scene

from realdof.matching.blur import BlurMap, blur_map, blurred_like
from realdof.optics.lens import disc_kernel

HEIGHT, WIDTH = 400, 600
GREY = np.ones(3)


@pytest.fixture(scope="module")
def light() -> np.ndarray:
    return scene(np.random.default_rng(6), HEIGHT, WIDTH, leaves=3000)


def defocused(light: np.ndarray, radius: float) -> np.ndarray:
    kernel = disc_kernel(radius).astype(np.float32)
    return np.asarray(cv2.filter2D(light, -1, kernel, borderType=cv2.BORDER_REFLECT))


def mapped(light: np.ndarray, blurred: np.ndarray, gain: float = 1.0, noise: float = 0.02) -> BlurMap:
    """The map of a pair whose defocused image has little noise and whose F16 image has much."""
    rng = np.random.default_rng(1)
    return blur_map(photograph(rng, blurred, gain * GREY, 0.005), photograph(rng, light, GREY, noise))


@pytest.mark.parametrize("radius", [2.0, 6.0, 12.0])
def test_a_disc_of_radius_r_is_a_gaussian_of_half_of_it(light: np.ndarray, radius: float) -> None:
    found = mapped(light, defocused(light, radius), gain=0.8)
    assert found.percentile(50) == pytest.approx(radius / 2, rel=0.2)


def test_a_gaussian_is_found_as_it_is(light: np.ndarray) -> None:
    found = mapped(light, cv2.GaussianBlur(light, (0, 0), 5.0))
    assert found.percentile(50) == pytest.approx(5.0, rel=0.1)


def test_blur_that_grows_across_the_image_grows_across_the_map(light: np.ndarray) -> None:
    half = WIDTH // 2
    blurred = np.concatenate([defocused(light, 2.0)[:, :half], defocused(light, 10.0)[:, half:]], axis=1)
    left, right = np.array_split(mapped(light, blurred).sigma, 2, axis=1)
    assert np.nanmedian(left) < 1.5
    assert np.nanmedian(right) == pytest.approx(5.0, rel=0.2)


def test_the_noise_of_the_f16_image_is_not_taken_for_sharpness(light: np.ndarray) -> None:
    """Against 0.02 of noise an image without any looks blurred, unless the noise is known for what it is."""
    clean, noisy = (mapped(light, light, noise=noise).percentile(50) for noise in (0.002, 0.05))
    assert clean is not None
    assert noisy is not None
    assert clean < 0.5
    assert noisy < 1.0


def test_exposure_does_not_matter(light: np.ndarray) -> None:
    blurred = defocused(light, 6.0)
    maps = [mapped(light, blurred, gain=gain).sigma for gain in (0.7, 1.0)]
    assert np.nanmedian(np.abs(maps[0] - maps[1])) < 0.15


def test_a_sky_has_no_blur_to_measure() -> None:
    sky = scene(np.random.default_rng(7), HEIGHT, WIDTH, "sky", leaves=0)
    empty = mapped(sky, sky)
    assert np.isnan(empty.sigma).mean() > 0.9
    assert BlurMap(np.full((2, 2), np.nan)).percentile(50) is None


def test_an_image_blurred_as_the_map_says_comes_close_to_the_defocused_one(light: np.ndarray) -> None:
    blurred = defocused(light, 8.0)
    half = (WIDTH // 2, HEIGHT // 2)
    sharp, soft = (cv2.resize(image, half, interpolation=cv2.INTER_AREA) for image in (light, blurred))
    again = blurred_like(sharp, mapped(light, blurred))
    assert again.shape == sharp.shape
    assert np.abs(again - soft).mean() < 0.15 * np.abs(sharp - soft).mean()
    # Light is moved about, not lost.
    assert again.mean() == pytest.approx(float(sharp.mean()), rel=0.01)
