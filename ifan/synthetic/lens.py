"""Point-spread functions of camera lenses, and of the halves that dual-pixel views look through.

Signs are those of the reference renderer: a blur radius is positive behind the plane of focus and negative before it.
"""

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LARGEST_RADIUS = 25.0
"""Largest blur radius that is rendered, px."""
REACH = 31
"""Pixels on each side of a kernel's centre: the largest radius, with what aberrations add to it."""
_SMALLEST = 0.05


@dataclass(frozen=True)
class Lenses:
    """Lenses by their parameters, each a float32 tensor (N,).

    Parameters
    ----------
    blades, rotation, roundness
        Sides of the aperture, the angle of its first corner in radians, and how far the sides bow out into the
        circle through the corners: 0 is a polygon, 1 a disc.
    cat_eye, cat_eye_angle
        How far the barrel cuts into the aperture, in aperture radii, and from which direction.
    ring
        Spherical aberration: how much brighter the rim is than the centre behind the focus; before it, the reverse.
    rim
        A narrow bright line along the edge, in parts of the mean.
    coma, coma_angle
        How much brighter one side of the aperture's image is than the other, and which.
    astigmatism, astigmatism_angle
        Difference of the blur radius between two directions, px.
    axial_colour
        What is added to the signed blur radius of red and taken from that of blue, px.
    softness
        Standard deviation of the blur that the lens has in focus too, px.
    split_width, split_leak, split_centre
        The halves of a dual-pixel sensor: how many aperture radii the transition from one to the other takes, the part
        of the light that goes to the wrong half far from it, and where it lies.
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
        """Round apertures without aberrations, whose halves are told apart by a hard cut."""
        values = {field.name: torch.zeros(count, device=device) for field in fields(cls)}
        values["blades"] = values["blades"] + 6
        values["roundness"] = values["roundness"] + 1
        return cls(**values)

    def __getitem__(self, index: Tensor) -> "Lenses":
        """Some of the lenses, in the order of ``index``."""
        return Lenses(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    def __len__(self) -> int:
        """How many lenses there are."""
        return len(self.blades)


def draw_lenses(count: int, random: np.random.Generator, device: torch.device, *, misaligned: float) -> Lenses:
    """Lenses as cameras have them.

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
        # A third is wide open, where the aperture is round.
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
"""What tests/performance/dual_pixel_fit.py finds in the calibrated kernels of a telephone lies at one end: widths of
1.35 to 1.87 and leaks of 0.00 to 0.07; cameras with larger pixels cut more sharply. There the cut's centre moves
from 2 to -2 across the sensor. Only what lies near its middle is drawn: the merged image is the mean of both halves,
each of weight 1, and a cut at 0.5 would move it by 0.8 px at a radius of 10 px."""


def kernels(lenses: Lenses, radius: Tensor, reach: int = REACH) -> Tensor:
    """Point-spread functions of both halves, for each colour.

    Parameters
    ----------
    lenses
        N of them.
    radius
        Signed blur radius of green, float32 (N,), px.
    reach
        Pixels on each side of the centre.

    Returns
    -------
    Tensor
        float32 (N, 2, 3, 2 reach + 1, 2 reach + 1): left and right half by red, green and blue, each with sum 1, to
        convolve with. Softness and shift are not in them; see `transfer`.
    """
    axis = torch.arange(-reach, reach + 1, device=radius.device, dtype=torch.float32)
    signed = radius[:, None] + lenses.axial_colour[:, None] * radius.new_tensor([1.0, 0.0, -1.0])
    # All that follows is (N, 3, rows, columns); before the focus the aperture's image is upside down.
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
    """Where light that arrives at (x, y) crossed the aperture, in its radii."""
    stretch = _each(lenses.astigmatism)
    along = (signed + stretch / 2).abs().clamp(min=_SMALLEST)
    across = (signed - stretch / 2).abs().clamp(min=_SMALLEST)
    cosine, sine = _each(torch.cos(lenses.astigmatism_angle)), _each(torch.sin(lenses.astigmatism_angle))
    first, second = (cosine * x + sine * y) / along, (cosine * y - sine * x) / across
    return cosine * first - sine * second, sine * first + cosine * second


