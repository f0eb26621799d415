"""Deblur an array or tensor in one call, for notebooks and scripts."""

import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import torch

from benchmark.method import Context, Precision, Sample
from benchmark.running.environment import usable_device
from ifan.method import IFANMethod
from ifan.variants import variant_named
from realdof.common.errors import InputError
from realdof.images.arrays import array_like, image_from_array

Array = TypeVar("Array")


def deblur(
    image: Array,
    weights: str | Path | None = None,
    *,
    device: str = "auto",
    precision: Precision = "float32",
    variant: str = "ifan",
    left: Any = None,
    right: Any = None,
) -> Array:
    """Deblur one image.

    Parameters
    ----------
    image
        The defocused image: an array (H, W, 3), RGB, sRGB-encoded, uint8, uint16 or floating point in [0, 1]; or a
        tensor (3, H, W) of these types.
    weights
        ``official``, ``synthetic`` or a file. If not given, the authors' weights if they are in the cache, otherwise
        this package's, with a warning. The network stays loaded for the next call.
    device
        A device name of torch; ``auto`` selects a GPU if there is one.
    precision
        Precision of the network's computation.
    variant
        Name of the paper's network.
    left, right
        The dual-pixel views, of the same kind as ``image``, for ``ifan-dual``.

    Returns
    -------
    ndarray or Tensor
        The deblurred image, with the kind, shape, type and device of ``image``; clipped to [0, 1].

    Raises
    ------
    InputError
        An image is of another kind, the images differ in size, or weights or device are not available.

    Examples
    --------
    >>> import ifan, skimage.data
    >>> sharp = ifan.deblur(skimage.data.coffee()[:128, :128], weights="synthetic")
    >>> sharp.shape, sharp.dtype
    ((128, 128, 3), dtype('uint8'))
    """
    given = image_from_array(image)
    views = {name: image_from_array(view, f"the {name} view") for name, view in (("left", left), ("right", right))
             if view is not None}  # fmt: skip
    _check_views(given, views, variant)
    chosen = str(weights) if weights is not None else _at_hand(variant)
    where = usable_device(device)
    method = _loaded(variant, chosen, where, precision)
    moved = {name: view.to(where) for name, view in views.items()}
    sample = Sample("the image", given.to(where), left=moved.get("left"), right=moved.get("right"))
    return array_like(method.deblur(sample, Context(device=where, precision=precision)).image, image)


def _check_views(image: torch.Tensor, views: dict[str, torch.Tensor], variant: str) -> None:
    dual = variant_named(variant).shape.dual
    if len(views) != (2 if dual else 0):
        raise InputError(
            f"{variant} needs both dual-pixel views, left and right"
            if dual
            else f"{variant} sees the image alone; leave left and right out, or give variant='ifan-dual'"
        )
    for name, view in views.items():
        if view.shape != image.shape:
            found, wanted = (f"{one.shape[2]}x{one.shape[1]}" for one in (view, image))
            raise InputError(f"the {name} view is {found} and the image {wanted}; they must have one size")


def _at_hand(variant: str) -> str:
    name = variant_named(variant).sets.at_hand
    if name == "synthetic":
        warnings.warn(
            f"the authors' weights of {variant} are not in the cache; these are ours, trained on rendered defocus "
            "(weights='synthetic')",
            stacklevel=3,
        )
    return name


@lru_cache(maxsize=2)
def _loaded(variant: str, weights: str, device: str, precision: Precision) -> IFANMethod:
    method = IFANMethod.of(variant_named(variant), weights)
    method.prepare(Context(device=device, precision=precision))
    return method
