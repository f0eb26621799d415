"""Weights as safetensors files with a training card in the header."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from realdof.common.errors import InputError
from realdof.common.files import atomic_path


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a safetensors file by name, and the header's words.

    Raises
    ------
    InputError
        It cannot be read.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is not a safetensors file that can be read ({error})") from error


def write_safetensors(
    path: Path, network: nn.Module, words: Mapping[str, str], card: Mapping[str, Any], dtype: torch.dtype
) -> None:
    """Write a network's state in a floating-point type, with words and a training card in the header, atomically.

    Raises
    ------
    InputError
        The file cannot be written, or the disk is full.
    """
    state = {key: _stored(value.detach().cpu(), dtype).contiguous() for key, value in network.state_dict().items()}
    content = save(state, {**words, "card": json.dumps(card)})
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def _stored(value: Tensor, dtype: torch.dtype) -> Tensor:
    """In the type, or as it is where that cannot hold it, as float16 may not hold a normalisation's variances."""
    smaller = value.to(dtype)
    return smaller if bool(torch.isfinite(smaller).all()) else value


def read_card(path: Path) -> dict[str, Any]:
    """The training card in the header of a safetensors file; empty if it has none."""
    card: dict[str, Any] = json.loads(read_safetensors(path)[1].get("card", "{}"))
    return card


def assign(network: nn.Module, state: Mapping[str, Tensor], path: Path, method: str) -> None:
    """Give a network on the meta device its parameters.

    Raises
    ------
    InputError
        They are those of another network, or incomplete.
    """
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split("\n\t")[1:2]) or str(error)
        raise InputError(f"{path} does not fit {method}: {reason.strip()}") from error


def save_network(
    path: Path,
    network: nn.Module,
    method: str,
    label: str,
    card: Mapping[str, Any],
    dtype: torch.dtype = torch.float32,
    **words: str,
) -> None:
    """Write a network as safetensors with its method, a label and a training card in the header.

    Parameters
    ----------
    method
        Name of the method that the weights are for.
    label
        One line on what they are.
    card
        How they came about.
    dtype
        Type to store them in.
    words
        What else the header says.

    Raises
    ------
    InputError
        The file cannot be written, or the disk is full.
    """
    write_safetensors(path, network, {"variant": method, **words, "label": label}, card, dtype)
