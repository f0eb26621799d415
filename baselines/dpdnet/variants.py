"""The DPDNets that have a name, and their weights on disk: the authors' Keras file, or safetensors of ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from baselines.dpdnet.keras_weights import SUFFIXES, Convolution, read_convolutions
from baselines.dpdnet.network import DPDNet, DPDNetShape
from baselines.network_factory import NamedVariant
from benchmark.weight_files import assign, read_safetensors, write_safetensors
from realdof.common.errors import InputError

RELEASED_BY = "https://github.com/Abdullah-Abuolaim/defocus-deblurring-dual-pixel"


@dataclass(frozen=True)
class Variant(NamedVariant):
    """A DPDNet by name: see `NamedVariant`.

    Parameters
    ----------
    shape
        The network.
    """

    source: ClassVar[str] = f"(the authors' Keras file, linked at {RELEASED_BY})"
    shape: DPDNetShape = field(default_factory=DPDNetShape)


_S, _D = DPDNetShape(), DPDNetShape(dual=True)
_ONE, _TWO = "U-Net on the defocused image", "U-Net on both dual-pixel views"
_COUNTED = "with the 3x3 up-convolutions that fit the cost printed in IFAN's paper; never released"
_NARROW = "a quarter as wide, for short trainings: not the paper's network"
# The one file linked from the authors' page, trained on 16-bit images.
_DUAL_FILE = "defocus_deblurring_dp_l5_s512_f0.7_d0.4.hdf5"

VARIANTS: Mapping[str, Variant] = {
    variant.name: variant
    for variant in (
        Variant("dpdnet-s", "DPDNet_S", f"{_ONE}, for 8-bit images", narrow="dpdnet-s-w16", shape=_S),
        Variant("dpdnet-d", "DPDNet_D", f"{_TWO}, for 8-bit images", _DUAL_FILE, "dpdnet-d-w16", _D),
        Variant("dpdnet-s-16bit", "DPDNet_S-16", f"{_ONE}, for 16-bit images", "dpdnet-s-16bit.hdf5", shape=_S),
        Variant("dpdnet-d-16bit", "DPDNet_D-16", f"{_TWO}, for 16-bit images", _DUAL_FILE, shape=_D),
        Variant("dpdnet-s-3x3", "DPDNet_S 3x3", f"{_ONE}, {_COUNTED}", shape=DPDNetShape(as_counted=True)),
        Variant("dpdnet-d-3x3", "DPDNet_D 3x3", f"{_TWO}, {_COUNTED}", shape=DPDNetShape(dual=True, as_counted=True)),
        Variant("dpdnet-s-w16", "DPDNet_S, width 16", f"{_ONE}, {_NARROW}", shape=DPDNetShape(width=16)),
        Variant("dpdnet-d-w16", "DPDNet_D, width 16", f"{_TWO}, {_NARROW}", shape=DPDNetShape(dual=True, width=16)),
    )
}


def load_network(variant: Variant, path: Path) -> tuple[DPDNet, str]:
    """The variant's network with weights from a file, and one line on what they are.

    Parameters
    ----------
    path
        Keras HDF5 in the authors' layout, or safetensors as `save_network` writes them.

    Raises
    ------
    InputError
        The file is damaged, of another kind, or holds another network.
    """
    network = empty_network(variant.shape)
    if path.suffix in SUFFIXES:
        layers = read_convolutions(path)
        _check(variant, path, [tuple(layer.weight.shape) for layer in layers])
        state, label = _state_from_keras(network, layers), "released Keras weights"
    elif path.suffix == ".safetensors":
        state, words = read_safetensors(path)
        _check(variant, path, [tuple(value.shape) for value in _in_order(network, state)])
        label = words.get("label", "unlabelled")
    else:
        raise InputError(f"{path} ends in {path.suffix or 'nothing'}; weights of DPDNet are .hdf5, .h5 or .safetensors")
    assign(network, {name: value.float() for name, value in state.items()}, path, variant.name)
    return network.eval().requires_grad_(False), label


def empty_network(shape: DPDNetShape) -> DPDNet:
    """The network on the meta device, without weights."""
    with torch.device("meta"):
        return DPDNet(shape)


def save_network(
    path: Path, network: DPDNet, variant: Variant, label: str, card: Mapping[str, Any], dtype: torch.dtype
) -> None:
    """Write a network as safetensors, with its variant, label and training card in the header."""
    write_safetensors(path, network, {"variant": variant.name, "label": label}, card, dtype)


def _in_order(network: DPDNet, state: Mapping[str, Tensor]) -> list[Tensor]:
    """The convolutions' weights of a state, ours first in Keras's order, then whatever else has four dimensions."""
    ours = [f"{name}.weight" for name in network.convolutions()]
    others = [name for name, value in state.items() if name not in ours and value.ndim == 4]
    return [state[name] for name in [*ours, *others] if name in state]


def _check(variant: Variant, path: Path, found: Sequence[tuple[int, ...]]) -> None:
    if found == _shapes(variant.shape):
        return
    other = next((known.name for known in VARIANTS.values() if found == _shapes(known.shape)), None)
    if other:
        raise InputError(f"{path} holds another network than {variant.name}; use --method {other}")
    raise InputError(
        f"{path} does not hold a DPDNet: it has {len(found)} convolutions, the first {_size(found[:1])}, where "
        f"{variant.name} has {len(_shapes(variant.shape))}, the first {_size(_shapes(variant.shape)[:1])}"
    )


def _shapes(shape: DPDNetShape) -> list[tuple[int, ...]]:
    return [tuple(module.weight.shape) for module in empty_network(shape).convolutions().values()]


def _size(shapes: Sequence[tuple[int, ...]]) -> str:
    return "x".join(map(str, shapes[0])) if shapes else "none"


def _state_from_keras(network: DPDNet, layers: Sequence[Convolution]) -> dict[str, Tensor]:
    """The layers under our names, in RGB: the released network was fed by OpenCV, in BGR, and answers in it."""
    state: dict[str, Tensor] = {}
    for name, layer in zip(network.convolutions(), layers, strict=True):
        state[f"{name}.weight"], state[f"{name}.bias"] = layer.weight, layer.bias
    first, *_, last = network.convolutions()
    # Each view on its own; the left one comes first.
    state[f"{first}.weight"] = state[f"{first}.weight"].unflatten(1, (-1, 3)).flip(2).flatten(1, 2)
    state[f"{last}.weight"] = state[f"{last}.weight"].flip(0)
    state[f"{last}.bias"] = state[f"{last}.bias"].flip(0)
    return state
