"""Scenes that are soft themselves, like many photographs; this softness is part of their truth."""

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ifan.synthetic.lens import Lenses, draw_lenses, soften
from ifan.synthetic.rendering import Surfaces, render, sharp

SUBJECT = (0.15, 0.85)
"""Bounds of the share of a patch that the subject of a photograph with a blurred background covers."""


@dataclass(frozen=True)
class SoftSources:
    """Share and kinds of photographs that are soft before they are defocused.

    A soft scene is one flat photograph. Its softness belongs to the truth; the defocus on top of it does not.

    Parameters
    ----------
    share
        Share of the scenes that are soft; 0 for none.
    own_blur, enlarged
        Share of the soft scenes whose background is blurred by another lens, where there is a subject and a background,
        and share of the soft scenes that are enlarged bicubically. A Gaussian blurs the others. Uniformly soft truths
        taught a network within minutes to keep small blur, so by default there are none.
    deviation
        Bounds of the Gaussian's standard deviation, px.
    enlargement
        Bounds of the factor of enlargement.
    own_radius
        Bounds of the largest blur radius of that other lens, px; drawn on a logarithmic scale.
    in_focus
        Share of the soft scenes without defocus on top.
    largest_radius
        Largest blur radius of that defocus, px; drawn uniformly.
    """

    share: float = 0.0
    own_blur: float = 1.0
    enlarged: float = 0.0
    deviation: tuple[float, float] = (0.4, 1.6)
    enlargement: tuple[float, float] = (1.2, 2.0)
    own_radius: tuple[float, float] = (2.5, 12.0)
    in_focus: float = 0.7
    largest_radius: float = 1.5


@torch.no_grad()
def with_soft_scenes(
    surfaces: Surfaces, lenses: Lenses, style: SoftSources, margin: int, random: np.random.Generator
) -> tuple[Surfaces, Lenses]:
    """Replace some scenes by soft photographs of them, slightly defocused or in focus.

    Parameters
    ----------
    lenses
        One lens for each scene.
    margin
        At least `ifan.synthetic.lens.REACH`, px.

    Returns
    -------
    Surfaces, Lenses
        Scenes and lenses, unchanged for the other scenes. Lenses of scenes in focus have no aberrations or shift.
    """
    if not style.share:
        return surfaces, lenses
    chosen = np.flatnonzero(random.random(surfaces.scenes) < style.share)
    if not len(chosen):
        return surfaces, lenses
    kind = random.random(len(chosen))
    own = kind < style.own_blur
    enlarged = ~own & (kind < style.own_blur + style.enlarged)
    possible = ~own | np.isin(chosen, _with_a_subject(surfaces, margin))
    chosen, own, enlarged = chosen[possible], own[possible], enlarged[possible]
    if not len(chosen):
        return surfaces, lenses
    pictures = sharp(surfaces, 0)[torch.from_numpy(chosen).to(surfaces.colour.device)]
    for place in np.flatnonzero(own):
        pictures[place] = _out_of_focus(_scene(surfaces, int(chosen[place])), style, margin, random)
    for place in np.flatnonzero(enlarged):
        pictures[place] = _enlarged(pictures[place], random.uniform(*style.enlargement))
    deviation = np.where(own | enlarged, 0.0, random.uniform(*style.deviation, len(chosen)))
    pictures = soften(pictures, torch.from_numpy(deviation.astype(np.float32)).to(pictures.device)).clamp(min=0)
    in_focus = random.random(len(chosen)) < style.in_focus
    largest = np.where(in_focus, 0.0, random.uniform(0, style.largest_radius, len(chosen)))
    flat = _flat_scenes(pictures, chosen, largest, random)
    others = [index for index, scene in enumerate(surfaces.scene) if scene not in set(chosen.tolist())]
    return _rows(surfaces, others, flat), _without_aberrations(lenses, chosen[in_focus])


def _with_a_subject(surfaces: Surfaces, margin: int) -> list[int]:
    """Return the scenes whose nearest surface covers enough for a subject and leaves enough background."""
    several = {scene for scene, rank in zip(surfaces.scene, surfaces.rank, strict=True) if rank > 0}
    inner = slice(margin, -margin)
    visible = surfaces.alpha[..., inner, inner].mean(dim=(1, 2)).tolist()
    return [
        scene
        for scene, rank, part in zip(surfaces.scene, surfaces.rank, visible, strict=True)
        if rank == 0 and scene in several and SUBJECT[0] <= part <= SUBJECT[1]
    ]


