"""The renderer for training against the reference renderer, and what lens and occlusion must do to light."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from ifan.synthetic.degradations import NONE, record
from ifan.synthetic.lens import LARGEST_RADIUS, REACH, Lenses, draw_lenses, kernels, soften
from ifan.synthetic.rendering import MOST_LAYERS, Surfaces, highest_within, layer_radii, render, sharp
from realdof.optics.lens import Half, disc_kernel
from realdof.optics.rendering import render_defocus_linear

CPU = torch.device("cpu")
SIDE, MARGIN = 160, REACH + 1
IDEAL = Lenses.ideal(1, CPU)


def texture(seed: int) -> NDArray[np.float32]:
    """Blocks of all sizes, linear light in [0.02, 1], (SIDE, SIDE, 3)."""
    random = np.random.default_rng(seed)
    picture = sum(
        np.kron(random.normal(0, 0.08, (-(-SIDE // side), -(-SIDE // side), 3)), np.ones((side, side, 1)))[:SIDE, :SIDE]
        for side in (1, 2, 4, 8, 16)
    )
    return np.clip(picture + 0.5, 0.02, 1).astype(np.float32)


def to_tensor(pixels: NDArray[np.float32]) -> Tensor:
    """From (H, W, 3) to (3, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)


def one_surface(linear: NDArray[np.float32], radii: NDArray[np.float32]) -> Surfaces:
    """A scene without occlusion."""
    return Surfaces(
        to_tensor(linear)[None], torch.ones(1, SIDE, SIDE), torch.from_numpy(radii)[None], [0], [0],
        [float(radii.min())], [float(radii.max())],
    )  # fmt: skip


def two_planes(
    front: NDArray[np.float32], back: NDArray[np.float32], alpha: Tensor, near: float, far: float
) -> Surfaces:
    """A plane before another."""
    radius = torch.tensor([near, far])[:, None, None].expand(2, SIDE, SIDE)
    return Surfaces(
        torch.stack([to_tensor(front), to_tensor(back)]), torch.stack([alpha, torch.ones(SIDE, SIDE)]), radius,
        [0, 0], [0, 1], [near, far], [near, far],
    )  # fmt: skip


def differences(surfaces: Surfaces, linear: NDArray[np.float32], radii: NDArray[np.float32]) -> list[float]:
    """Root mean squared difference of the left and the right view and their mean from the reference renderer's."""
    views = render(surfaces, IDEAL, MARGIN)[0]
    reference = render_defocus_linear(linear, radii)
    pairs = ((views[0], reference.left), (views[1], reference.right), (views.mean(0), reference.merged))
    inner = slice(MARGIN, -MARGIN)
    return [float((ours - to_tensor(theirs)[:, inner, inner]).square().mean().sqrt()) for ours, theirs in pairs]


@pytest.mark.parametrize("radius", [0.0, 1.5, 5.0, -5.0, 12.0, 20.0])
def test_a_plane_agrees_with_the_reference_within_0_0015(radius: float) -> None:
    linear, radii = texture(0), np.full((SIDE, SIDE), radius, np.float32)
    assert max(differences(one_surface(linear, radii), linear, radii)) < 0.0015


@pytest.mark.parametrize(("first", "last"), [(-2.0, 6.0), (3.0, 20.0), (-12.0, -2.0)])
def test_a_slope_agrees_with_the_reference_within_0_007(first: float, last: float) -> None:
    # Layers of one surface add up in both; near the focus the reference fills gaps in another way.
    linear = texture(1)
    radii = np.linspace(first, last, SIDE, dtype=np.float32)[None].repeat(SIDE, axis=0)
    assert max(differences(one_surface(linear, radii), linear, radii)) < 0.007


