"""Shapes of tensors without values, found without PyTorch's compiler.

PyTorch answers most calls on the meta device by functions in Python, and loads its compiler before the first of them,
which takes more than a second. The calls that IFAN makes are answered here instead; the others remain PyTorch's.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten


class ByShape(TorchDispatchMode):
    """Context in which the calls of `SHAPES`, and element-wise ones, return empty tensors of the right shape."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Otherwise the mode loads the compiler to be skipped by it.
        return False

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if (shape := SHAPES.get(func)) is not None and not kwargs:
            return _first(args[0]).new_empty(shape(*args))
        if torch.Tag.pointwise in func.tags and isinstance(args[0], Tensor):
            if func._schema.is_mutable:
                return (kwargs or {}).get("out", args[0])
            return args[0].new_empty(np.broadcast_shapes(*(one.shape for one in args if isinstance(one, Tensor))))
        return func(*args, **(kwargs or {}))


def _shape_of_convolution(
    image: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    extra: Sequence[int],
    groups: int,
) -> list[int]:
    """Shape of the result of ``aten::convolution``, as in the documentation of torch.nn's convolutions."""
    channels = image.shape[-1 - len(stride)]
    if channels != (weight.shape[0] if transposed else weight.shape[1] * groups):
        raise RuntimeError(f"a convolution with weights {tuple(weight.shape)} was given {channels} channels")
    dimensions = range(len(stride))
    sides, kernel = image.shape[-len(stride) :], [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
    if transposed:
        out = [(sides[i] - 1) * stride[i] - 2 * padding[i] + kernel[i] + extra[i] + 1 for i in dimensions]
    else:
        out = [(sides[i] + 2 * padding[i] - kernel[i] - 1) // stride[i] + 1 for i in dimensions]
    return [*image.shape[: -1 - len(stride)], weight.shape[1] * groups if transposed else weight.shape[0], *out]


def _shape_of_cat(tensors: Sequence[Tensor], dim: int = 0) -> list[int]:
    shape = list(tensors[0].shape)
    for tensor in tensors:
        if [*tensor.shape[:dim], *tensor.shape[dim:][1:]] != [*shape[:dim], *shape[dim:][1:]]:
            raise RuntimeError(f"tensors {tuple(shape)} and {tuple(tensor.shape)} cannot be put beside each other")
    shape[dim] = sum(tensor.shape[dim] for tensor in tensors)
    return shape


def _shape_of_padding(image: Tensor, padding: Sequence[int]) -> list[int]:
    """Shape after ``aten::replication_pad2d``, whose numbers are left, right, top and bottom."""
    left, right, top, bottom = padding
    height, width = image.shape[-2:]
    return [*image.shape[:-2], height + top + bottom, width + left + right]


def _first(argument: Tensor | Sequence[Tensor]) -> Tensor:
    return argument if isinstance(argument, Tensor) else argument[0]


SHAPES: Mapping[OpOverload, Callable[..., list[int]]] = {
    aten.convolution.default: _shape_of_convolution,
    aten.cat.default: _shape_of_cat,
    aten.replication_pad2d.default: _shape_of_padding,
}
"""Function that gives the shape of the result from the same arguments, for each call that is answered here."""
