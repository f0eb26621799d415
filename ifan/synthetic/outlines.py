"""Draw outlines of surfaces: the share of each pixel that a surface covers, with anti-aliased edges."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ifan.synthetic.noise import normal

_SHAPES = 10
"""Number of shapes in an outline of discs or bars."""


def draw_outlines(size: int, pictures: Tensor, random: np.random.Generator, key: int) -> Tensor:
    """Draw the coverage of surfaces of many forms: half planes, blobs, lattices, discs, bars, and foliage.

    Parameters
    ----------
    pictures
        float32 (N, 3, size, size), encoded; foliage follows the bright and dark parts of these pictures.

    Returns
    -------
    Tensor
        float32 (N, size, size) in [0, 1].
    """
    device = pictures.device
    alpha = torch.zeros(len(pictures), size, size, device=device)
    kinds = random.choice(len(FORMS), len(pictures), p=SHARES)
    for number, form in enumerate(FORMS):
        rows = np.flatnonzero(kinds == number)
        if len(rows):
            where = torch.from_numpy(rows).to(device)
            inside = form(size, pictures[where], random, key * len(FORMS) + number)
            alpha[where] = torch.clamp(inside + 0.5, 0, 1)
    return alpha


def smooth_noise(count: int, size: int, cells: int, key: int, device: torch.device) -> Tensor:
    """Draw noise with about ``cells`` bumps along a side: float32 (count, size, size), about standard normal."""
    coarse = normal((count, 1, cells, cells), key, device)
    return functional.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=True)[:, 0]


def _grid(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    axis = torch.arange(size, device=device, dtype=torch.float32) - (size - 1) / 2
    return axis[None, None, :], axis[None, :, None]


def _column(values: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32)).to(device)[..., None, None]


def _distance(level: Tensor) -> Tensor:
    """Return the approximate distance in pixels to the zero line of a field."""
    across = functional.pad(level[:, :, 2:] - level[:, :, :-2], (1, 1)) / 2
    down = functional.pad((level[:, 2:] - level[:, :-2]).transpose(1, 2), (1, 1)).transpose(1, 2) / 2
    slope = torch.hypot(across, down)
    # A lower bound, because flat regions would otherwise become half transparent.
    return level / slope.clamp(min=0.02)


def _half_plane(size: int, pictures: Tensor, random: np.random.Generator, key: int) -> Tensor:
    device, count = pictures.device, len(pictures)
    x, y = _grid(size, device)
    angle = _column(random.uniform(0, 2 * np.pi, count), device)
    bend = _column(random.uniform(0, 6, count), device) * smooth_noise(count, size, 5, key, device)
    offset = _column(random.uniform(-0.25, 0.25, count) * size, device)
    return torch.cos(angle) * x + torch.sin(angle) * y + bend - offset


def _blob(size: int, pictures: Tensor, random: np.random.Generator, key: int) -> Tensor:
    device, count = pictures.device, len(pictures)
    cells = int(random.integers(4, 12))
    level = smooth_noise(count, size, cells, key, device) - _column(random.uniform(-0.4, 0.7, count), device)
    return _distance(level)


def _lattice(size: int, pictures: Tensor, random: np.random.Generator, key: int) -> Tensor:
    """Draw bars at equal distances, in one or two directions: railings, branches, wires."""
    device, count = pictures.device, len(pictures)
    x, y = _grid(size, device)
    result = None
    for number in range(2):
        angle = _column(random.uniform(0, np.pi, count), device)
        period = _column(np.exp(random.uniform(np.log(8), np.log(90), count)), device)
        width = period * _column(random.uniform(0.1, 0.5, count), device)
        bend = _column(random.uniform(0, 8, count), device) * smooth_noise(count, size, 4, 2 * key + number, device)
        place = (torch.cos(angle) * x + torch.sin(angle) * y + bend) / period
        inside = width / 2 - (torch.remainder(place, 1) - 0.5).abs() * period
        if result is None:
            result = inside
        else:
            second = _column(random.random(count) < 0.4, device) > 0
            result = torch.where(second, torch.maximum(result, inside), result)
    assert result is not None
    return result


def _discs(size: int, pictures: Tensor, random: np.random.Generator, key: int) -> Tensor:
    device, count = pictures.device, len(pictures)
    x, y = _grid(size, device)
    inside = torch.full((count, size, size), -1e3, device=device)
    for _ in range(_SHAPES):
        radius = _column(np.exp(random.uniform(np.log(2), np.log(0.25 * size), count)), device)
        left, top = (_column(random.uniform(-0.5, 0.5, count) * size, device) for _ in range(2))
        inside = torch.maximum(inside, radius - torch.hypot(x - left, y - top))
    return inside


def _bars(size: int, pictures: Tensor, random: np.random.Generator, key: int) -> Tensor:
    """Draw rectangles, from squares to thin lines: like letters, signs, twigs."""
    device, count = pictures.device, len(pictures)
    x, y = _grid(size, device)
    inside = torch.full((count, size, size), -1e3, device=device)
    for _ in range(_SHAPES):
        angle = _column(random.uniform(0, np.pi, count), device)
        length = np.exp(random.uniform(np.log(6), np.log(0.3 * size), count))
        half = _column(np.maximum(length * np.exp(random.uniform(np.log(0.04), 0, count)), 0.7), device)
        left, top = (_column(random.uniform(-0.5, 0.5, count) * size, device) for _ in range(2))
        cosine, sine = torch.cos(angle), torch.sin(angle)
        along = (cosine * (x - left) + sine * (y - top)).abs()
        aside = (cosine * (y - top) - sine * (x - left)).abs()
        inside = torch.maximum(inside, torch.minimum(_column(length, device) - along, half - aside))
    return inside


def _foliage(size: int, pictures: Tensor, random: np.random.Generator, key: int) -> Tensor:
    """Draw the bright or the dark parts of a picture."""
    device, count = pictures.device, len(pictures)
    grey = functional.avg_pool2d(pictures.mean(dim=1, keepdim=True), 5, 1, 2, count_include_pad=False)[:, 0]
    middle = grey.mean(dim=(1, 2), keepdim=True)
    spread = grey.std(dim=(1, 2), keepdim=True).clamp(min=1e-3)
    level = (grey - middle) / spread - _column(random.uniform(-0.6, 0.6, count), device)
    side = _column(np.where(random.random(count) < 0.5, 1.0, -1.0), device)
    return _distance(side * level)


FORMS: tuple[Callable[[int, Tensor, np.random.Generator, int], Tensor], ...] = (
    _half_plane,
    _blob,
    _lattice,
    _discs,
    _bars,
    _foliage,
)
"""Functions that draw the approximate distance to the edge in pixels, positive inside: float32 (N, size, size)."""
SHARES = (0.15, 0.2, 0.15, 0.15, 0.15, 0.2)
"""Probability of each form."""
