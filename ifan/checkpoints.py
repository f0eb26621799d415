"""Read files of weights: the authors' checkpoints and this package's safetensors."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from benchmark.torch_files import read_torch
from benchmark.weight_checks import check_finite, checked_tensors
from benchmark.weight_files import card_of, is_safetensors, read_safetensors
from ifan.shape import NetworkShape
from realdof.common.errors import InputError
from realdof.common.files import sha256_of

PREFIXES = ("module.Network.", "Network.", "module.", "")
"""Possible prefixes of the parameters' names in a released checkpoint, longest first."""
NESTS = ("state_dict", "params_ema", "params", "model", "network")
"""Keys under which training programs store the parameters in a checkpoint, preferred ones first."""
_FIRST = "conv1_1.0.weight"


@dataclass(frozen=True)
class Weights:
    """Weights read from a file, not yet in a network.

    Parameters
    ----------
    path, sha256
        The file of the weights.
    shape
        Shape of the network that they fit.
    state
        Parameters by their released names, float32.
    label
        One line that describes the weights, for tables.
    card
        The training card; empty if the file has none.
    """

    path: Path
    sha256: str
    shape: NetworkShape
    state: dict[str, Tensor]
    label: str
    card: Mapping[str, Any] = field(default_factory=dict)


def read_weights(path: Path) -> Weights:
    """Read a released checkpoint (``.pytorch``, ``.pth``, ``.pt``) or a safetensors file.

    No code in the file is run: pickles are read with ``weights_only=True``.

    Raises
    ------
    InputError
        The file is damaged, refused as unsafe, or does not hold an IFAN.
    """
    if is_safetensors(path):
        state, metadata = read_safetensors(path)
        card = card_of(path, metadata)
        shared, label = metadata.get("shared_taps") == "true", metadata.get("label", "unlabelled")
    else:
        # Every checkpoint released with the paper was trained with the shared-taps form of IAC.
        state, shared, label, card = _read_checkpoint(path), True, "released checkpoint", {}
    check_finite(path, state)
    shape = replace(_shape_of(path, state), shared_taps=shared)
    return Weights(path, sha256_of(path), shape, {key: value.float() for key, value in state.items()}, label, card)


def _read_checkpoint(path: Path) -> dict[str, Tensor]:
    content = read_torch(path)
    for nest in (content, *(content[name] for name in NESTS if isinstance(content.get(name), Mapping))):
        for prefix in PREFIXES:
            found = {
                key[len(prefix) :]: value
                for key, value in nest.items()
                if isinstance(key, str) and key.startswith(prefix) and isinstance(value, Tensor)
            }
            if _FIRST in found:
                ours = {key: value for key, value in found.items() if not key.startswith("reblurNet.")}
                return checked_tensors(path, ours)
    raise InputError(f"{path} does not hold an IFAN network: it has no parameter named {_FIRST}")


def _shape_of(path: Path, state: dict[str, Tensor]) -> NetworkShape:
    head, encoder = state.get("F.3.weight"), state.get("kconv1_1.0.weight")
    if encoder is None or encoder.ndim != 4 or encoder.shape[1] not in (3, 6):
        raise InputError(f"{path} does not hold an IFAN network: kconv1_1.0.weight is missing or of another shape")
    shape = NetworkShape(dual=encoder.shape[1] == 6, disparity="DME.3.weight" in state)
    if head is None and "blocks.0.0.weight" in state:
        return replace(shape, deblurring="blocks")
    if head is None:
        raise InputError(f"{path} does not hold an IFAN network: F.3.weight is missing")
    if head.ndim != 4:
        raise InputError(f"{path} does not hold an IFAN network: F.3.weight is no convolution")
    if head.shape[0] == replace(shape, deblurring="fac").map_channels:
        return replace(shape, deblurring="fac")
    one_set = NetworkShape(1).map_channels
    if not head.shape[0] or head.shape[0] % one_set:
        raise InputError(f"{path} holds a network of another kind: its filter map has {head.shape[0]} channels")
    return replace(shape, filters=head.shape[0] // one_set)
