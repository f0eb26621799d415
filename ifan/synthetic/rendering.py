"""Render the defocus of layered scenes, in linear light and for a whole batch at once.

A scene consists of surfaces. Each has a picture, an outline and a blur radius everywhere, also where nearer surfaces
hide it, so the background of a blurred edge is known. A surface with a varying radius is divided by linear weights
among layers of constant radius. The layers of a surface are added; the surfaces are composited.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

import torch
from torch import Tensor

from ifan.synthetic.lens import REACH, Lenses, kernels, transfer

MOST_LAYERS = 14
"""Largest number of layers of a surface; a wider range of radii gets larger steps."""
_DENSITY, _EVEN = 3.0, 3.75
"""Layers per pixel of radius near the focus, and the radius beyond which their distance is constant."""
_FAINTEST = 1e-4
"""Smallest coverage by which a layer's light is divided: far above the rounding of the transforms."""


@dataclass(frozen=True)
class Surfaces:
    """The surfaces of a batch of scenes, in the order of the scenes, each from the nearest to the farthest.

    Parameters
    ----------
    colour
        float32 (N, 3, S, S), linear light.
    alpha
        float32 (N, S, S): share of each pixel that the surface covers.
    radius
        float32 (N, S, S), signed blur radius, px.
    scene, rank
        Index of each surface's scene, and number of nearer surfaces in it.
    lowest, highest
        Bounds of each surface's radius.
    """

    colour: Tensor
    alpha: Tensor
    radius: Tensor
    scene: Sequence[int]
    rank: Sequence[int]
    lowest: Sequence[float]
    highest: Sequence[float]

    @property
    def scenes(self) -> int:
        """Number of scenes."""
        return max(self.scene) + 1

    def __add__(self, other: "Surfaces") -> "Surfaces":
        """Return these scenes followed by the others."""
        return Surfaces(
            torch.cat([self.colour, other.colour]),
            torch.cat([self.alpha, other.alpha]),
            torch.cat([self.radius, other.radius]),
            [*self.scene, *(scene + self.scenes for scene in other.scene)],
            [*self.rank, *other.rank],
            [*self.lowest, *other.lowest],
            [*self.highest, *other.highest],
        )


def layer_radii(lowest: float, highest: float) -> list[float]:
    """Return the radii of layers between two bounds, 1/3 px apart up to 1 px, then radius / 3, at most 1.25 px."""
    if highest - lowest < 1e-3:
        return [(lowest + highest) / 2]
    first, last = _steps(lowest), _steps(highest)
    count = min(int(last - first) + 2, MOST_LAYERS)
    return [_radius(first + (last - first) * index / (count - 1)) for index in range(count)]


def highest_within(lowest: float, layers: float) -> float:
    """Return the highest radius with which a surface from ``lowest`` on needs about ``layers`` layers."""
    return _radius(_steps(lowest) + layers - 1)


def _steps(radius: float) -> float:
    """Return the number of layers between the focus and a radius: the integral of 1 / spacing."""
    size = abs(radius)
    if size <= 1:
        steps = _DENSITY * size
    elif size <= _EVEN:
        steps = _DENSITY * (1 + log(size))
    else:
        steps = _DENSITY * (1 + log(_EVEN)) + (size - _EVEN) * _DENSITY / _EVEN
    return steps if radius >= 0 else -steps


def _radius(steps: float) -> float:
    """Return the radius after a number of layers; the inverse of `_steps`."""
    size, bend = abs(steps), _DENSITY * (1 + log(_EVEN))
    if size <= _DENSITY:
        radius = size / _DENSITY
    elif size <= bend:
        radius = exp(size / _DENSITY - 1)
    else:
        radius = (size - bend) * _EVEN / _DENSITY + _EVEN
    return radius if steps >= 0 else -radius


def render(surfaces: Surfaces, lenses: Lenses, margin: int) -> Tensor:
    """Render the views through both halves of each lens.

    Parameters
    ----------
    lenses
        One lens for each scene.
    margin
        Pixels to crop on each side: at least `REACH`, because the surroundings are unknown.

    Returns
    -------
    Tensor
        float32 (B, 2, 3, S - 2 margin, S - 2 margin): left and right view, linear light, not clipped.
    """
    if margin < REACH:
        raise ValueError(f"a margin of {margin} px is less than what kernels reach, {REACH} px")
    inner = slice(margin, surfaces.colour.shape[-1] - margin)
    light, coverage = _blurred(surfaces, lenses, inner)
    return _composited(surfaces, light, coverage)