def _outline(lenses: Lenses, u: Tensor, v: Tensor, distance: Tensor) -> tuple[Tensor, Tensor]:
    """How far inside the aperture a point lies, and the aperture's radius in its direction."""
    sector = 2 * torch.pi / _each(lenses.blades)
    angle = torch.remainder(torch.atan2(v, u) - _each(lenses.rotation), sector) - sector / 2
    roundness = _each(lenses.roundness)
    polygon = torch.cos(sector / 2) / torch.cos(angle)
    outline = roundness + (1 - roundness) * polygon
    # Towards a straight side the distance is shorter than along the ray from the centre.
    inside = (outline - distance) * (roundness + (1 - roundness) * torch.cos(angle))
    cut = _each(lenses.cat_eye)
    away = torch.hypot(
        u + cut * _each(torch.cos(lenses.cat_eye_angle)), v + cut * _each(torch.sin(lenses.cat_eye_angle))
    )
    # Without a cut the barrel must not clip the corners, which lie on the unit circle.
    return torch.where(cut > 0, torch.minimum(inside, 1 - away), inside), outline


def _profile(
    lenses: Lenses, side: Tensor, size: Tensor, u: Tensor, v: Tensor, distance: Tensor, outline: Tensor
) -> Tensor:
    """How bright each part of the aperture's image is; even for a blur of about a pixel."""
    seen = torch.clamp(size - 1, 0, 1)
    relative = (distance / outline).clamp(max=1.5)
    ring = side * _each(lenses.ring) * (2 * relative.square() - 1)
    rim = _each(lenses.rim) * torch.exp(-(((1 - relative) / 0.12) ** 2))
    slope = _each(lenses.coma) * (u * _each(torch.cos(lenses.coma_angle)) + v * _each(torch.sin(lenses.coma_angle)))
    return torch.clamp(1 + seen * (ring + rim + slope), min=0.02)


def _left_share(lenses: Lenses, u: Tensor) -> Tensor:
    """Which part of the light goes to the left view: all left of the cut but for the leak, none right of it."""
    width, leak = _each(lenses.split_width), _each(lenses.split_leak)
    # Of no width, the pixels on the line itself are shared.
    share = torch.sigmoid(-4 * (u - _each(lenses.split_centre)) / width.clamp(min=1e-3))
    return leak + (1 - 2 * leak) * share


def transfer(lenses: Lenses, size: int) -> Tensor:
    """What softness and shift do to a spectrum: complex64 (N, size, size // 2 + 1), for `torch.fft.rfft2`."""
    down, across = _frequencies(size, lenses.softness.device)
    phase = -2 * torch.pi * (down * lenses.shift_y[:, None, None] + across * lenses.shift_x[:, None, None])
    return torch.polar(_damping(lenses.softness, size), phase)


def soften(images: Tensor, softness: Tensor) -> Tensor:
    """Blur square images (N, C, S, S), which are taken to repeat, with standard deviations (N,) in px."""
    size = images.shape[-1]
    spectra = torch.fft.rfft2(images) * _damping(softness, size)[:, None]
    return torch.fft.irfft2(spectra, s=(size, size))


def _frequencies(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cycles a pixel of the rows and columns of a spectrum, to broadcast against (N, size, size // 2 + 1)."""
    down = torch.fft.fftfreq(size, device=device)[None, :, None]
    return down, torch.fft.rfftfreq(size, device=device)[None, None, :]


def _damping(softness: Tensor, size: int) -> Tensor:
    down, across = _frequencies(size, softness.device)
    spread = (2 * torch.pi * softness[:, None, None]).square() / 2
    return torch.exp(-spread * (down.square() + across.square()))
