"""Point-spread functions of camera lenses, and of the aperture halves of the dual-pixel views.

A blur radius is positive behind the plane of focus and negative before it, as in the reference renderer.
"""

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LARGEST_RADIUS = 25.0
"""Largest blur radius that is rendered, px."""
REACH = 31
"""Pixels on each side of a kernel's centre: the largest radius and the additional reach of aberrations."""
_SMALLEST = 0.05


@dataclass(frozen=True)
class Lenses:
    """Lenses by their parameters, each a float32 tensor (N,).

    Parameters
    ----------
    blades, rotation, roundness
        Number of blades of the aperture, the angle of its first corner in radians, and the roundness of its sides: 0 is
        a polygon, 1 a disc.
    cat_eye, cat_eye_angle
        Vignetting by the barrel: how far it cuts into the aperture, in aperture radii, and from which direction.
    ring
        Spherical aberration: how much brighter the rim is than the centre behind the focus; before it, the reverse.
    rim
        Brightness of a narrow line along the edge, relative to the mean.
    coma, coma_angle
        Brightness difference between the two sides of the aperture's image, and its direction.
    astigmatism, astigmatism_angle
        Difference of the blur radius between two directions, px.
    axial_colour
        Axial chromatic aberration: added to the signed blur radius of red and subtracted from that of blue, px.
    softness
        Standard deviation of the blur of the lens in focus, px.
    split_width, split_leak, split_centre
        The halves of a dual-pixel sensor: width of the transition between them in aperture radii, share of the light
        that reaches the wrong half far from it, and its position.
    shift_x, shift_y
        Misalignment of the defocused image, px.
    """

    blades: Tensor
    rotation: Tensor
    roundness: Tensor
    cat_eye: Tensor
    cat_eye_angle: Tensor
    ring: Tensor
    rim: Tensor
    coma: Tensor
    coma_angle: Tensor
    astigmatism: Tensor
    astigmatism_angle: Tensor
    axial_colour: Tensor
    softness: Tensor
    split_width: Tensor
    split_leak: Tensor
    split_centre: Tensor
    shift_x: Tensor
    shift_y: Tensor

    @classmethod
    def ideal(cls, count: int, device: torch.device) -> "Lenses":
        """Return lenses with round apertures, without aberrations, and with a sharp boundary between the halves."""
        values = {field.name: torch.zeros(count, device=device) for field in fields(cls)}
        values["blades"] = values["blades"] + 6
        values["roundness"] = values["roundness"] + 1
        return cls(**values)

    def __getitem__(self, index: Tensor) -> "Lenses":
        """Return some of the lenses, in the order of ``index``."""
        return Lenses(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    def __len__(self) -> int:
        """Return the number of lenses."""
        return len(self.blades)


def draw_lenses(count: int, random: np.random.Generator, device: torch.device, *, misaligned: float) -> Lenses:
    """Draw random lenses with realistic parameters.

    Parameters
    ----------
    misaligned
        Share of the lenses whose image is shifted against the truth, by up to half a pixel.
    """
    uniform = random.uniform

    def some(share: float) -> NDArray[np.bool_]:
        return random.random(count) < share

    shift = np.where(some(misaligned), uniform(0, 0.5, count), 0.0)
    direction = uniform(0, 2 * np.pi, count)
    values = {
        "blades": random.integers(5, 10, count),
        "rotation": uniform(0, 2 * np.pi, count),
        # About a third is wide open, which makes the aperture round.
        "roundness": np.where(some(0.35), 1.0, uniform(0.0, 1.0, count)),
        "cat_eye": np.where(some(0.4), uniform(0.0, 0.6, count), 0.0),
        "cat_eye_angle": uniform(0, 2 * np.pi, count),
        "ring": np.where(some(0.7), uniform(-0.6, 0.6, count), 0.0),
        "rim": np.where(some(0.3), uniform(0.0, 0.8, count), 0.0),
        "coma": np.where(some(0.3), uniform(0.0, 0.5, count), 0.0),
        "coma_angle": uniform(0, 2 * np.pi, count),
        "astigmatism": np.where(some(0.3), uniform(0.0, 0.6, count), 0.0),
        "astigmatism_angle": uniform(0, np.pi, count),
        "axial_colour": np.where(some(0.5), random.normal(0, 0.3, count), 0.0),
        "softness": np.where(some(0.5), uniform(0.0, 0.7, count), 0.0),
        **_draw_split(count, random),
        "shift_x": shift * np.cos(direction),
        "shift_y": shift * np.sin(direction),
    }
    stacked = torch.from_numpy(np.stack([np.asarray(value, np.float32) for value in values.values()])).to(device)
    return Lenses(**dict(zip(values, stacked, strict=True)))


def _draw_split(count: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "split_width": random.uniform(*SPLIT_WIDTH, count),
        "split_leak": random.uniform(*SPLIT_LEAK, count),
        "split_centre": random.normal(0, SPLIT_CENTRE_SPREAD, count),
    }


SPLIT_WIDTH, SPLIT_LEAK, SPLIT_CENTRE_SPREAD = (0.2, 1.9), (0.0, 0.1), 0.1
"""Ranges of the dual-pixel split. tests/performance/dual_pixel_fit.py finds widths of 1.35 to 1.87 and leaks of 0.00
to 0.07 in the calibrated kernels of a telephone; cameras with larger pixels separate the halves more sharply. In that
telephone the split's centre moves from 2 to -2 across the sensor. Only centres near the middle are drawn: the merged
image is the mean of both halves, each of weight 1, and a centre at 0.5 would shift it by 0.8 px at a radius of 10
px."""


def kernels(lenses: Lenses, radius: Tensor, reach: int = REACH) -> Tensor:
    """Return the point-spread functions of both halves, for each colour.

    Parameters
    ----------
    lenses
        N lenses.
    radius
        Signed blur radius of green, float32 (N,), px.
    reach
        Pixels on each side of the centre.

    Returns
    -------
    Tensor
        float32 (N, 2, 3, 2 reach + 1, 2 reach + 1): convolution kernels of left and right half for red, green and blue,
        each with sum 1. They do not include softness and shift; see `transfer`.
    """
    axis = torch.arange(-reach, reach + 1, device=radius.device, dtype=torch.float32)
    signed = radius[:, None] + lenses.axial_colour[:, None] * radius.new_tensor([1.0, 0.0, -1.0])
    # Shapes from here on are (N, 3, rows, columns); before the focus the aperture's image is inverted.
    signed = signed[:, :, None, None]
    side = torch.where(signed < 0, -1.0, 1.0)
    x, y = side * axis[None, None, None, :], side * axis[None, None, :, None]
    size = signed.abs().clamp(min=_SMALLEST)
    u, v = _pupil(lenses, signed, x, y)
    distance = torch.hypot(u, v)
    edge, outline = _outline(lenses, u, v, distance)
    light = torch.clamp(0.5 + size * edge, 0, 1) * _profile(lenses, side, size, u, v, distance, outline)
    left = _left_share(lenses, u)
    halves = torch.stack([light * left, light * (1 - left)], dim=1)
    return halves / halves.sum(dim=(-2, -1), keepdim=True).clamp(min=1e-12)


def _each(value: Tensor) -> Tensor:
    return value[:, None, None, None]


def _pupil(lenses: Lenses, signed: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return where the light at (x, y) passed the aperture, in aperture radii."""
    stretch = _each(lenses.astigmatism)
    along = (signed + stretch / 2).abs().clamp(min=_SMALLEST)
    across = (signed - stretch / 2).abs().clamp(min=_SMALLEST)
    cosine, sine = _each(torch.cos(lenses.astigmatism_angle)), _each(torch.sin(lenses.astigmatism_angle))
    first, second = (cosine * x + sine * y) / along, (cosine * y - sine * x) / across
    return cosine * first - sine * second, sine * first + cosine * second


def _outline(lenses: Lenses, u: Tensor, v: Tensor, distance: Tensor) -> tuple[Tensor, Tensor]:
    """Return a point's distance to the aperture's edge, positive inside, and the edge's radius in its direction."""
    sector = 2 * torch.pi / _each(lenses.blades)
    angle = torch.remainder(torch.atan2(v, u) - _each(lenses.rotation), sector) - sector / 2
    roundness = _each(lenses.roundness)
    polygon = torch.cos(sector / 2) / torch.cos(angle)
    outline = roundness + (1 - roundness) * polygon
    # The distance to a straight side is shorter than along the ray from the centre.
    inside = (outline - distance) * (roundness + (1 - roundness) * torch.cos(angle))
    cut = _each(lenses.cat_eye)
    away = torch.hypot(
        u + cut * _each(torch.cos(lenses.cat_eye_angle)), v + cut * _each(torch.sin(lenses.cat_eye_angle))
    )
    # Without vignetting the barrel must not clip the corners, which lie on the unit circle.
    return torch.where(cut > 0, torch.minimum(inside, 1 - away), inside), outline


def _profile(
    lenses: Lenses, side: Tensor, size: Tensor, u: Tensor, v: Tensor, distance: Tensor, outline: Tensor
) -> Tensor:
    """Return the brightness of each part of the aperture's image; it is uniform for a blur of about a pixel."""
    seen = torch.clamp(size - 1, 0, 1)
    relative = (distance / outline).clamp(max=1.5)
    ring = side * _each(lenses.ring) * (2 * relative.square() - 1)
    rim = _each(lenses.rim) * torch.exp(-(((1 - relative) / 0.12) ** 2))
    slope = _each(lenses.coma) * (u * _each(torch.cos(lenses.coma_angle)) + v * _each(torch.sin(lenses.coma_angle)))
    return torch.clamp(1 + seen * (ring + rim + slope), min=0.02)


def _left_share(lenses: Lenses, u: Tensor) -> Tensor:
    """Return the light's share for the left view: 1 - leak far left of the split, leak far right of it."""
    width, leak = _each(lenses.split_width), _each(lenses.split_leak)
    # With zero width, pixels on the boundary are shared.
    share = torch.sigmoid(-4 * (u - _each(lenses.split_centre)) / width.clamp(min=1e-3))
    return leak + (1 - 2 * leak) * share


def transfer(lenses: Lenses, size: int) -> Tensor:
    """Return the transfer function of softness and shift: complex64 (N, size, size // 2 + 1), for `torch.fft.rfft2`."""
    down, across = _frequencies(size, lenses.softness.device)
    phase = -2 * torch.pi * (down * lenses.shift_y[:, None, None] + across * lenses.shift_x[:, None, None])
    return torch.polar(_damping(lenses.softness, size), phase)


def soften(images: Tensor, softness: Tensor) -> Tensor:
    """Blur square images (N, C, S, S) by Gaussians with standard deviations (N,) in px and periodic borders."""
    size = images.shape[-1]
    spectra = torch.fft.rfft2(images) * _damping(softness, size)[:, None]
    return torch.fft.irfft2(spectra, s=(size, size))


def _frequencies(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return a spectrum's frequencies in cycles per pixel, to broadcast against (N, size, size // 2 + 1)."""
    down = torch.fft.fftfreq(size, device=device)[None, :, None]
    return down, torch.fft.rfftfreq(size, device=device)[None, None, :]


def _damping(softness: Tensor, size: int) -> Tensor:
    down, across = _frequencies(size, softness.device)
    spread = (2 * torch.pi * softness[:, None, None]).square() / 2
    return torch.exp(-spread * (down.square() + across.square()))
