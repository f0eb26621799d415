"""Deblurring a photograph as stored: window by window where it must be, never as one float image."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from benchmark.method import Context
from benchmark.tiling import Tile, Tiling, until_it_fits
from ifan.inference import Maps
from ifan.method import IFANMethod
from ifan.shape import SIZE_MULTIPLE
from realdof.common.errors import InputError
from realdof.images.depth import image_from_pixels, pixels_from_image

Report = Callable[[int, int], None]
DEFAULT = Context()
"""Whole photographs where they fit, with the memory that is free."""


@dataclass(frozen=True)
class Deblurred:
    """A result.

    Parameters
    ----------
    pixels
        (H, W, 3), of the photograph's type.
    tiling
        How it was cut; None for not at all.
    disparity
        float32 (ceil(H / 8), ceil(W / 8)), px of the small image; None if not asked for or not estimated.
    filters
        float32 (ceil(H / 8), ceil(W / 8), 3), see `ifan.inference.Maps`; None likewise.
    """

    pixels: np.ndarray
    tiling: Tiling | None
    disparity: np.ndarray | None = None
    filters: np.ndarray | None = None


def deblur_pixels(
    method: IFANMethod,
    pixels: np.ndarray,
    views: np.ndarray | None = None,
    context: Context = DEFAULT,
    *,
    with_maps: bool = False,
) -> Deblurred:
    """Deblur a photograph.

    Parameters
    ----------
    method
        Loaded and prepared for the context.
    pixels
        (H, W, 3), uint8 or uint16.
    views
        (H, W, 6), right then left dual-pixel view, for a dual-pixel network.
    context
        Its ``tiling`` and ``memory`` say how the photograph is cut; its ``progress`` is told after each tile.
    with_maps
        Keep the disparity map and the filters' strength.

    Raises
    ------
    InputError
        Not even the smallest tile fits into memory, or not those that were asked for.
    """
    height, width = pixels.shape[:2]

    def computed(tiling: Tiling | None) -> Deblurred:
        return _in_windows(method, pixels, views, tiling, with_maps, context.progress)

    if context.tiling is None:
        first = method.needed_tiling(height, width, context.memory)
        return until_it_fits(computed, first, lambda tried: method.smaller_tiling(tried, height, width))[0]
    try:
        return computed(context.tiling)
    except torch.OutOfMemoryError as error:
        raise InputError(
            f"tiles of {context.tiling.side} px do not fit into memory; give a smaller --tile, or none"
        ) from error


def _in_windows(
    method: IFANMethod,
    pixels: np.ndarray,
    views: np.ndarray | None,
    tiling: Tiling | None,
    with_maps: bool,
    report: Report,
) -> Deblurred:
    height, width = pixels.shape[:2]
    tiles = (tiling or Tiling(max(height, width, Tiling.smallest_side(0)), 0)).tiles(height, width)
    bits: Literal[8, 16] = 16 if pixels.dtype == np.uint16 else 8
    result = np.empty_like(pixels)
    maps = _WholeMaps(height, width) if with_maps else None
    for done, tile in enumerate(tiles, start=1):
        images = _windows(pixels, views, tile, next(method.network.parameters()).device)
        if maps is None:
            part = method.compute(images)
        else:
            part, found = method.compute_with_maps(images)
            maps.keep(tile, found)
        result[tile.core] = pixels_from_image(part[:, tile.inner[0], tile.inner[1]], bits)
        report(done, len(tiles))
    if maps is None:
        return Deblurred(result, tiling)
    return Deblurred(result, tiling, maps.disparity, maps.filters)


def _windows(pixels: np.ndarray, views: np.ndarray | None, tile: Tile, device: torch.device) -> list[torch.Tensor]:
    stored = [pixels] if views is None else [pixels, views]
    return [image_from_pixels(one[tile.window]).to(device) for one in stored]


class _WholeMaps:
    """Maps of a whole photograph, filled tile by tile."""

    def __init__(self, height: int, width: int) -> None:
        self.size = -(-height // SIZE_MULTIPLE), -(-width // SIZE_MULTIPLE)
        self.disparity: np.ndarray | None = None
        self.filters: np.ndarray | None = None

    def keep(self, tile: Tile, found: Maps) -> None:
        rows, columns = (_small(part) for part in tile.core)
        if found.disparity is not None:
            if self.disparity is None:
                self.disparity = np.empty(self.size, np.float32)
            self.disparity[rows, columns] = _cut(found.disparity, tile)[0]
        if found.filters is not None:
            if self.filters is None:
                self.filters = np.empty((*self.size, 3), np.float32)
            self.filters[rows, columns] = np.moveaxis(_cut(found.filters, tile), 0, 2)


def _small(part: slice) -> slice:
    return slice(part.start // SIZE_MULTIPLE, -(-part.stop // SIZE_MULTIPLE))


def _cut(found: torch.Tensor, tile: Tile) -> np.ndarray:
    rows, columns = (_small(part) for part in tile.inner)
    return found[0, :, rows, columns].cpu().numpy()


def picture_of_disparity(disparity: np.ndarray) -> np.ndarray:
    """A disparity map as grey uint8 (h, w, 3): 128 is none, black and white are the largest found, to either side."""
    largest = max(float(np.abs(disparity).max()), 1e-6)
    grey = np.rint(127.5 + 127.5 * disparity / largest).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def picture_of_filters(filters: np.ndarray) -> np.ndarray:
    """Filter strengths as uint8 (h, w, 3): vertical taps red, horizontal green, biases blue, each to its largest."""
    largest = np.maximum(filters.max(axis=(0, 1)), 1e-6)
    return np.rint(255 * filters / largest).astype(np.uint8)
