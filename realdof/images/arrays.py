"""Convert (H, W, 3) arrays and (3, H, W) tensors, as used in notebooks, to and from the images that methods take.

torch is imported only by functions that make images, so that workers that build data sets need not load it.
"""

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from realdof.common.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

Array = TypeVar("Array")
_OVERSHOOT = 1.0
"""How far outside [0, 1] unclipped values may lie; values farther out are assumed to have another range."""
_WANTED = "give an (H, W, 3) array of uint8, uint16 or floating point in [0, 1], or a (3, H, W) tensor"


def image_from_array(given: Any, what: str = "the image", *, unclipped: bool = False) -> "Tensor":
    """Turn an array or a tensor into an image.

    Parameters
    ----------
    given
        An array (H, W, 3), RGB: uint8, uint16, or floating point in [0, 1]. Or a tensor (3, H, W) of these types.
    what
        Name of the value, for the error message.
    unclipped
        Allow floating-point values up to 1 outside [0, 1], as in a network's output.

    Returns
    -------
    Tensor
        float32 (3, H, W) in [0, 1], on the tensor's device, or on the CPU for an array.

    Raises
    ------
    InputError
        The value is anything else; the message describes it.
    """
    import torch

    if isinstance(given, torch.Tensor):
        if given.ndim != 3 or given.shape[0] != 3:
            raise InputError(f"{what} is {_described(given)}; {_WANTED}")
        image = given.detach()
        whole = {torch.uint8: 255, torch.uint16: 65535}.get(image.dtype)
        floating = image.is_floating_point()
    elif isinstance(given, np.ndarray):
        if given.ndim != 3 or given.shape[2] != 3:
            raise InputError(f"{what} is {_described(given)}; {_WANTED}")
        whole = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}.get(given.dtype)
        floating = given.dtype.kind == "f"
        image = torch.from_numpy(np.moveaxis(given, 2, 0).astype(np.float32, order="C"))
    else:
        raise InputError(f"{what} is {_described(given)}; {_WANTED}")
    if 0 in image.shape:
        raise InputError(f"{what} is {_described(given)}, which has no pixels")
    if whole is not None:
        return image.to(torch.float32) / whole
    if not floating:
        raise InputError(f"{what} is {_described(given)}; {_WANTED}")
    return _checked(image.to(torch.float32), given, what, unclipped)


def array_like(image: "Tensor", given: Array) -> Array:
    """Convert an image back to the kind, layout, type and device of the value that it was made from.

    Parameters
    ----------
    image
        Floating point (3, H, W), nominally in [0, 1]; clipped to it, and rounded for integer types.
    given
        The value that was given to `image_from_array`.
    """
    import torch

    image = image.detach().float().clamp(0, 1)
    if isinstance(given, torch.Tensor):
        return _as_type(image, given.dtype).to(given.device)  # type: ignore[return-value]
    assert isinstance(given, np.ndarray)
    values = image.cpu().permute(1, 2, 0).numpy()
    if given.dtype.kind == "u":
        values = np.rint(values * np.float32(np.iinfo(given.dtype).max))
    return np.ascontiguousarray(values.astype(given.dtype))  # type: ignore[return-value]


def _as_type(image: "Tensor", dtype: Any) -> "Tensor":
    import torch

    if dtype.is_floating_point:
        return image.to(dtype)
    largest = 255 if dtype == torch.uint8 else 65535
    # Converted through int32, because torch has few operations on uint16.
    return image.mul(largest).round().to(torch.int32).to(dtype)


def _checked(image: "Tensor", given: Any, what: str, unclipped: bool) -> "Tensor":
    least, largest = float(image.min()), float(image.max())
    if not (np.isfinite(least) and np.isfinite(largest)):
        raise InputError(f"{what} is {_described(given)} with values that are not finite; replace them first")
    allowed = _OVERSHOOT if unclipped else 0.0
    if least < -allowed or largest > 1 + allowed:
        raise InputError(
            f"{what} is {_described(given)} with values from {least:g} to {largest:g}; "
            "floating-point values lie in [0, 1]: divide by the largest possible value, or clip"
        )
    return image


def _described(given: Any) -> str:
    """Describe a value for a message, such as "an array (3, 40, 60) of int64"."""
    shape, dtype = getattr(given, "shape", None), getattr(given, "dtype", None)
    if shape is None or dtype is None:
        name = type(given).__name__
        return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
    kind = "an array" if isinstance(given, np.ndarray) else f"a {type(given).__name__.lower()}"
    return f"{kind} ({', '.join(map(str, shape))}) of {str(dtype).removeprefix('torch.')}"
