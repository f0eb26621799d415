"""Defocus as a lens makes it: planes are convolved, edges occlude, views are apart by the signed radius."""

from math import pi

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import convolve

from realdof.images.colour import srgb_to_linear
from realdof.optics.lens import disc_kernel
from realdof.optics.rendering import DualPixel, render_defocus, render_defocus_linear


def texture(height: int = 60, width: int = 70, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, 3), np.float32)


def flat(value: float, height: int = 60, width: int = 70) -> np.ndarray:
    return np.full((height, width), value, np.float32)


def convolved(linear: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    reach = len(kernel) // 2
    padded = np.pad(linear.astype(np.float64), ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    return np.dstack([convolve(channel, kernel, mode="valid") for channel in np.moveaxis(padded, 2, 0)])


def two_planes(near: float, far: float, near_colour: np.ndarray, far_colour: np.ndarray) -> DualPixel:
    """A nearer plane on the left half of a 60 x 80 image, before a farther one on the right."""
    is_near = np.indices((60, 80))[1] < 40
    image = np.where(is_near[..., None], near_colour, far_colour).astype(np.float32)
    return render_defocus_linear(image, np.where(is_near, near, far))


@pytest.mark.parametrize("radius", [-9.3, -2.2, -0.8, 0.6, 4.9, 5.7, 14.25])
@pytest.mark.parametrize(("blades", "rotation"), [(None, 0), (7, 20)])
def test_a_plane_is_convolved_with_the_point_spread_function(radius, blades, rotation) -> None:
    linear = texture()
    views = render_defocus_linear(linear, flat(radius), blades=blades, rotation=rotation)
    for half, view in {"left": views.left, "right": views.right, None: views.merged}.items():
        # The layer's radius is the map's, in float32.
        kernel = disc_kernel(float(np.float32(radius)), blades=blades, rotation=rotation, half=half)
        assert np.abs(view - convolved(linear, kernel)).max() < 1e-5


def test_planes_that_do_not_meet_are_each_convolved_exactly() -> None:
    linear = texture(40, 120)
    radii = np.repeat(np.array([-6.3, 0, 3.77], np.float32), 40)[None].repeat(40, axis=0)
    merged = render_defocus_linear(linear, radii).merged
    for index, radius in enumerate((-6.3, 0, 3.77)):
        middle = slice(40 * index + 14, 40 * index + 26)
        expected = convolved(linear, disc_kernel(float(np.float32(radius))))
        assert np.abs(merged - expected)[:, middle].max() < 1e-5


def test_an_image_in_focus_is_unchanged() -> None:
    image = texture()
    views = render_defocus(image, flat(0))
    for view in (views.left, views.right, views.merged):
        assert view.dtype == np.float32
        assert np.abs(view - image).max() < 1e-6


@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 15))
@settings(max_examples=15, deadline=None)
def test_a_uniform_image_stays_uniform_whatever_the_depth(seed: int, value: float, largest: float) -> None:
    coarse = np.random.default_rng(seed).uniform(-largest, largest, (5, 6)).astype(np.float32)
    radii = cv2.resize(coarse, (70, 60), interpolation=cv2.INTER_NEAREST if seed % 2 else cv2.INTER_LINEAR)
    views = render_defocus(np.full((60, 70, 3), value, np.float32), radii)
    for view in (views.left, views.right, views.merged):
        assert np.abs(view - value).max() < 1e-5


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_no_view_leaves_the_range_of_the_image(seed: int) -> None:
    generator = np.random.default_rng(seed)
    radii = cv2.resize(generator.uniform(-9, 9, (4, 5)).astype(np.float32), (70, 60), interpolation=seed % 2)
    linear = generator.uniform(0.2, 0.7, (60, 70, 3)).astype(np.float32)
    views = render_defocus_linear(linear, radii)
    for view in (views.left, views.right):
        assert view.min() > 0.2 - 1e-4
        assert view.max() < 0.7 + 1e-4


@pytest.mark.parametrize("radius", [-7.5, 3.2])
def test_the_light_of_a_point_is_kept(radius: float) -> None:
    linear = np.zeros((60, 70, 3), np.float32)
    linear[30, 35] = 1
    views = render_defocus_linear(linear, flat(radius))
    assert views.left.sum(axis=(0, 1)) == pytest.approx([1, 1, 1], abs=1e-4)
    assert views.merged.sum(axis=(0, 1)) == pytest.approx([1, 1, 1], abs=1e-4)


@pytest.mark.parametrize("radius", [-12, -5, -2, 2, 5, 12])
def test_disparity_is_proportional_to_the_signed_blur_radius(radius: float) -> None:
    linear = np.zeros((60, 70, 3), np.float32)
    linear[30, 35] = 1
    views = render_defocus_linear(linear, flat(radius))
    columns = np.arange(70)
    left, right = (float(view[..., 0].sum(axis=0) @ columns) for view in (views.left, views.right))
    # Each half's centroid is 4 r / (3 pi) from the point; sampling by area takes 1 / (6 pi r) of it.
    assert right - left == pytest.approx(8 * radius / (3 * pi), rel=0.03)
    assert (right + left) / 2 == pytest.approx(35, abs=1e-3)


def test_merged_is_the_mean_of_the_views_in_linear_light() -> None:
    views = render_defocus(texture(), flat(4))
    mean = (srgb_to_linear(views.left) + srgb_to_linear(views.right)) / 2
    assert np.abs(srgb_to_linear(views.merged) - mean).max() < 1e-6
    assert np.abs((views.left + views.right) / 2 - views.merged).max() > 1e-2


