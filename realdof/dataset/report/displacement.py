"""Draw the remaining displacement of an aligned pair over the photograph, in colour and as arrows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from realdof.alignment.displacement import ShiftVector
from realdof.common.machine.opencv import cv2
from realdof.dataset.report.pictures import data_uri, viridis
from realdof.images.depth import to_eight_bits
from realdof.images.resize import area_resize

MAP_WIDTH = 640
"""Largest width of the map, px; wider photographs are reduced to it."""
_LONGEST_ARROW = 90.0
_OPACITY = 0.6


@dataclass(frozen=True)
class Arrow:
    """The start and end of a drawn displacement, px of the image."""

    x: float
    y: float
    to_x: float
    to_y: float


@dataclass(frozen=True)
class ArrowField:
    """The arrows of a displacement field; each is ``scale`` times as long as its displacement."""

    height: int
    width: int
    scale: float
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True)
class ShiftMap:
    """A grey photograph with the length of each tile's displacement in colour, from 0 to ``highest`` px."""

    picture: str
    highest: float


def shift_map(photograph: np.ndarray, field: Sequence[ShiftVector]) -> ShiftMap | None:
    """Draw the length of each tile's displacement over the photograph; tiles without one stay grey.

    Parameters
    ----------
    photograph
        uint8 or uint16 (H, W, 3).
    field
        The displacement of each tile that could be measured, at the tile's centre.

    Returns
    -------
    ShiftMap or None
        None for an empty field.
    """
    if not field:
        return None
    height, width = photograph.shape[:2]
    shrink = min(1.0, MAP_WIDTH / width)
    small = area_resize(to_eight_bits(photograph), round(height * shrink), round(width * shrink))
    grey = cv2.cvtColor(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    lengths = np.array([np.hypot(vector.dx, vector.dy) for vector in field])
    highest = _round_above(float(np.percentile(lengths, 99)))
    colours = viridis(np.round(255 * np.clip(lengths / highest, 0, 1)).astype(np.uint8)[:, None])[:, 0]
    rows = _cells([vector.y * shrink for vector in field], small.shape[0])
    columns = _cells([vector.x * shrink for vector in field], small.shape[1])
    for vector, colour in zip(field, colours, strict=True):
        cell = grey[rows[vector.y * shrink], columns[vector.x * shrink]]
        cell[:] = np.round((1 - _OPACITY) * cell + _OPACITY * colour)
    return ShiftMap(data_uri(grey, ".webp"), highest)


def arrow_field(field: Sequence[ShiftVector], height: int, width: int) -> ArrowField | None:
    """Draw a displacement field as arrows over an image; return None for an empty field."""
    if not field:
        return None
    longest = max(np.percentile([np.hypot(v.dx, v.dy) for v in field], 95), 1e-3)
    # 1, 2 or 5 times a power of ten, so that the legend shows a round number.
    exact = _LONGEST_ARROW / longest
    power = 10.0 ** np.floor(np.log10(exact))
    scale = float(power * max(step for step in (1, 2, 5) if step * power <= exact * 1.0001))
    arrows = tuple(Arrow(v.x, v.y, v.x + scale * v.dx, v.y + scale * v.dy) for v in field)
    return ArrowField(height, width, scale, arrows)


def _cells(centres: Sequence[float], side: int) -> dict[float, slice]:
    """Return the range of pixels of the map that are nearer to each centre than to its neighbours."""
    distinct = sorted(set(centres))
    half = min(np.diff(distinct), default=2 * distinct[0]) / 2
    return {centre: slice(max(0, round(centre - half)), min(side, round(centre + half))) for centre in distinct}


def _round_above(value: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten, at least 0.01, so that the legend shows a round number."""
    power = 10.0 ** np.floor(np.log10(max(value, 0.01)))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= 0.9999 * max(value, 0.01)))
