"""Checks of a file of weights before it reaches a network: kind, size, and finite numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from realdof.common.errors import InputError
from realdof.common.files import open_regular
from realdof.common.plain import quoted

MOST_BYTES = 2**30
"""Largest size of all tensors of a file together, as float32, far above that of any deblurring network."""
WANTED = "give a file of weights"
FLOATING = frozenset({torch.float16, torch.bfloat16, torch.float32, torch.float64})
"""Types in which weights may be stored; float8 is left out, because it needs separate scales."""
_COUNTERS = frozenset({torch.int64, torch.int32, torch.uint8, torch.bool})
_PAGE, _POINTER = (b"<!doctype", b"<html", b"<?xml"), b"version https://git-lfs"


def check_kind(path: Path) -> None:
    """Check that a path is a regular file, not too large, and not the remains of a failed download.

    Raises
    ------
    InputError
        The check fails; the message says why.
    """
    with open_regular(path, "a file of weights") as file:
        start = file.read(64).lstrip().lower()
        size = file.seek(0, 2)
    if start.startswith(_POINTER):
        raise InputError(f"{path} is a Git LFS pointer, not the file itself; fetch it with git lfs pull")
    if start.startswith(_PAGE):
        raise InputError(f"{path} is a web page, not a file of weights; download the file itself")
    if not size:
        raise InputError(f"{path} is empty; fetch or copy it again")
    if size > MOST_BYTES:
        raise InputError(f"{path} has {size / 1e6:,.0f} MB, at most {MOST_BYTES / 1e6:,.0f} are read; {WANTED}")


def checked_tensors(path: Path, content: Mapping[Any, Any], *, buffers: bool = False) -> dict[str, Tensor]:
    """Check that a file's content is weights: dense floating-point tensors by name, at most `MOST_BYTES` in all.

    Parameters
    ----------
    buffers
        Whether tensors not named weight or bias may hold integers, such as tables of positions. Counters of
        normalisation (``num_batches_tracked``) always may.

    Raises
    ------
    InputError
        A name is not text, or a tensor is of another kind; the message names it.
    """
    total = 0
    found: dict[str, Tensor] = {}
    for name, value in content.items():
        if not isinstance(name, str):
            raise InputError(f"{path} holds {quoted(name)} in the place of a parameter's name; {WANTED}")
        if not isinstance(value, Tensor):
            raise InputError(f"{path} holds a {type(value).__name__} at {quoted(name)}, not a tensor; {WANTED}")
        if value.layout != torch.strided or value.is_quantized or value.is_meta:
            raise InputError(f"{path} holds a sparse, quantised or empty tensor at {quoted(name)}; {WANTED}")
        kind = name.rpartition(".")[2]
        whole = value.dtype in _COUNTERS
        counter = whole and (kind == "num_batches_tracked" or (buffers and kind not in ("weight", "bias")))
        if value.dtype not in FLOATING and not counter:
            stored = str(value.dtype).removeprefix("torch.")
            raise InputError(
                f"{path} holds {stored} at {quoted(name)}; weights are floating-point numbers of 16 to 64 bits"
            )
        # A tensor can repeat a stored number, so the file's size does not bound the tensor's size.
        total += 4 * value.numel()
        if total > MOST_BYTES:
            raise InputError(f"{path} holds over {MOST_BYTES / 1e6:,.0f} MB of tensors; {WANTED}")
        found[name] = value
    return found


def check_finite(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Check that all weights are finite as float32; others would give black images.

    Raises
    ------
    InputError
        A tensor holds a number that is not finite; the message names the tensor.
    """
    for name, value in tensors.items():
        # The extremes of values with a NaN are NaN, and conversion to float32 keeps the order.
        if value.is_floating_point() and value.numel() and not torch.stack(value.aminmax()).float().isfinite().all():
            raise InputError(
                f"{path} holds numbers that are not finite at {quoted(name)}; it is damaged, fetch it again"
            )