@pytest.mark.parametrize(("near", "far"), [(-8.0, 3.0), (0.0, 10.0), (-10.0, 0.0)])
def test_an_edge_before_an_even_background_agrees_with_the_reference_within_0_0003(near: float, far: float) -> None:
    # Of an even background the reference knows what is hidden.
    front = texture(2)
    back = np.broadcast_to(np.array([0.1, 0.3, 0.6], np.float32), front.shape)
    mask = np.zeros((SIDE, SIDE), bool)
    mask[:, : SIDE // 2] = True
    surfaces = two_planes(front, back, torch.from_numpy(mask.astype(np.float32)), near, far)
    linear, radii = np.where(mask[..., None], front, back), np.where(mask, near, far).astype(np.float32)
    assert max(differences(surfaces, linear, radii)) < 0.0003


@pytest.mark.parametrize("radius", [2.5, 6.0, -6.0, 12.0, 25.0])
def test_an_ideal_lens_has_the_reference_kernel(radius: float) -> None:
    ours = kernels(IDEAL, torch.tensor([radius]))[0, :, 1].double().numpy()
    halves: tuple[Half, Half] = ("left", "right")
    for kernel, half in zip(ours, halves, strict=True):
        exact = disc_kernel(radius, half=half)
        exact = np.pad(exact, REACH - exact.shape[0] // 2)
        assert np.abs(kernel - exact).sum() < 0.02


def test_kernels_of_any_lens_hold_all_light_and_nothing_reaches_their_border() -> None:
    lenses = draw_lenses(64, np.random.default_rng(0), CPU, misaligned=0.5)
    radius = torch.linspace(-LARGEST_RADIUS, LARGEST_RADIUS, 64)
    found = kernels(lenses, radius)
    assert found.min() >= 0
    torch.testing.assert_close(found.sum(dim=(-2, -1)), torch.ones(64, 2, 3), atol=1e-4, rtol=0)
    border = found.sum(dim=(-2, -1)) - found[..., 1:-1, 1:-1].sum(dim=(-2, -1))
    assert border.max() < 1e-3


def test_the_left_half_sees_light_to_the_left_behind_the_focus_and_to_the_right_before_it() -> None:
    axis = torch.arange(-REACH, REACH + 1, dtype=torch.float32)
    for radius in (10.0, -10.0):
        halves = kernels(IDEAL, torch.tensor([radius]))[0, :, 1]
        left, right = (float((half.sum(dim=0) * axis).sum()) for half in halves)
        # The centroid of half a disc lies at 4 r / 3 pi.
        assert abs(left + 4 * radius / (3 * math.pi)) < 0.02
        assert abs(right - 4 * radius / (3 * math.pi)) < 0.02


def test_a_leaking_split_brings_the_halves_together() -> None:
    axis = torch.arange(-REACH, REACH + 1, dtype=torch.float32)

    def distance(lenses: Lenses) -> float:
        left, right = kernels(lenses, torch.tensor([10.0]))[0, :, 1].sum(dim=1) @ axis
        return float(right - left)

    soft = replace(IDEAL, split_width=torch.tensor([0.8]), split_leak=torch.tensor([0.1]))
    assert 0.4 * distance(IDEAL) < distance(soft) < 0.85 * distance(IDEAL)


def test_axial_colour_gives_colours_blurs_of_their_own() -> None:
    lens = replace(IDEAL, axial_colour=torch.tensor([2.0]))
    red, green, blue = kernels(lens, torch.tensor([6.0]))[0].sum(dim=0)
    axis = torch.arange(-REACH, REACH + 1, dtype=torch.float32)
    spread = [float((kernel.sum(dim=0) * axis**2).sum()) for kernel in (red, green, blue)]
    assert spread[0] > 1.4 * spread[1] > 1.8 * spread[2]


def test_a_ring_brightens_the_rim_behind_the_focus_and_the_centre_before_it() -> None:
    lens = replace(IDEAL, ring=torch.tensor([0.6]))
    axis = torch.arange(-REACH, REACH + 1, dtype=torch.float32)
    distance = torch.hypot(axis[:, None], axis[None, :])
    for radius, brighter in ((12.0, True), (-12.0, False)):
        disc = kernels(lens, torch.tensor([radius]))[0, :, 1].sum(dim=0)
        rim, centre = disc[(distance > 9) & (distance < 11)].mean(), disc[distance < 4].mean()
        assert bool(rim > 1.5 * centre) is brighter
        assert bool(centre > 1.5 * rim) is not brighter


def test_a_foreground_out_of_focus_bleeds_over_the_background_and_shows_what_is_behind_it() -> None:
    white, black = np.ones((SIDE, SIDE, 3), np.float32), np.zeros((SIDE, SIDE, 3), np.float32)
    alpha = torch.zeros(SIDE, SIDE)
    alpha[:, : SIDE // 2] = 1
    across = render(two_planes(white, black, alpha, -10.0, 0.0), IDEAL, MARGIN)[0].mean(dim=(0, 1, 2))
    edge = SIDE // 2 - MARGIN
    assert across[edge - 12] > 0.999
    assert across[edge + 12] < 0.001
    assert 0.2 < across[edge + 3] < 0.48
    assert 0.52 < across[edge - 4] < 0.8
    # A sharp foreground keeps its edge, whatever the blur behind it.
    across = render(two_planes(white, black, alpha, 0.0, 10.0), IDEAL, MARGIN)[0].mean(dim=(0, 1, 2))
    assert across[edge - 1] > 0.999
    assert across[edge] < 0.001


def test_a_highlight_beyond_white_becomes_a_hard_disc() -> None:
    linear = np.full((SIDE, SIDE, 3), 0.01, np.float32)
    linear[SIDE // 2, SIDE // 2] = 2000.0
    views = render(one_surface(linear, np.full((SIDE, SIDE), 10.0, np.float32)), IDEAL, MARGIN)
    image = record(views, NONE, np.random.default_rng(0), 0)[0, 0, 1]
    axis = torch.arange(len(image), dtype=torch.float32) - (SIDE // 2 - MARGIN)
    distance = torch.hypot(axis[:, None], axis[None, :])
    # Each half of the sensor clips its half of the disc, which makes half of the merged image's white: 0.735.
    assert image.max() > 0.73
    assert image[distance > 12].max() < 0.2
    assert float((image > 0.6).sum()) > 0.9 * math.pi * 10**2


def test_light_is_kept_by_a_lens_on_an_even_surface() -> None:
    linear = np.full((SIDE, SIDE, 3), 0.37, np.float32)
    lenses = draw_lenses(1, np.random.default_rng(4), CPU, misaligned=1.0)
    radii = np.full((SIDE, SIDE), 7.0, np.float32)
    views = render(one_surface(linear, radii), lenses, MARGIN)
    torch.testing.assert_close(views, torch.full_like(views, 0.37), atol=1e-4, rtol=0)


def test_a_misaligned_lens_shifts_the_image() -> None:
    linear, radii = texture(5), np.zeros((SIDE, SIDE), np.float32)
    lens = replace(IDEAL, shift_x=torch.tensor([1.0]), shift_y=torch.tensor([-2.0]))
    views = render(one_surface(linear, radii), lens, MARGIN)[0, 0]
    inner = slice(MARGIN, -MARGIN)
    moved = np.roll(linear, (-2, 1), axis=(0, 1))[inner, inner]
    torch.testing.assert_close(views, to_tensor(moved), atol=1e-4, rtol=0)


def test_softness_is_the_standard_deviation_of_a_gaussian() -> None:
    impulse = torch.zeros(1, 1, 65, 65)
    impulse[..., 32, 32] = 1
    row = soften(impulse, torch.tensor([0.9]))[0, 0].sum(dim=0)
    axis = torch.arange(-32, 33, dtype=torch.float32)
    assert abs(float((row * axis**2).sum()) - 0.81) < 0.01


def test_the_sharp_image_is_the_foreground_where_it_covers_and_the_background_elsewhere() -> None:
    front, back = texture(6), texture(7)
    alpha = torch.zeros(SIDE, SIDE)
    alpha[40:90, 50:] = 1
    image = sharp(two_planes(front, back, alpha, -5.0, 5.0), 0)[0]
    expected = torch.where(alpha > 0, to_tensor(front), to_tensor(back))
    torch.testing.assert_close(image, expected, atol=1e-6, rtol=0)


def test_a_batch_is_rendered_as_its_scenes_alone() -> None:
    linear, other = texture(8), texture(9)
    slope = np.linspace(-3, 9, SIDE, dtype=np.float32)[:, None].repeat(SIDE, axis=1)
    edge = two_planes(linear, other, (torch.arange(SIDE) < 70).float().expand(SIDE, SIDE), -6.0, 4.0)
    ramp = one_surface(linear, slope)
    lenses = draw_lenses(2, np.random.default_rng(1), CPU, misaligned=1.0)
    together = render(edge + ramp, lenses, MARGIN)
    alone = [render(scene, lenses[torch.tensor([index])], MARGIN)[0] for index, scene in enumerate((edge, ramp))]
    torch.testing.assert_close(together, torch.stack(alone), atol=2e-6, rtol=0)


@pytest.mark.parametrize(("lowest", "highest"), [(-25.0, 25.0), (0.0, 0.5), (3.0, 3.0), (-1.0, 4.0)])
def test_layers_span_their_bounds_in_order_and_are_few(lowest: float, highest: float) -> None:
    radii = layer_radii(lowest, highest)
    assert radii == sorted(set(radii))
    assert len(radii) <= MOST_LAYERS
    assert abs(radii[0] - lowest) < 1e-6
    assert abs(radii[-1] - highest) < 1e-6


def test_a_surface_that_reaches_as_far_as_allowed_takes_so_many_layers() -> None:
    for lowest in (-20.0, -2.0, 0.0, 1.5):
        assert len(layer_radii(lowest, highest_within(lowest, 9.0) - 1e-6)) in (9, 10)


def test_a_margin_that_kernels_reach_beyond_is_refused() -> None:
    with pytest.raises(ValueError, match="less than what kernels reach"):
        render(one_surface(texture(0), np.zeros((SIDE, SIDE), np.float32)), IDEAL, REACH - 1)