def sharp(surfaces: Surfaces, margin: int) -> Tensor:
    """Render the all-in-focus image of each scene: float32 (B, 3, S - 2 margin, S - 2 margin), linear light."""
    inner = slice(margin, surfaces.colour.shape[-1] - margin)
    alpha = surfaces.alpha[:, None, None, inner, inner]
    return _composited(surfaces, alpha * surfaces.colour[:, None, :, inner, inner], alpha)[:, 0]


def _blurred(surfaces: Surfaces, lenses: Lenses, inner: slice) -> tuple[Tensor, Tensor]:
    """Return blurred light and coverage of each surface in both views: (N, 2, 3, P, P) each."""
    device, size = surfaces.colour.device, surfaces.colour.shape[-1]
    nodes = [layer_radii(low, high) for low, high in zip(surfaces.lowest, surfaces.highest, strict=True)]
    scene = torch.tensor(surfaces.scene, device=device)
    extra = transfer(lenses, size)
    spectra = torch.zeros(len(nodes), 2, 6, size, size // 2 + 1, dtype=torch.complex64, device=device)
    # Process the k-th layer of every surface that has one.
    for k in range(max(len(radii) for radii in nodes)):
        having = [index for index, radii in enumerate(nodes) if len(radii) > k]
        rows = torch.tensor(having, device=device)
        around = torch.tensor([_neighbours(nodes[index], k) for index in having], device=device)
        weight = _tent(surfaces.radius[rows], around) * surfaces.alpha[rows]
        layers = torch.cat([weight[:, None] * surfaces.colour[rows], weight[:, None]], dim=1)
        spectrum = torch.fft.rfft2(layers)
        spread = torch.fft.rfft2(kernels(lenses[scene[rows]], around[:, 1]), s=(size, size))
        spread = spread * extra[scene[rows]][:, None, None]
        spectra[rows] += torch.cat([spectrum[:, None, :3] * spread, spectrum[:, None, 3:] * spread], dim=2)
    # A kernel's centre is REACH pixels after its first pixel, so the result is shifted by REACH.
    late = slice(inner.start + REACH, inner.stop + REACH)
    both = torch.fft.irfft2(spectra, s=(size, size))[..., late, late]
    return both[:, :, :3], both[:, :, 3:]


def _neighbours(radii: Sequence[float], k: int) -> tuple[float, float, float]:
    # The outermost layers also take the radii beyond them.
    return (
        radii[k - 1] if k > 0 else radii[k] - 1e3,
        radii[k],
        radii[k + 1] if k + 1 < len(radii) else radii[k] + 1e3,
    )


def _tent(radius: Tensor, around: Tensor) -> Tensor:
    """Return a layer's weight: 1 at its radius, falling linearly to 0 at the radii of the neighbouring layers."""
    below, centre, above = (around[:, column, None, None] for column in range(3))
    rising = torch.where(below < centre - 500, 1.0, (radius - below) / (centre - below))
    falling = torch.where(above > centre + 500, 1.0, (above - radius) / (above - centre))
    return torch.minimum(rising, falling).clamp(0, 1)


def _composited(surfaces: Surfaces, light: Tensor, coverage: Tensor) -> Tensor:
    """Composite the surfaces from the nearest to the farthest, which fills the rest."""
    device, scenes = light.device, surfaces.scenes
    picture = torch.zeros(scenes, *light.shape[1:], device=device)
    free = torch.ones(scenes, *light.shape[1:], device=device)
    last = dict(zip(surfaces.scene, surfaces.rank, strict=True))
    for rank in range(max(surfaces.rank) + 1):
        here = [index for index, value in enumerate(surfaces.rank) if value == rank]
        rows = torch.tensor(here, device=device)
        scene = torch.tensor([surfaces.scene[index] for index in here], device=device)
        farthest = torch.tensor([last[surfaces.scene[index]] == rank for index in here], device=device)
        part = coverage[rows]
        colour = light[rows] / part.clamp(min=_FAINTEST)
        # Where the radius changes, the layers' coverage adds up to slightly more or less than 1.
        part = torch.where(farthest[:, None, None, None, None], torch.ones_like(part), part.clamp(0, 1))
        picture[scene] += free[scene] * part * colour
        free[scene] *= 1 - part
    return picture
