"""The thin-lens formula against numbers worked out by hand, and the laws of point-spread functions."""

from math import inf, nan, pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realdof.common.errors import InputError
from realdof.optics.lens import ThinLens, disc_kernel

# The lens and the body of RealDOF.
REALDOF = ThinLens(focal_length_mm=135, f_number=1.8, focus_distance_m=2, pixel_pitch_um=3.76)

signed_radii = st.floats(-25, 25)
blade_counts = st.none() | st.integers(3, 11)
angles = st.floats(0, 360)


def offsets(kernel: np.ndarray) -> np.ndarray:
    return np.arange(len(kernel)) - len(kernel) // 2


def centroid(kernel: np.ndarray) -> tuple[float, float]:
    u = offsets(kernel)
    return float(kernel.sum(axis=0) @ u), float(kernel.sum(axis=1) @ u)


def test_circle_of_confusion_of_realdofs_lens_worked_out_by_hand() -> None:
    # A = 75 mm; at infinity 75 * 135 / (2000 - 135) = 5.428954 mm, a third at 3 m, minus all at 1 m.
    diameters = REALDOF.circle_of_confusion([3, inf, 2, 1])
    assert diameters == pytest.approx([481.2903, 1443.8709, 0, -1443.8709], abs=1e-3)
    assert REALDOF.blur_radius(3) == pytest.approx(481.2903 / 2, abs=1e-3)


def test_a_lens_focused_at_infinity_blurs_near_points_by_the_aperture_seen_through_them() -> None:
    lens = ThinLens(50, 2, inf, 5)
    # A f / d = 25 mm * 50 mm / 10 m = 0.125 mm = 25 px, before the plane of focus.
    assert lens.circle_of_confusion([10, inf]) == pytest.approx([-25, 0])


@given(st.lists(st.floats(0.2, 1e4), min_size=2, max_size=2, unique=True))
def test_the_signed_radius_grows_with_depth(depths: list[float]) -> None:
    near, far = sorted(depths)
    assert REALDOF.blur_radius(near) <= REALDOF.blur_radius(far)


@pytest.mark.parametrize(
    "change", [{"f_number": 0}, {"focal_length_mm": -1}, {"pixel_pitch_um": nan}, {"focus_distance_m": 0.135}]
)
def test_an_impossible_lens_is_refused(change: dict[str, float]) -> None:
    values = {"focal_length_mm": 135, "f_number": 1.8, "focus_distance_m": 2, "pixel_pitch_um": 3.76}
    with pytest.raises(InputError, match="give"):
        ThinLens(**(values | change))


@pytest.mark.parametrize("depth", [0, -1, nan])
def test_a_depth_that_is_not_positive_is_refused(depth: float) -> None:
    with pytest.raises(InputError, match="not positive"):
        REALDOF.blur_radius([1, depth])


@given(signed_radii, blade_counts, angles, st.sampled_from([None, "left", "right"]))
@settings(max_examples=200, deadline=None)
def test_a_kernel_has_no_negative_light_and_sums_to_one(radius, blades, rotation, half) -> None:
    kernel = disc_kernel(radius, blades=blades, rotation=rotation, half=half)
    assert kernel.min() >= 0
    assert kernel.sum() == pytest.approx(1, abs=1e-12)
    assert kernel.shape[0] == kernel.shape[1]
    assert kernel.shape[0] % 2 == 1


@given(signed_radii, blade_counts, angles)
@settings(max_examples=200, deadline=None)
def test_the_mean_of_the_two_halves_is_the_whole_aperture(radius, blades, rotation) -> None:
    left, right, whole = (
        disc_kernel(radius, blades=blades, rotation=rotation, half=half) for half in ("left", "right", None)
    )
    assert np.allclose((left + right) / 2, whole, atol=1e-12)


@given(signed_radii, blade_counts, angles, st.sampled_from([None, "left", "right"]))
@settings(max_examples=100, deadline=None)
def test_before_the_focus_the_aperture_is_upside_down(radius, blades, rotation, half) -> None:
    behind = disc_kernel(radius, blades=blades, rotation=rotation, half=half)
    before = disc_kernel(-radius, blades=blades, rotation=rotation, half=half)
    assert np.array_equal(before, behind[::-1, ::-1])


@given(signed_radii)
@settings(deadline=None)
def test_the_halves_of_a_disc_mirror_each_other_and_swap_across_the_focus(radius: float) -> None:
    left, right = disc_kernel(radius, half="left"), disc_kernel(radius, half="right")
    assert np.allclose(left[:, ::-1], right, atol=1e-12)
    assert np.allclose(disc_kernel(-radius, half="left"), right, atol=1e-12)


@given(st.floats(0, 25), st.floats(0, 0.01), blade_counts)
@settings(max_examples=200, deadline=None)
def test_a_kernel_is_continuous_in_its_radius(radius: float, step: float, blades: int | None) -> None:
    before, after = disc_kernel(radius, blades=blades), disc_kernel(radius + step, blades=blades)
    before = np.pad(before, (len(after) - len(before)) // 2)
    # The outline moves by the step: the change is a ring over a disc, twice, plus the same from scaling.
    assert np.abs(after - before).sum() <= 8 * step + 1e-9


@pytest.mark.parametrize("blades", [None, 5, 6])
@pytest.mark.parametrize("radius", [0, 0.3, -0.5])
def test_a_point_within_its_pixel_stays_a_point(radius: float, blades: int | None) -> None:
    assert disc_kernel(radius, blades=blades, half="left").tolist() == [[1]]


@given(st.floats(2, 40))
@settings(deadline=None)
def test_the_second_moment_of_a_disc_is_half_its_squared_radius(radius: float) -> None:
    kernel = disc_kernel(radius)
    variance = kernel.sum(axis=0) @ offsets(kernel) ** 2
    # A twelfth comes from sampling by area (Sheppard); what else remains oscillates, less for larger discs.
    assert variance == pytest.approx(radius**2 / 4 + 1 / 12, abs=0.1 / radius**0.5)


@given(st.floats(2, 40), st.sampled_from([-1, 1]))
@settings(deadline=None)
def test_the_centroid_of_a_half_is_proportional_to_the_signed_radius(radius: float, sign: int) -> None:
    x, y = centroid(disc_kernel(sign * radius, half="left"))
    assert x == pytest.approx(-sign * (4 * radius / (3 * pi) - 1 / (6 * pi * radius)), abs=0.02)
    assert y == pytest.approx(0, abs=1e-9)


def test_a_square_aperture_is_a_square() -> None:
    # Corners at 45 degrees on a circle of 2.5 sqrt 2 px: a square of 5 px.
    kernel = disc_kernel(2.5 * 2**0.5, blades=4, rotation=45)
    expected = np.zeros((9, 9))
    expected[2:7, 2:7] = 1 / 25
    assert np.allclose(kernel, expected, atol=1e-12)


def test_a_polygon_points_its_first_corner_where_it_is_told() -> None:
    right, down = (disc_kernel(10, blades=3, rotation=angle) for angle in (0, 90))
    assert right[10, -1] > 0
    assert right[10, 0] == 0
    assert np.allclose(down, right.T, atol=1e-12)


def test_a_polygon_of_many_blades_is_a_disc() -> None:
    assert np.abs(disc_kernel(9.7, blades=200) - disc_kernel(9.7)).max() < 1e-5


@pytest.mark.parametrize("arguments", [{"radius": nan}, {"radius": inf}, {"radius": 3, "blades": 2}])
def test_an_impossible_aperture_is_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be finite|at least 3"):
        disc_kernel(**arguments)
