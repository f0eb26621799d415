"""Rendered training data: blur as deep as asked for, depth that is given, noise that light has, 8 and 16 bits."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ifan.cli.app import app
from ifan.training.synthesis import Synthesis, add_shot_noise, draw_radius_map, radius_map_from_depth, render_scene
from realdof.common.errors import InputError
from realdof.images.colour import srgb_to_linear
from realdof.images.files import read_pixels, write_pixels
from realdof.optics.rendering import DualPixel

PHOTOGRAPH = np.random.default_rng(3).integers(0, 256, (90, 100, 3), dtype=np.uint8)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_procedural_blur_radii_stay_within_their_bound(seed: int) -> None:
    radii = draw_radius_map(Synthesis(size=64), np.random.default_rng(seed))
    assert radii.shape == (64, 64)
    assert np.abs(radii).max() <= 14.0


def test_a_fifth_of_the_scenes_is_nearly_sharp() -> None:
    largest = [np.abs(draw_radius_map(Synthesis(size=64), np.random.default_rng(seed))).max() for seed in range(300)]
    assert 0.12 < np.mean(np.array(largest) <= 0.7) < 0.35


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_radius_of_given_depth_is_affine_in_it_and_grows_away_from_the_lens(seed: int) -> None:
    inverse_depth = np.random.default_rng(seed).random((8, 8), dtype=np.float32)
    radii = radius_map_from_depth(inverse_depth, Synthesis(size=8), np.random.default_rng(seed))
    assert np.abs(radii).max() <= 14.0 * 1.001
    line = np.polyfit(inverse_depth.ravel(), radii.ravel(), 1)
    np.testing.assert_allclose(np.polyval(line, inverse_depth), radii, atol=1e-3)
    assert line[0] < 0, "nearer surfaces have the smaller signed radius"


def test_a_scene_at_one_distance_is_all_in_focus() -> None:
    scene = render_scene(PHOTOGRAPH, Synthesis(size=64), (1, 2), np.full_like(PHOTOGRAPH, 77))
    np.testing.assert_allclose(scene["image"].astype(int), scene["target"], atol=1)


@pytest.mark.parametrize("seed", range(4))
def test_a_depth_map_is_cut_like_its_photograph(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []

    def watched(sharp: np.ndarray, radius: np.ndarray) -> DualPixel:
        seen.extend((sharp[..., 0], radius))
        return DualPixel(sharp, sharp, sharp)

    monkeypatch.setattr("ifan.training.synthesis.render_defocus", watched)
    grey = np.repeat(PHOTOGRAPH[..., :1], 3, axis=2)
    render_scene(grey, Synthesis(size=64), (seed,), grey)
    # The photograph is its own map here, so the radius falls as the brightness rises, pixel by pixel.
    assert np.corrcoef(seen[0].ravel(), seen[1].ravel())[0, 1] == pytest.approx(-1.0, abs=1e-6)


def test_shot_noise_has_the_variance_of_counted_light() -> None:
    light = np.full((200, 200, 3), 0.5, np.float32)
    noisy = add_shot_noise(DualPixel(light, light, light), 1000.0, np.random.default_rng(0))
    mean = float(srgb_to_linear(light)[0, 0, 0])
    for view, electrons in ((noisy.left, 500), (noisy.right, 500), (noisy.merged, 1000)):
        linear = srgb_to_linear(view)
        assert linear.mean() == pytest.approx(mean, rel=0.01)
        assert linear.var() == pytest.approx(mean / electrons, rel=0.05)
    np.testing.assert_allclose(
        srgb_to_linear(noisy.merged), (srgb_to_linear(noisy.left) + srgb_to_linear(noisy.right)) / 2, atol=1e-5
    )


def test_noise_leaves_the_truth_and_16_bits_hold_what_8_bits_round() -> None:
    clean = render_scene(PHOTOGRAPH, Synthesis(size=64), (4,))
    noisy = render_scene(PHOTOGRAPH, Synthesis(size=64, electrons=500.0), (4,))
    np.testing.assert_array_equal(clean["target"], noisy["target"])
    assert np.abs(clean["image"].astype(int) - noisy["image"]).mean() > 1
    deep = render_scene(PHOTOGRAPH, Synthesis(size=64, bits=16), (4,))
    for name, view in deep.items():
        assert view.dtype == np.uint16
        np.testing.assert_allclose(view / 257.0, clean[name], atol=0.51)


def test_the_command_renders_given_depth_in_16_bits_with_noise(tmp_path: Path) -> None:
    depth = tmp_path / "depth" / "a.png"
    write_pixels(tmp_path / "photographs" / "a.png", PHOTOGRAPH)
    write_pixels(depth, np.full_like(PHOTOGRAPH, 9))
    words = ["synthesize", str(tmp_path / "photographs"), str(tmp_path / "out"), "--count", "1", "--size", "64"]
    words += ["--workers", "1", "--bits", "16", "--electrons", "5000", "--depth", str(tmp_path / "depth")]
    app(words, standalone_mode=False)
    views = {path.parts[-3][-1]: read_pixels(path) for path in (tmp_path / "out").glob("*/source/*.png")}
    assert views.keys() == {"c", "l", "r"}
    assert views["c"].dtype == np.uint16
    write_pixels(depth, PHOTOGRAPH[:80])
    with pytest.raises(InputError, match="is 100x80 and its photograph 100x90"):
        app([*words, "--split", "val"], standalone_mode=False)
    depth.unlink()
    with pytest.raises(InputError, match="holds no depth map"):
        app([*words, "--split", "val"], standalone_mode=False)