@pytest.mark.parametrize("far", [3, 9])
def test_a_defocused_background_does_not_bleed_over_a_sharp_object(far: float) -> None:
    sharp = texture(60, 80)
    views = two_planes(0, far, sharp, np.array([1, 0, 0]))
    for view in (views.left, views.right, views.merged):
        assert np.abs(view - sharp)[:, :40].max() < 1e-5


@pytest.mark.parametrize("far", [3, 9])
def test_a_sharp_object_does_not_bleed_into_a_defocused_background(far: float) -> None:
    views = two_planes(0, far, np.array([0, 1, 0]), np.array([1, 0, 0]))
    for view in (views.left, views.right, views.merged):
        assert view[:, 40:, 1].max() < 2e-3
        assert view[:, 40:, 0].min() > 1 - 2e-3


@pytest.mark.parametrize("far", [0, 4])
def test_a_defocused_object_bleeds_over_its_background_as_far_as_its_blur(far: float) -> None:
    radius = 8
    merged = two_planes(-radius, far, np.array([0, 1, 0]), np.array([1, 0, 0])).merged
    # The share of a disc beyond a line at distance t is what a blurred straight edge leaves of the object.
    t = (np.arange(80) - 39.5) / radius
    inside = np.clip(t, -1, 1)
    expected = 0.5 - (inside * np.sqrt(1 - inside**2) + np.arcsin(inside)) / pi
    assert np.abs(merged[30, :, 1] - expected).max() < 0.01
    # Behind the edge lies more of the background: red fills what green leaves, without a dark fringe.
    assert np.abs(merged.sum(axis=2) - 1).max() < 0.01


def test_a_sharp_background_stays_sharp_beyond_the_blur_of_an_object_before_it() -> None:
    background = texture(60, 80)
    views = two_planes(-8, 0, np.array([0, 1, 0]), background)
    assert np.abs(views.merged - background)[:, 49:].max() < 1e-5


def test_each_view_looks_around_its_own_side_of_a_near_object() -> None:
    views = two_planes(-8, 0, np.array([1, 1, 1]), np.array([0, 0, 0]))
    # Before the focus the left half's light lies right of the point: the object moves over the background.
    assert views.left[30, 36:40, 0].min() > 0.99
    assert views.left[30, 41, 0] > 0.7
    assert views.right[30, 40:, 0].max() < 0.01


def test_a_layer_between_two_surfaces_elsewhere_does_not_change_their_edge() -> None:
    colours = np.array([0, 1, 0]), np.array([1, 0, 0])
    alone = two_planes(-8, 0, *colours).merged
    is_near = np.indices((140, 80))[1] < 40
    radii = np.where(is_near, -8.0, 0.0)
    radii[100:] = np.linspace(-8, 0, 80)
    image = np.where(is_near[..., None], *colours).astype(np.float32)
    assert np.abs(render_defocus_linear(image, radii).merged[:60] - alone).max() < 1e-5


@pytest.mark.parametrize(("first", "slope"), [(-8, 0.1), (0, 0.05), (1, 0.1)])
def test_a_slope_matches_scattering_every_pixel_by_its_own_kernel(first: float, slope: float) -> None:
    linear = cv2.GaussianBlur(texture(70, 70), (0, 0), 1.5)
    radii = (first + np.arange(70) * slope)[None].repeat(70, axis=0).astype(np.float32)
    light, weight = np.zeros((110, 110, 3)), np.zeros((110, 110, 1))
    for row, column in np.ndindex(70, 70):
        kernel = disc_kernel(float(radii[row, column]))[..., None]
        reach = len(kernel) // 2
        window = slice(row + 20 - reach, row + 21 + reach), slice(column + 20 - reach, column + 21 + reach)
        light[window] += kernel * linear[row, column]
        weight[window] += kernel
    inner = slice(10, 60), slice(10, 60)
    scattered = (light / np.maximum(weight, 1e-9))[20:90, 20:90][inner]
    rendered = render_defocus_linear(linear, radii).merged[inner]
    error = np.sqrt(np.mean((rendered - scattered) ** 2))
    assert error < 0.04 * np.sqrt(np.mean((linear[inner] - scattered) ** 2))


def test_borders_do_not_darken() -> None:
    linear = np.ones((60, 70, 3), np.float32)
    linear[:, 35:] = 0.25
    merged = render_defocus_linear(linear, flat(-10)).merged
    assert np.abs(merged[:, :20] - 1).max() < 1e-5
    assert np.abs(merged[:, 50:] - 0.25).max() < 1e-5


def test_the_same_input_gives_the_same_bytes_at_any_thread_count() -> None:
    image = texture()
    radii = np.where(np.indices((60, 70)).sum(axis=0) // 20 % 2, -7, np.linspace(0, 9, 70)).astype(np.float32)
    threads = cv2.getNumThreads()
    try:
        results = []
        for count in (1, 2):
            cv2.setNumThreads(count)
            results.append(render_defocus(image, radii))
    finally:
        cv2.setNumThreads(threads)
    first, second = results
    for name in ("left", "right", "merged"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()


def test_mismatched_shapes_and_unknown_radii_are_refused() -> None:
    with pytest.raises(ValueError, match="shapes"):
        render_defocus(texture(), flat(1, 60, 71))
    with pytest.raises(ValueError, match="finite"):
        render_defocus(texture(), flat(np.nan))
