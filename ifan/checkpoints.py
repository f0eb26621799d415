"""Reads files of weights: the authors' checkpoints and our safetensors."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmark.weight_files import read_safetensors
from ifan.shape import NetworkShape
from realdof.common.errors import InputError
from realdof.common.files import sha256_of

PREFIXES = ("module.Network.", "Network.", "module.", "")
"""What may stand before the names of a released checkpoint, longest first."""


@dataclass(frozen=True)
class Weights:
    """Weights read from a file, not yet in a network.

    Parameters
    ----------
    path, sha256
        The file they are from.
    shape
        The network they fit.
    state
        Parameters by their released names, float32.
    label
        One line on what they are, for tables.
    card
        How they came about; empty where the file does not say.
    """

    path: Path
    sha256: str
    shape: NetworkShape
    state: dict[str, Tensor]
    label: str
    card: Mapping[str, Any] = field(default_factory=dict)


def read_weights(path: Path) -> Weights:
    """Read a released checkpoint (``.pytorch``, ``.pth``, ``.pt``) or a safetensors file.

    Nothing in the file is executed: pickles are read with ``weights_only=True``.

    Raises
    ------
    InputError
        The file is damaged, refused as unsafe, or does not hold an IFAN.
    """
    if path.suffix == ".safetensors":
        state, metadata = read_safetensors(path)
        card = json.loads(metadata.get("card", "{}"))
        shared, label = metadata.get("shared_taps") == "true", metadata.get("label", "unlabelled")
    else:
        # Every checkpoint released with the paper was trained with the shared-taps form of IAC.
        state, shared, label, card = _read_checkpoint(path), True, "released checkpoint", {}
    shape = replace(_shape_of(path, state), shared_taps=shared)
    return Weights(path, sha256_of(path), shape, {key: value.float() for key, value in state.items()}, label, card)


def _read_checkpoint(path: Path) -> dict[str, Tensor]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # What is no checkpoint fails in any way at all.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            f"{path} cannot be read as a checkpoint of plain tensors ({reason}); it is damaged or holds more than that"
        ) from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds a {type(content).__name__}, not a state dictionary")
    tensors = {key: value for key, value in content.items() if isinstance(value, Tensor)}
    for prefix in PREFIXES:
        found = {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}
        if "conv1_1.0.weight" in found:
            return {key: value for key, value in found.items() if not key.startswith("reblurNet.")}
    raise InputError(f"{path} does not hold an IFAN network: it has no parameter named conv1_1.0.weight")


def _shape_of(path: Path, state: dict[str, Tensor]) -> NetworkShape:
    head, encoder = state.get("F.3.weight"), state.get("kconv1_1.0.weight")
    if encoder is None or encoder.ndim != 4 or encoder.shape[1] not in (3, 6):
        raise InputError(f"{path} does not hold an IFAN network: kconv1_1.0.weight is missing or of another shape")
    shape = NetworkShape(dual=encoder.shape[1] == 6, disparity="DME.3.weight" in state)
    if head is None and "blocks.0.0.weight" in state:
        return replace(shape, deblurring="blocks")
    if head is None:
        raise InputError(f"{path} does not hold an IFAN network: F.3.weight is missing")
    if head.shape[0] == replace(shape, deblurring="fac").map_channels:
        return replace(shape, deblurring="fac")
    one_set = NetworkShape(1).map_channels
    if head.ndim != 4 or head.shape[0] % one_set:
        raise InputError(f"{path} holds a network of another kind: its filter map has {head.shape[0]} channels")
    return replace(shape, filters=head.shape[0] // one_set)
