import json
from dataclasses import asdict

import cv2
import numpy as np
import pytest
from view_pairs import photograph, scene

from realdof.common.errors import InputError
from realdof.images.colour import linear_to_srgb, srgb_to_linear
from realdof.matching.photometry import PhotometricModel, apply_photometry, clipped, fit_photometry
from realdof.optics.lens import disc_kernel

HEIGHT, WIDTH = 793, 1188
CHANNELS = np.array([1.0, 0.96, 1.05])


def target_pair(seed: int, *, radius: float, gain: float, clipped_share: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A defocused and an all-in-focus image: the blur grows from the middle to ``radius`` px at both sides."""
    rng = np.random.default_rng(seed)
    light = scene(rng, HEIGHT, WIDTH, leaves=1500)
    if clipped_share:
        light = light / np.quantile(light.max(axis=2), 1 - clipped_share)
    radii = np.linspace(0, radius, 7)
    away = np.abs(np.linspace(-6, 6, WIDTH, dtype=np.float32))[None, :, None]
    blurred = np.zeros_like(light)
    for index, step in enumerate(radii):
        share = np.maximum(0, 1 - np.abs(away - np.float32(index)))
        # Light is spread from where it comes, so none is lost.
        blurred += cv2.filter2D(
            light * share, -1, disc_kernel(max(step, 0.01)).astype(np.float32), borderType=cv2.BORDER_REFLECT
        )
    return photograph(rng, blurred, gain * CHANNELS, 0.005), photograph(rng, light, np.ones(3), 0.02)


def gain_error(model: PhotometricModel, gain: float) -> float:
    return float(np.abs(np.array(model.gain) / (gain * CHANNELS) - 1).max())


@pytest.mark.parametrize(
    ("radius", "gain", "clipped_share"),
    [(2.5, 0.7, 0.0), (7.5, 1.4, 0.0), (15.0, 0.8, 0.0), (15.0, 1.2, 0.22), (15.0, 0.75, 0.22)],
)
def test_the_gain_of_a_defocused_target_pair_is_found_to_half_a_percent(
    radius: float, gain: float, clipped_share: float
) -> None:
    """15 px at this size are 30 px at the paper's."""
    defocused, all_in_focus = target_pair(1, radius=radius, gain=gain, clipped_share=clipped_share)
    model = fit_photometry(defocused, all_in_focus)
    assert (model.method, model.pair, model.domain) == ("lowpass-linear", "target", "linear-light")
    assert gain_error(model, gain) <= 0.005
    assert max(map(abs, model.offset)) <= 0.002


def test_mean_and_deviation_darken_the_contrast_of_a_target_pair() -> None:
    """The reason why RealBlur's method is not the default."""
    defocused, all_in_focus = target_pair(2, radius=15, gain=1.0)
    for method in ("mean-std", "linear"):
        model = fit_photometry(defocused, all_in_focus, method=method)
        assert model.domain == "srgb"
        assert max(model.gain) < 0.97


def vignetted(image: np.ndarray, falloff: float) -> np.ndarray:
    """Darker by ``falloff`` in the corners than in the middle, as the square of the distance."""
    y, x = (np.linspace(-1, 1, side, dtype=np.float32) for side in image.shape[:2])
    height, width = image.shape[:2]
    distance = (height**2 * y[:, None] ** 2 + width**2 * x**2) / (height**2 + width**2)
    return np.asarray(linear_to_srgb(srgb_to_linear(image) * (1 - falloff * distance)[..., None]), np.float32)


@pytest.mark.parametrize("falloff", [0.1, 0.45])
def test_vignetting_of_the_wide_open_lens_is_measured_and_tints_nothing(falloff: float) -> None:
    defocused, all_in_focus = target_pair(1, radius=7.5, gain=0.8)
    model = fit_photometry(vignetted(defocused, falloff), all_in_focus)
    assert model.falloff == pytest.approx(falloff, abs=0.02)
    # The frame's mean: a third of the falloff less than in the middle.
    ratio = np.array(model.gain) / (0.8 * CHANNELS * (1 - falloff / 3))
    assert ratio == pytest.approx(1, abs=0.01)
    assert ratio.max() / ratio.min() < 1.008


def test_noise_clipped_at_black_brightens_shadows_but_not_the_gain() -> None:
    """What demosaicing leaves of the noise of an F16 image at ISO 8000 lies above zero in the shadows only."""
    defocused, all_in_focus = target_pair(1, radius=7.5, gain=1.2)
    light = srgb_to_linear(all_in_focus)
    lifted = np.asarray(linear_to_srgb(light + 0.003 * np.exp(-light / 0.02)), np.float32)
    assert gain_error(fit_photometry(defocused, lifted), 1.2) <= 0.005


@pytest.mark.parametrize("clipped_share", [0.0, 0.22])
def test_every_method_finds_the_gain_of_a_reference_pair(clipped_share: float) -> None:
    rng = np.random.default_rng(3)
    light = scene(rng, HEIGHT, WIDTH, leaves=1500)
    if clipped_share:
        light = light / np.quantile(light.max(axis=2), 1 - clipped_share)
    gain = 0.85
    reference, moving = photograph(rng, light, gain * CHANNELS, 0.01), photograph(rng, light, np.ones(3), 0.01)
    model = fit_photometry(reference, moving, pair="reference")
    assert gain_error(model, gain) <= 0.001
    for method in ("mean-std", "linear"):
        matched = apply_photometry(moving, fit_photometry(reference, moving, method=method, pair="reference"))
        unclipped = ~(clipped(reference) | clipped(moving))
        assert abs(float((matched - reference)[unclipped].mean())) < 0.01


def test_mean_std_is_realblurs_formula() -> None:
    rng = np.random.default_rng(4)
    reference, moving = rng.random((2, 64, 64, 3), np.float32)
    model = fit_photometry(reference, moving, method="mean-std", pair="reference")
    for channel in range(3):
        alpha = reference[..., channel].std() / moving[..., channel].std()
        assert model.gain[channel] == pytest.approx(alpha, rel=1e-5)
        assert model.offset[channel] == pytest.approx(
            reference[..., channel].mean() - alpha * moving[..., channel].mean(), abs=1e-5
        )


def test_linear_is_least_squares() -> None:
    rng = np.random.default_rng(5)
    reference, moving = rng.random((2, 64, 64, 3), np.float32)
    model = fit_photometry(reference, moving, method="linear")
    for channel in range(3):
        expected = np.polyfit(moving[..., channel].ravel().astype(np.float64), reference[..., channel].ravel(), 1)
        assert (model.gain[channel], model.offset[channel]) == pytest.approx(tuple(expected), abs=1e-6)


def test_the_correction_is_applied_in_its_domain_and_clipped_last() -> None:
    image = np.linspace(0, 1, 30, dtype=np.float32).reshape(2, 5, 3)
    gain, offset = (1.5, 1.0, 0.5), (0.0, 0.01, -0.1)
    in_light = apply_photometry(image, PhotometricModel("lowpass-linear", "target", "linear-light", gain, offset))
    encoded = apply_photometry(image, PhotometricModel("linear", "target", "srgb", gain, offset))
    np.testing.assert_allclose(
        in_light, np.clip(linear_to_srgb(srgb_to_linear(image) * gain + offset), 0, 1), atol=1e-6
    )
    np.testing.assert_allclose(encoded, np.clip(image * gain + offset, 0, 1), atol=1e-6)


def test_overshoot_of_the_warp_is_corrected_before_it_is_clipped() -> None:
    image = np.full((1, 1, 3), 1.2, np.float32)
    halved = PhotometricModel("linear", "target", "srgb", (0.5, 0.5, 0.5), (0.0, 0.0, 0.0))
    np.testing.assert_allclose(apply_photometry(image, halved), 0.6, atol=1e-6)


def test_a_pair_that_is_clipped_everywhere_is_refused_in_one_sentence() -> None:
    white = np.ones((HEIGHT, WIDTH, 3), np.float32)
    with pytest.raises(InputError, match="clipped"):
        fit_photometry(white, white)


def test_a_model_is_json() -> None:
    defocused, all_in_focus = target_pair(1, radius=2.5, gain=0.7)
    model = fit_photometry(defocused, all_in_focus)
    assert json.loads(json.dumps(asdict(model), allow_nan=False))["domain"] == "linear-light"
