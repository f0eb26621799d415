"""What a photograph holds between its noise and its shading."""

import cv2
import numpy as np
import pytest
from small_pairs import HEIGHT, WIDTH, pair

from realdof.alignment.detail import (
    NOISE_ENERGY,
    NOISE_GRADIENT,
    band_pass,
    is_structureless,
    noise_level,
    self_similarity,
)
from realdof.images.colour import luma


def test_the_noise_level_of_a_smooth_image_is_the_noise() -> None:
    rng = np.random.default_rng(0)
    smooth = np.linspace(0, 1, WIDTH, dtype=np.float32)[None] * np.ones((HEIGHT, 1), np.float32)
    noisy = smooth + 0.02 * rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32)
    assert noise_level(noisy) == pytest.approx(0.02, rel=0.03)


def test_coloured_noise_is_no_structure_but_a_scene_is() -> None:
    rng = np.random.default_rng(1)
    noise = cv2.GaussianBlur(rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32), (0, 0), 1.0)
    sky = np.linspace(0.7, 0.4, HEIGHT, dtype=np.float32)[:, None]
    assert is_structureless(sky + 0.02 * noise)
    assert not is_structureless(luma(pair(0).reference))


def test_the_band_pass_ignores_brightness_and_slow_shading() -> None:
    ramp = np.linspace(0, 1, WIDTH, dtype=np.float32)[None] * np.ones((HEIGHT, 1), np.float32)
    np.testing.assert_allclose(band_pass(ramp)[30:-30, 30:-30], 0, atol=1e-5)


def test_the_noise_constants_are_the_variances_of_band_passed_white_noise_and_its_gradient() -> None:
    passed = band_pass(np.random.default_rng(2).standard_normal((512, 512)).astype(np.float32))
    assert passed.var() == pytest.approx(NOISE_ENERGY, rel=0.03)
    assert np.gradient(passed, axis=1)[:, 1:-1].var() == pytest.approx(NOISE_GRADIENT, rel=0.03)


def test_a_periodic_image_is_similar_to_itself_and_a_scene_is_not() -> None:
    cell = np.random.default_rng(3).random((24, 24)).astype(np.float32)
    tiled = np.tile(cell, (HEIGHT // 24 + 1, WIDTH // 24 + 1))[:HEIGHT, :WIDTH]
    assert self_similarity(tiled) == pytest.approx(1.0, abs=0.02)
    assert 0.0 < self_similarity(luma(pair(0).reference)) < 0.5
