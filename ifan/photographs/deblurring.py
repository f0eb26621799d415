"""Deblur a photograph's stored pixels: whole if it fits into memory, otherwise in bands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from benchmark.bands.graph import Plan
from benchmark.bands.layers import Read
from benchmark.method import Context
from ifan.inference import share_changed
from ifan.method import IFANMethod
from ifan.shape import SIZE_MULTIPLE
from realdof.images.depth import image_from_pixels, pixels_from_image

DEFAULT = Context()
"""The default context: all free memory may be used."""


@dataclass(frozen=True)
class Deblurred:
    """A deblurred photograph and its maps.

    Parameters
    ----------
    pixels
        (H, W, 3), of the photograph's dtype.
    disparity
        float32 (ceil(H / 8), ceil(W / 8)), px of the small image; None if not requested or not estimated.
    filters
        float32 (ceil(H / 8), ceil(W / 8)), see `ifan.inference.Maps`; None if not requested or not estimated.
    """

    pixels: np.ndarray
    disparity: np.ndarray | None = None
    filters: np.ndarray | None = None


def deblur_pixels(
    method: IFANMethod,
    pixels: np.ndarray,
    views: np.ndarray | None = None,
    context: Context = DEFAULT,
    *,
    with_maps: bool = False,
    announce: Callable[[Plan], None] = lambda plan: None,
) -> Deblurred:
    """Deblur a photograph: whole if it fits into the context's memory, otherwise in bands, with the same result.

    Parameters
    ----------
    method
        The method, prepared for the context.
    pixels
        (H, W, 3), uint8 or uint16.
    views
        (H, W, 6), right then left dual-pixel view, for a dual-pixel network.
    context
        Its ``progress`` is called after each band.
    with_maps
        Whether to return the disparity map and the map of the filters' change.
    announce
        Callback for the plan, before the first band.

    Raises
    ------
    InputError
        Not even the smallest bands fit into memory.
    """
    height, width = pixels.shape[:2]
    bits: Literal[8, 16] = 16 if pixels.dtype == np.uint16 else 8
    if method.fits(height, width, context.memory):
        try:
            return _whole(method, pixels, views, bits, with_maps)
        except torch.OutOfMemoryError:
            # Leaving this block frees the error and the tensors that its frames hold.
            pass
        torch.cuda.empty_cache()
    return _in_bands(method, pixels, views, bits, context, with_maps, announce)


def _whole(
    method: IFANMethod, pixels: np.ndarray, views: np.ndarray | None, bits: Literal[8, 16], with_maps: bool
) -> Deblurred:
    device = next(method.network.parameters()).device
    images = [image_from_pixels(one).to(device) for one in (pixels, views) if one is not None]
    if not with_maps:
        return Deblurred(pixels_from_image(method.compute(images), bits))
    result, maps = method.compute_with_maps(images)
    return Deblurred(
        pixels_from_image(result, bits),
        None if maps.disparity is None else maps.disparity[0, 0].cpu().numpy(),
        None if maps.filters is None else maps.filters[0, 0].cpu().numpy(),
    )


def _in_bands(
    method: IFANMethod, pixels: np.ndarray, views: np.ndarray | None, bits: Literal[8, 16], context: Context,
    with_maps: bool, announce: Callable[[Plan], None],
) -> Deblurred:  # fmt: skip
    height, width = pixels.shape[:2]
    device, result, shape = next(method.network.parameters()).device, np.empty_like(pixels), method.network.shape
    small = -(-height // SIZE_MULTIPLE), -(-width // SIZE_MULTIPLE)
    disparity = np.empty(small, np.float32) if with_maps and shape.disparity else None
    squares = torch.zeros((1, 2, *small)) if with_maps and shape.deblurring == "iac" else None

    def reader(stored: np.ndarray) -> Read:
        return lambda start, stop: image_from_pixels(stored[start:stop])[None].to(device)

    def write(start: int, stop: int, rows: torch.Tensor) -> None:
        result[start:stop] = pixels_from_image(rows[0], bits)

    def keep_disparity(start: int, stop: int, rows: torch.Tensor) -> None:
        if disparity is not None:
            disparity[start:stop] = rows[0, 0].float().cpu().numpy()

    def keep_squares(start: int, stop: int, rows: torch.Tensor) -> None:
        if squares is not None:
            squares[:, :, start:stop] += rows.cpu()

    method.compute_in_bands(
        reader(pixels), None if views is None else reader(views), height, width, write, context, announce=announce,
        disparity=None if disparity is None else keep_disparity, change=None if squares is None else keep_squares,
    )  # fmt: skip
    return Deblurred(result, disparity, None if squares is None else share_changed(squares)[0, 0].numpy())
