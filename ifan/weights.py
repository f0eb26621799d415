"""Load IFAN's networks with weights, and save their weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from benchmark.weight_files import save_network
from ifan.checkpoints import Weights, read_weights
from ifan.network import IFAN
from ifan.variants import Variant, describe, name_of, same_network
from realdof.common.errors import InputError

__all__ = ["Weights", "load_network", "read_weights", "save_weights"]


def load_network(variant: Variant, weights: Weights) -> IFAN:
    """Return the variant's network with these weights, float32, ready for inference.

    Raises
    ------
    InputError
        The weights belong to another variant or are incomplete.
    """
    if not same_network(weights.shape, variant.shape):
        found = describe(weights.shape)
        other = name_of(weights.shape)
        whose = f"{other}'s, " if other else ""
        raise InputError(f"{weights.path} holds another network than {variant.name}: {whose}{found}")
    return IFAN.of_weights(weights, variant.name)


def save_weights(
    path: Path,
    network: IFAN,
    variant: Variant,
    label: str,
    card: Mapping[str, Any],
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write a network as safetensors with its variant, form of IAC, label and training card in the header."""
    shared = "true" if network.shape.shared_taps else "false"
    save_network(path, network, variant.name, label, card, dtype, shared_taps=shared)
