"""Training patches, rendered on the training device; they depend only on the seed, the step and the process."""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ifan.synthetic.degradations import Degradations, process, record
from ifan.synthetic.given_depth import DepthScenes, surfaces_of_depth
from ifan.synthetic.lens import REACH, Lenses, draw_lenses, soften
from ifan.synthetic.photographs import TILE, Bank
from ifan.synthetic.rendering import Surfaces, render, sharp
from ifan.synthetic.softness import SoftSources, with_soft_scenes
from ifan.synthetic.surfaces import SceneStyle, draw_layout, draw_surfaces, to_encoded

MARGIN = REACH + 1
"""Margin that is rendered around a patch and cropped, px."""
NAMES = ("image", "left", "right")
"""Names of the three defocused images; ``target`` is the fourth of a batch."""


@dataclass(frozen=True)
class Sources:
    """Sources of the patches: photographs and scenes with depth.

    Parameters
    ----------
    bank
        Sharp tiles of photographs.
    scenes
        Scenes with known depth; None for none.
    """

    bank: Bank
    scenes: DepthScenes | None = None

    @property
    def device(self) -> torch.device:
        """Device on which the sources are stored and patches are rendered."""
        return self.bank.tiles.device


@dataclass(frozen=True)
class PatchStyle:
    """Properties of the patches.

    Parameters
    ----------
    crop
        Side of a patch, px.
    scenes, degradations
        Properties of the scenes, and degradations by the camera.
    depth_share
        Share of the patches that are parts of scenes with known depth, if there are any.
    soft_truth
        Share of the patches whose truth is as soft as their lens in focus. In real pairs this is always so, because a
        lens takes the truth too. A network that is trained only with truths sharp to the pixel sharpens what is in
        focus.
    misaligned
        Share of the patches that are shifted against their truth by up to half a pixel.
    kept
        Share of the patches whose defocused image is also their truth and both views. Blur that belongs to the
        photographed scene has no disparity, and a network that is trained without such patches sharpens it.
    soft_sources
        Share and kinds of scenes that are soft themselves and have this softness in their truth. A network that is
        trained only with sharp truths sharpens soft photographs.
    reduced, factors
        Share of the batches that are rendered larger and then reduced, after noise and compression, and the factors.
    """

    crop: int = 128
    scenes: SceneStyle = field(default_factory=SceneStyle)
    degradations: Degradations = field(default_factory=Degradations)
    depth_share: float = 0.25
    soft_truth: float = 1.0
    misaligned: float = 0.05
    kept: float = 0.0
    soft_sources: SoftSources = field(default_factory=SoftSources)
    reduced: float = 0.2
    factors: tuple[float, ...] = (0.8, 2 / 3, 0.5)

    def side(self, factor: float) -> int:
        """Return the side to render before reducing by a factor: a multiple of 32 that fits into a tile."""
        return min(32 * round(self.crop / factor / 32), TILE - 2 * MARGIN)


class SyntheticPatches:
    """Batches of rendered patches.

    Parameters
    ----------
    sources
        Sources, on the rendering device.
    batch
        Patches per iteration, over all processes.
    """

    ready = True
    """Loader processes would not make the patches faster."""

    def __init__(self, sources: Sources, style: PatchStyle, batch: int, seed: int) -> None:
        if style.crop + 2 * MARGIN > TILE or style.crop % 16:
            raise ValueError(f"a patch of {style.crop} px: at most {TILE - 2 * MARGIN}, a multiple of 16")
        self.sources, self.style, self.batch, self.seed = sources, style, batch, seed

    def __call__(self, step: int, process: int = 0, processes: int = 1) -> dict[str, Tensor]:
        """Return this process's share of the batch of an iteration.

        Returns
        -------
        dict
            ``image``, ``left``, ``right``, ``target``: float32 (B, 3, crop, crop) in [0, 1], sRGB-encoded.
        """
        share = (process + 1) * self.batch // processes - process * self.batch // processes
        random = np.random.default_rng((self.seed, step, process))
        key = int(random.integers(2**40))
        factor = 1.0
        if random.random() < self.style.reduced:
            factor = float(random.choice(self.style.factors))
        return make_patches(self.sources, self.style, share, self.style.side(factor), random, key)


@torch.no_grad()
def make_patches(
    sources: Sources, style: PatchStyle, count: int, side: int, random: np.random.Generator, key: int
) -> dict[str, Tensor]:
    """Render patches with a side of ``side`` px and reduce them to ``style.crop``."""
    surfaces = _draw_scenes(sources, style, count, side + 2 * MARGIN, random, 16 * key)
    lenses = draw_lenses(count, random, sources.device, misaligned=style.misaligned)
    surfaces, lenses = with_soft_scenes(surfaces, lenses, style.soft_sources, MARGIN, random)
    views = render(surfaces, lenses, MARGIN)
    target = _truth(surfaces, lenses, random.random(count) < style.soft_truth)
    images = record(views, style.degradations, random, 16 * key + 12)
    images = process(images, style.degradations, random)
    if side != style.crop:
        images, target = _reduced(images, style.crop), _reduced(target[:, None], style.crop)[:, 0]
    if style.kept > 0:
        images, target = _kept(images, target, random.random(count) < style.kept)
    return dict(zip(NAMES, images.unbind(dim=1), strict=True)) | {"target": target}


def _draw_scenes(
    sources: Sources, style: PatchStyle, count: int, size: int, random: np.random.Generator, key: int
) -> Surfaces:
    given = 0
    if sources.scenes is not None and size <= min(sources.scenes.images.shape[-2:]):
        given = int(random.binomial(count, style.depth_share))
    parts = []
    if count > given:
        layout = draw_layout(count - given, style.scenes, random)
        parts.append(draw_surfaces(sources.bank, layout, style.scenes, size, random, key))
    if sources.scenes is not None and given:
        parts.append(surfaces_of_depth(sources.scenes, given, style.scenes, size, random, key + 8))
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


def _truth(surfaces: Surfaces, lenses: Lenses, soft: NDArray[np.bool_]) -> Tensor:
    """Return the all-in-focus images, some as soft as their lens in focus: float32 (B, 3, P, P), sRGB-encoded."""
    own = lenses.softness * torch.from_numpy(soft).to(lenses.softness.device)
    inner = slice(MARGIN, -MARGIN)
    return to_encoded(soften(sharp(surfaces, 0), own)[..., inner, inner].clamp(0, 1))


def _kept(images: Tensor, target: Tensor, kept: NDArray[np.bool_]) -> tuple[Tensor, Tensor]:
    """Replace truth and both views of some patches by the defocused image, so that they have no disparity."""
    where = torch.from_numpy(kept).to(images.device)
    merged = images[:, 0]
    images = torch.where(where[:, None, None, None, None], merged[:, None], images)
    return images, torch.where(where[:, None, None, None], merged, target)


def _reduced(images: Tensor, side: int) -> Tensor:
    """Reduce (B, V, 3, H, W) bicubically with anti-aliasing, as image programs do."""
    smaller = functional.interpolate(
        images.flatten(0, 1), size=(side, side), mode="bicubic", antialias=True, align_corners=False
    )
    return smaller.clamp(0, 1).view(*images.shape[:3], side, side)
