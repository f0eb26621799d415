"""Pictures of overlapping shapes: sharp, natural in their statistics, and in the photograph's colours."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from ifan.training.dead_leaves import OUTLINES, dead_leaves
from ifan.training.synthesis import Synthesis, render_scene

COLOURS = np.array([[250, 20, 20], [20, 250, 20], [20, 20, 250], [240, 240, 240], [10, 10, 10]], np.uint8)


@pytest.fixture
def photograph() -> NDArray[np.uint8]:
    """Squares of five colours."""
    return np.kron(COLOURS[np.random.default_rng(0).integers(0, 5, (20, 30))], np.ones((16, 16, 1))).astype(np.uint8)


def test_a_seed_gives_one_picture_and_values_stay_in_range(photograph: NDArray[np.uint8]) -> None:
    one, again, other = (dead_leaves(photograph, 96, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert one.shape == (96, 96, 3)
    assert one.dtype == np.float32
    assert 0 <= one.min() < one.max() <= 1
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_it_is_sharp_to_the_pixel(photograph: NDArray[np.uint8]) -> None:
    picture = dead_leaves(photograph, 128, np.random.default_rng(0)).mean(axis=2)
    steps = np.abs(np.diff(picture, axis=1))
    # A step from one shape to the next takes one pixel or two; a blurred one would leave no large differences.
    assert np.quantile(steps, 0.995) > 0.3


def test_its_spectrum_falls_with_frequency_as_natural_images_do() -> None:
    # Amplitude as 1 / f for natural images (Field, JOSA A 1987), so power with an exponent of about -2.
    grey = np.random.default_rng(1).integers(0, 256, (300, 300, 1)).astype(np.uint8).repeat(3, axis=2)
    window = np.hanning(256)[:, None] * np.hanning(256)
    power = np.zeros((256, 256))
    for seed in range(4):
        picture = dead_leaves(grey, 256, np.random.default_rng(seed)).mean(axis=2)
        power += np.abs(np.fft.fft2((picture - picture.mean()) * window)) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256)))
    bands = np.geomspace(0.02, 0.35, 9)
    middle = np.sqrt(bands[:-1] * bands[1:])
    mean = [power[(frequency >= low) & (frequency < high)].mean() for low, high in itertools.pairwise(bands)]
    slope = np.polyfit(np.log(middle), np.log(mean), 1)[0]
    assert -2.8 < slope < -1.5


@pytest.mark.parametrize("outline", OUTLINES)
def test_a_shape_reaches_no_further_than_its_radius_says(outline: object) -> None:
    assert callable(outline)
    for seed in range(20):
        points = outline(10.0, np.random.default_rng(seed))
        assert np.hypot(*points.T).max() <= 10.0 * np.sqrt(2) + 1e-9


def test_scenes_show_shapes_as_often_as_asked_and_never_by_default(photograph: NDArray[np.uint8]) -> None:
    def targets(share: float) -> list[NDArray[np.uint8]]:
        settings = Synthesis(size=64, largest_radius=2.0, leaves_share=share)
        return [np.asarray(render_scene(photograph, settings, (seed,))["target"], np.uint8) for seed in range(8)]

    parts, shapes = targets(0.0), targets(1.0)
    # A part of the photograph has five colours and what lies between two of them; shaded shapes have many more.
    assert max(len(np.unique(one.reshape(-1, 3), axis=0)) for one in parts) < min(
        len(np.unique(one.reshape(-1, 3), axis=0)) for one in shapes
    )
    half = sum(len(np.unique(one.reshape(-1, 3), axis=0)) > 600 for one in targets(0.5))
    assert 1 <= half <= 7
