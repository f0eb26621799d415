"""Figures of a network's estimates: photograph, result, and a map with its scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from benchmark.method import Context
from benchmark.report.figures.canvas import WIDTH, figure
from ifan.method import IFANMethod
from ifan.photographs.deblurring import deblur_pixels
from ifan.photographs.files import read_photograph
from ifan.photographs.maps import (
    BEFORE,
    BEHIND,
    NONE,
    disparity_range,
    filters_range,
    picture_of_disparity,
    picture_of_filters,
)
from ifan.variants import Variant
from realdof.common.errors import InputError
from realdof.images.depth import to_eight_bits

MapName = Literal["disparity", "filters"]
_TITLES = {
    "disparity": "estimated disparity, px at 1/8 size",
    "filters": "change by each filter set, share",
}
_MOST = 8
"""Largest number of photographs in a figure."""


@dataclass(frozen=True)
class Mapped:
    """A photograph, its result and its map, uint8 (H, W, 3), and the value of the map's last colour."""

    photograph: np.ndarray
    result: np.ndarray
    picture: np.ndarray
    largest: float


def draw_maps(
    photographs: Sequence[Path], name: MapName, variant: Variant, weights: str, device: str, out: Path
) -> None:
    """Deblur photographs and draw each with its result and one of the network's maps.

    Raises
    ------
    InputError
        A photograph cannot be read, the network has no such map, or the figure cannot be written.
    """
    if variant.shape.dual:
        raise InputError(f"{variant.name} needs dual-pixel views; take a variant that sees the photograph alone")
    if len(photographs) > _MOST:
        raise InputError(f"{len(photographs)} photographs are too many; a figure shows {_MOST} at most")
    method = IFANMethod.of(variant, weights)
    context = Context(device=device)
    method.prepare(context)
    _draw([_mapped(path, name, method, context) for path in photographs], name, out)


def _mapped(path: Path, name: MapName, method: IFANMethod, context: Context) -> Mapped:
    pixels = read_photograph(path).pixels
    made = deblur_pixels(method, pixels, context=context, with_maps=True)
    values = made.disparity if name == "disparity" else made.filters
    if values is None:
        raise InputError(f"this variant of the network estimates no {name}; take --variant ifan")
    draw, largest = {
        "disparity": (picture_of_disparity, disparity_range), "filters": (picture_of_filters, filters_range)
    }[name]  # fmt: skip
    return Mapped(to_eight_bits(pixels), to_eight_bits(made.pixels), draw(values, *pixels.shape[:2]), largest(values))


def _draw(rows: Sequence[Mapped], name: MapName, out: Path) -> None:
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize

    colours: Colormap = colormaps["viridis"]
    if name == "disparity":
        colours = LinearSegmentedColormap.from_list(name, [np.array(one) / 255 for one in (BEHIND, NONE, BEFORE)])
    gap, bar, text = 0.1, 0.62, 0.22
    wide = (WIDTH - 2 * gap - bar) / 3
    heights = [wide * row.photograph.shape[0] / row.photograph.shape[1] for row in rows]
    total = text + sum(heights) + gap * (len(rows) - 1) + 0.05
    with figure(out, WIDTH, total) as made:
        top = text
        for row, height in zip(rows, heights, strict=True):
            below = 1 - (top + height) / total
            for at, pixels in enumerate((row.photograph, row.result, row.picture)):
                axes = made.add_axes((at * (wide + gap) / WIDTH, below, wide / WIDTH, height / total))
                axes.imshow(pixels, aspect="auto", interpolation="lanczos")
                axes.set_axis_off()
            lowest = -row.largest if name == "disparity" else 0.0
            place = made.add_axes(((WIDTH - bar + 0.06) / WIDTH, below, 0.09 / WIDTH, height / total))
            made.colorbar(ScalarMappable(Normalize(lowest, row.largest), colours), cax=place)
            place.tick_params(labelsize=6, width=0.5, length=2)
            top += height + gap
        for at, title in enumerate(("photograph", "deblurred", _TITLES[name])):
            made.text((at * (wide + gap) + wide / 2) / WIDTH, 1 - 0.15 / total, title, ha="center")