def _scene(surfaces: Surfaces, scene: int) -> Surfaces:
    rows = [index for index, value in enumerate(surfaces.scene) if value == scene]
    return Surfaces(
        surfaces.colour[rows], surfaces.alpha[rows], surfaces.radius[rows], [0] * len(rows),
        [surfaces.rank[row] for row in rows], [surfaces.lowest[row] for row in rows],
        [surfaces.highest[row] for row in rows],
    )  # fmt: skip


def _out_of_focus(scene: Surfaces, style: SoftSources, margin: int, random: np.random.Generator) -> Tensor:
    """Photograph a scene with another lens, focused on the nearest surface: linear light, float32 (3, S, S)."""
    focus = (scene.lowest[0] + scene.highest[0]) / 2
    lowest, highest = [low - focus for low in scene.lowest], [high - focus for high in scene.highest]
    largest = max(abs(radius) for radius in [*lowest, *highest])
    factor = float(np.exp(random.uniform(*np.log(style.own_radius)))) / max(largest, 0.1)
    scene = replace(
        scene, radius=factor * (scene.radius - focus), lowest=[factor * low for low in lowest],
        highest=[factor * high for high in highest],
    )  # fmt: skip
    lens = draw_lenses(1, random, scene.colour.device, misaligned=0.0)
    seen = render(scene, lens, margin).mean(dim=1)
    # The cropped margin is filled by reflection: later blur is too small to bring it into the patch.
    return functional.pad(seen, (margin, margin, margin, margin), mode="reflect")[0]


def _enlarged(picture: Tensor, factor: float) -> Tensor:
    size = picture.shape[-1]
    part = max(8, round(size / factor))
    first = (size - part) // 2
    centre = picture[None, :, first : first + part, first : first + part]
    return functional.interpolate(centre, size=(size, size), mode="bicubic", align_corners=False)[0].clamp(min=0)


def _flat_scenes(
    pictures: Tensor, scenes: NDArray[np.int64], largest: NDArray[np.float64], random: np.random.Generator
) -> Surfaces:
    """Turn photographs into planes, some of them slanted."""
    count, size = len(pictures), pictures.shape[-1]
    slanted = random.random(count) < 0.5
    side = random.choice([-1.0, 1.0], count)
    nearest = np.where(slanted, largest * random.uniform(0, 1, count), largest)
    low, high = np.minimum(side * nearest, side * largest), np.maximum(side * nearest, side * largest)
    angle = random.uniform(0, 2 * np.pi, count)
    axis = np.linspace(-0.5, 0.5, size)
    slope = np.cos(angle)[:, None, None] * axis[None, None, :] + np.sin(angle)[:, None, None] * axis[None, :, None]
    slope = 0.5 + slope / (np.abs(np.cos(angle)) + np.abs(np.sin(angle)))[:, None, None]
    radius = low[:, None, None] + (high - low)[:, None, None] * slope
    device = pictures.device
    return Surfaces(
        pictures, torch.ones(count, size, size, device=device),
        torch.from_numpy(radius.astype(np.float32)).to(device), scenes.tolist(), [0] * count,
        low.tolist(), high.tolist(),
    )  # fmt: skip


def _rows(surfaces: Surfaces, rows: list[int], flat: Surfaces) -> Surfaces:
    """Join some surfaces and flat scenes, whose scene indices are already set."""
    return Surfaces(
        torch.cat([surfaces.colour[rows], flat.colour]), torch.cat([surfaces.alpha[rows], flat.alpha]),
        torch.cat([surfaces.radius[rows], flat.radius]), [*(surfaces.scene[row] for row in rows), *flat.scene],
        [*(surfaces.rank[row] for row in rows), *flat.rank], [*(surfaces.lowest[row] for row in rows), *flat.lowest],
        [*(surfaces.highest[row] for row in rows), *flat.highest],
    )  # fmt: skip


def _without_aberrations(lenses: Lenses, scenes: NDArray[np.int64]) -> Lenses:
    """Remove the aberrations and shifts of some lenses; their softness stays."""
    where = torch.from_numpy(scenes).to(lenses.blades.device)
    changed = {}
    for field in fields(lenses):
        value = getattr(lenses, field.name)
        if field.name in {"astigmatism", "axial_colour", "shift_x", "shift_y"}:
            value = value.index_fill(0, where, 0.0)
        changed[field.name] = value
    return Lenses(**changed)
