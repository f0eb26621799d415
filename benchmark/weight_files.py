"""Read and write weights as safetensors files with a training card in the header."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from benchmark.weight_checks import check_finite, check_kind, checked_tensors
from realdof.common.errors import InputError
from realdof.common.files import atomic_path

SUFFIX = ".safetensors"
_ALIGNMENT = 8


def is_safetensors(path: Path) -> bool:
    """Return whether the file name ends in ``.safetensors``, in upper or lower case."""
    return path.suffix.lower() == SUFFIX


def read_safetensors(path: Path, *, buffers: bool = False) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a safetensors file: its tensors by name, as stored, and the header's metadata.

    Parameters
    ----------
    buffers
        See `benchmark.weight_checks.checked_tensors`.

    Raises
    ------
    InputError
        The file is not of this kind, damaged or too large, or holds tensors that are not weights.
    """
    check_kind(path)
    try:
        with safe_open(path, framework="pt") as file:
            words = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, RuntimeError, TypeError, KeyError, AttributeError) as error:
        # The library raises the last three for types that torch does not have.
        reason = str(error).partition("\n")[0][:200]
        raise InputError(f"{path} is not a safetensors file that can be read ({reason}); fetch it again") from error
    return checked_tensors(path, tensors, buffers=buffers), words


def write_safetensors(
    path: Path, network: nn.Module, words: Mapping[str, str], card: Mapping[str, Any], dtype: torch.dtype
) -> None:
    """Write a network's state atomically in a floating-point type, with metadata and a training card in the header.

    The same network, metadata and card always give the same bytes. The key ``format`` is written because the loaders of
    huggingface_hub and transformers refuse files without it.

    Raises
    ------
    InputError
        The file cannot be written, or the disk is full.
    """
    state = {key: _stored(value.detach().cpu(), dtype).contiguous() for key, value in network.state_dict().items()}
    content = _in_order(save(state, {"format": "pt", **words, "card": json.dumps(card)}))
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def _in_order(content: bytes) -> bytes:
    """Sort the header's keys, so that saving twice gives the same bytes; the library's order varies."""
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


def _stored(value: Tensor, dtype: torch.dtype) -> Tensor:
    """Convert a tensor to the type unless it overflows, as the variances of a normalisation may in float16."""
    smaller = value.to(dtype)
    return smaller if bool(torch.isfinite(smaller).all()) else value


def read_card(path: Path) -> dict[str, Any]:
    """Read the training card in the header of a safetensors file; empty if it has none.

    Raises
    ------
    InputError
        As in `read_safetensors` and `card_of`.
    """
    return card_of(path, read_safetensors(path)[1])


def card_of(path: Path, words: Mapping[str, str]) -> dict[str, Any]:
    """Return the training card in a header's metadata; empty if there is none.

    Raises
    ------
    InputError
        The card is not a JSON object.
    """
    try:
        card = json.loads(words.get("card", "{}"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} has a damaged training card in its header; fetch or convert it again") from error
    if not isinstance(card, dict):
        raise InputError(f"{path} has a {type(card).__name__} for a training card; a card is a JSON object")
    return card


def assign(network: nn.Module, state: Mapping[str, Tensor], path: Path, method: str) -> None:
    """Assign parameters to a network on the meta device.

    Raises
    ------
    InputError
        The parameters belong to another network, are incomplete, or are not finite.
    """
    check_finite(path, state)
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split("\n\t")[1:2]) or str(error)
        raise InputError(f"{path} does not fit {method}: {reason.strip()[:300]}") from error


def save_network(
    path: Path,
    network: nn.Module,
    method: str,
    label: str,
    card: Mapping[str, Any],
    dtype: torch.dtype = torch.float32,
    **words: str,
) -> None:
    """Write a network as a safetensors file with its method, a label and a training card in the header.

    Parameters
    ----------
    method
        Name of the method that the weights are for.
    label
        One-line description of the weights.
    card
        The training card: how the weights were made.
    dtype
        Type in which the weights are stored.
    words
        Further metadata of the header.

    Raises
    ------
    InputError
        The file cannot be written, or the disk is full.
    """
    write_safetensors(path, network, {"variant": method, **words, "label": label}, card, dtype)
