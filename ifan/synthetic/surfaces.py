"""Draw scenes: photographic textures on flat, slanted and uneven surfaces that occlude each other, with blur radii."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ifan.synthetic.lens import LARGEST_RADIUS
from ifan.synthetic.noise import uniform
from ifan.synthetic.outlines import draw_outlines, smooth_noise
from ifan.synthetic.photographs import TILE, Bank
from ifan.synthetic.rendering import MOST_LAYERS, Surfaces, highest_within

USUAL_LAYERS = MOST_LAYERS - 3.0
"""Largest number of layers of a surface, which limits the range of its blur radius."""


@dataclass(frozen=True)
class SceneStyle:
    """Properties of the scenes.

    Parameters
    ----------
    smallest_radius, largest_radius
        Bounds of the largest blur radius of a scene with defocus, px, drawn on a logarithmic scale.
    sharp_share
        Share of the scenes whose radius stays under 0.7 px; a network trained without sharp images ruins them.
    surfaces
        Shares of the scenes with one, two and three surfaces.
    highlights, sparks
        Share of the scenes with parts brighter than white, and share with additional small lights.
    grey
        Share of the scenes without colour.
    """

    smallest_radius: float = 0.6
    largest_radius: float = LARGEST_RADIUS
    sharp_share: float = 0.22
    surfaces: tuple[float, float, float] = (0.4, 0.42, 0.18)
    highlights: float = 0.4
    sparks: float = 0.12
    grey: float = 0.15


@dataclass
class Layout:
    """The layout of scenes before pictures are drawn: one entry per surface, nearest first within a scene."""

    scene: list[int]
    rank: list[int]
    lowest: list[float]
    highest: list[float]

    @property
    def covering(self) -> NDArray[np.int64]:
        """Indices of the surfaces that have another behind them and therefore need an outline."""
        following = [*self.scene[1:], -1]
        return np.flatnonzero([one == other for one, other in zip(self.scene, following, strict=True)])


def draw_layout(scenes: int, style: SceneStyle, random: np.random.Generator) -> Layout:
    """Draw the surfaces of scenes and the bounds of their blur radii."""
    layout = Layout([], [], [], [])
    for scene in range(scenes):
        bounds = _draw_bounds(style, random)
        for rank, (low, high) in enumerate(bounds):
            layout.scene.append(scene)
            layout.rank.append(rank)
            layout.lowest.append(low)
            layout.highest.append(high)
    return layout


def _draw_bounds(style: SceneStyle, random: np.random.Generator) -> list[tuple[float, float]]:
    count = 1 + int(random.choice(3, p=style.surfaces))
    if random.random() < style.sharp_share:
        largest = random.uniform(0.0, 0.7)
    else:
        largest = float(np.exp(random.uniform(np.log(style.smallest_radius), np.log(style.largest_radius))))
    # One surface has the scene's largest blur radius, the others any radius.
    centres = [float(random.choice([-1.0, 1.0])) * largest]
    centres += [float(random.uniform(-1, 1)) * largest for _ in range(count - 1)]
    bounds = []
    # Nearer surfaces have the smaller signed radius.
    for centre in sorted(centres):
        low = high = centre
        if random.random() < 0.6:
            spread = float(random.uniform(0, 1.2)) * largest
            low = max(centre - spread * random.random(), -largest)
            high = min(low + spread, largest, highest_within(low, USUAL_LAYERS))
        bounds.append((low, max(low, high)))
    return bounds


def draw_surfaces(
    bank: Bank, layout: Layout, style: SceneStyle, size: int, random: np.random.Generator, key: int
) -> Surfaces:
    """Draw pictures, outlines and blur radii of the surfaces of a layout.

    Parameters
    ----------
    size
        Side of the scenes with their margins, px.
    key
        Key of the noise fields; ``random`` provides all other random values.
    """
    count, device = len(layout.scene), bank.tiles.device
    encoded = _draw_pictures(bank, count, size, random)
    covering = layout.covering
    alpha = torch.ones(count, size, size, device=device)
    if len(covering):
        where = torch.from_numpy(covering).to(device)
        others = _draw_pictures(bank, len(covering), size, random)
        alpha[where] = draw_outlines(size, others, random, 8 * key)
    scenes = max(layout.scene) + 1
    colour = develop(encoded, np.asarray(layout.scene), scenes, style, random, 8 * key + 1)
    radius = _draw_radius(layout, size, random, 8 * key + 2, device)
    return Surfaces(colour, alpha, radius, layout.scene, layout.rank, layout.lowest, layout.highest)


def _draw_pictures(bank: Bank, count: int, size: int, random: np.random.Generator) -> Tensor:
    place = random.integers(TILE - size + 1, size=(2, count))
    return bank.cut(
        random.integers(len(bank.tiles), size=count), place[0], place[1], random.integers(8, size=count), size
    )


def _draw_radius(layout: Layout, size: int, random: np.random.Generator, key: int, device: torch.device) -> Tensor:
    """Draw radii with slopes and bumps that span each surface's bounds: float32 (N, size, size)."""
    count = len(layout.scene)
    axis = torch.linspace(-0.5, 0.5, size, device=device)
    angle, bumps, fine = torch.from_numpy(
        np.stack([
            random.uniform(0, 2 * np.pi, count),
            # Two thirds of the surfaces are planes in space, whose radius is linear in the image.
            np.where(random.random(count) < 0.65, 0.0, random.uniform(0.1, 1.0, count)),
            random.uniform(0, 0.3, count),
        ]).astype(np.float32)
    ).to(device)[:, :, None, None]  # fmt: skip
    slope = torch.cos(angle) * axis[None, None, :] + torch.sin(angle) * axis[None, :, None]
    relief = smooth_noise(count, size, 4, 2 * key, device) + fine * smooth_noise(count, size, 14, 2 * key + 1, device)
    field = (1 - bumps) * slope + 0.5 * bumps * relief
    low, high = field.amin(dim=(1, 2), keepdim=True), field.amax(dim=(1, 2), keepdim=True)
    bounds = torch.tensor([layout.lowest, layout.highest], device=device)[:, :, None, None]
    return bounds[0] + (bounds[1] - bounds[0]) * (field - low) / (high - low).clamp(min=1e-6)


