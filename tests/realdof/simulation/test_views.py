"""Rendering of flat layers: light stays where it is and as much as it is, and blur is as wide as the lens makes it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realdof.geometry.grid import Grid, translation
from realdof.simulation import views
from realdof.simulation.scenery import Layer
from realdof.simulation.views import View, airy_kernel, render_strips, visible_radii


def square(side: int, corner: tuple[int, int], value: float = 1.0) -> Layer:
    texture = np.zeros((side, side, 4), np.uint16)
    texture[..., :3], texture[..., 3] = round(65535 * value), 65535
    return Layer(texture, corner, 0.0)


def render(layers: list[Layer], view: View) -> np.ndarray:
    return np.concatenate([strip for _, strip in render_strips(layers, view)])


@settings(max_examples=30, deadline=None)
@given(radius=st.floats(-60, 60), x=st.integers(90, 160), y=st.integers(90, 160))
def test_blur_keeps_light_and_place_and_has_the_variance_of_a_disc(radius: float, x: int, y: int) -> None:
    light = render([square(20, (x, y))], View(Grid(270, 270), np.eye(3), [radius]))[..., 0]
    total = light.sum()
    assert total == pytest.approx(20 * 20, rel=2e-3)
    rows, columns = np.mgrid[:270, :270]
    centre = (light * columns).sum() / total, (light * rows).sum() / total
    assert centre == pytest.approx((x + 9.5, y + 9.5), abs=0.02)
    variance = (light * (columns - centre[0]) ** 2).sum() / total
    # The square has (20^2 - 1) / 12, the disc r^2 / 4; its pixels and the coarse ones add a little.
    assert variance == pytest.approx(399 / 12 + radius**2 / 4, rel=0.03, abs=0.5)


def test_a_nearer_layer_hides_a_farther_one_and_its_blurred_edge_shows_it() -> None:
    far, near = square(100, (0, 0), 0.2), square(50, (0, 0), 1.0)
    image = render([far, near], View(Grid(100, 100), np.eye(3), [0.0, 5.0]))[..., 1]
    assert image[20, 20] == pytest.approx(1.0, abs=1e-3)
    assert image[80, 80] == pytest.approx(0.2, abs=1e-3)
    assert image[20, 49:51].mean() == pytest.approx(0.6, abs=0.02)


def test_strips_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    texture = random.integers(0, 65536, (300, 300, 4), dtype=np.uint16)
    texture[..., 3] = 65535
    view = View(Grid(256, 256), translation(-20.3, -15.7), [20.0])
    whole = render([Layer(texture, (0, 0), 0.0)], view)
    monkeypatch.setattr(views, "_STRIP_ROWS", 64)
    np.testing.assert_allclose(render([Layer(texture, (0, 0), 0.0)], view), whole, atol=1e-5)


def test_the_nearest_layer_is_the_one_whose_radius_is_seen() -> None:
    layers = [square(10, (0, 0)), square(4, (0, 0))]
    radii = visible_radii(layers, View(Grid(12, 12), np.eye(3), [3.0, -2.0]))
    assert (radii[:4, :4] == -2).all()
    assert radii[9, 9] == 3
    assert np.isnan(radii[11, 11])


def test_an_airy_discs_first_dark_ring_has_its_diameter() -> None:
    # 21 um at F16 is 5.6 px of the A7R IV; enlarged, so that pixels resolve the ring.
    kernel = airy_kernel(56.0)
    middle = kernel.shape[0] // 2
    profile = kernel[middle, middle:]
    assert kernel.sum() == pytest.approx(1)
    assert abs(int(profile[:40].argmin()) - 28) <= 1
    assert profile[28] < 1e-3 * profile[0]
    np.testing.assert_allclose(kernel, kernel[::-1, ::-1])


def test_diffraction_spreads_a_point_in_focus() -> None:
    kernel = airy_kernel(5.6)
    image = render([square(1, (50, 50))], View(Grid(101, 101), np.eye(3), [0.0], kernel))[..., 0]
    reach = kernel.shape[0] // 2
    np.testing.assert_allclose(image[50 - reach : 51 + reach, 50 - reach : 51 + reach], kernel, atol=1e-4)