def develop(
    encoded: Tensor, scene: NDArray[np.int64], scenes: int, style: SceneStyle, random: np.random.Generator, key: int
) -> Tensor:
    """Convert pictures to linear light, with random tone curve, colour and exposure, and highlights above white.

    Parameters
    ----------
    encoded
        float32 (N, 3, S, S) in [0, 1].
    scene
        Index of each picture's scene; grey and highlights are drawn per scene.
    """
    count, device = len(encoded), encoded.device

    def each(values: NDArray[np.floating] | NDArray[np.bool_]) -> Tensor:
        return torch.from_numpy(np.asarray(values, np.float32)).to(device)[:, None, None, None]

    linear = to_linear(encoded)
    power = each(np.exp(random.normal(0, 0.22, count)))
    gain = torch.from_numpy(np.exp(random.normal(0, 0.12, (count, 3))).astype(np.float32)).to(device)[:, :, None, None]
    exposure = each(np.exp(random.normal(-0.1, 0.3, count)))
    linear = linear.clamp(min=1e-5) ** power * gain
    # The exposure is limited, so that a bright picture does not become white.
    brightness = linear.mean(dim=(1, 2, 3), keepdim=True)
    linear = linear * torch.minimum(exposure, 0.6 / brightness.clamp(min=1e-3))
    saturation = np.where(random.random(scenes) < style.grey, 0.0, 1.0)[scene] * np.exp(random.normal(0, 0.15, count))
    luminance = (linear * linear.new_tensor([0.2126, 0.7152, 0.0722])[None, :, None, None]).sum(dim=1, keepdim=True)
    linear = (luminance + each(saturation) * (linear - luminance)).clamp(min=0)
    bright = each(np.where(random.random(scenes) < style.highlights, random.uniform(1, 12, scenes), 0.0)[scene])
    top = (linear.amax(dim=1, keepdim=True) / 0.95 - 0.7).clamp(0, 1)
    linear = linear * (1 + bright * top.square())
    sparkling = (random.random(scenes) < style.sparks)[scene]
    return linear + each(sparkling) * _sparks(linear, random, key) if sparkling.any() else linear


def _sparks(linear: Tensor, random: np.random.Generator, key: int) -> Tensor:
    """Draw small bright lights, such as reflections on water and leaves or lamps at night."""
    count, _, size, _ = linear.shape
    device = linear.device
    rare = torch.from_numpy(np.exp(random.uniform(np.log(2e-4), np.log(4e-3), count)).astype(np.float32)).to(device)
    chance = uniform((count, 1, size, size), 2 * key, device)
    power = uniform((count, 1, size, size), 2 * key + 1, device)
    strength = torch.where(chance < rare[:, None, None, None], 2 * (power + 0.05) ** -1.3, torch.zeros_like(power))
    tint = torch.from_numpy(random.uniform(0.6, 1.0, (count, 3, 1, 1)).astype(np.float32)).to(device)
    # A light is round and larger than one pixel.
    spread = strength.new_tensor([[0.25, 0.6, 0.25], [0.6, 1.0, 0.6], [0.25, 0.6, 0.25]])[None, None]
    return tint * functional.conv2d(strength, spread, padding=1)


def to_linear(encoded: Tensor) -> Tensor:
    """Invert the sRGB curve."""
    return torch.where(encoded <= 0.04045, encoded / 12.92, ((encoded.clamp(min=0) + 0.055) / 1.055) ** 2.4)


def to_encoded(linear: Tensor) -> Tensor:
    """Apply the sRGB curve to values from 0 up."""
    return torch.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear.clamp(min=1e-6) ** (1 / 2.4) - 0.055)
