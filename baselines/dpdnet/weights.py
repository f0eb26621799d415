"""Read DPDNet's weights: the authors' Keras file, or safetensors of this package."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from baselines.dpdnet.cards import CARDS
from baselines.dpdnet.keras_weights import SUFFIXES, Convolution, read_convolutions
from baselines.dpdnet.network import DPDNet
from baselines.dpdnet.shape import DPDNetShape
from benchmark.network_card import NetworkCard
from benchmark.network_method import empty
from benchmark.weight_files import assign, is_safetensors, read_safetensors
from realdof.common.errors import InputError


def load_network(card: NetworkCard, path: Path) -> tuple[DPDNet, str]:
    """Load a card's network for inference; return it with the label of its weights.

    Parameters
    ----------
    path
        Keras HDF5 in the authors' layout, or safetensors.

    Raises
    ------
    InputError
        The file is damaged, of another kind, or holds another network.
    """
    network = empty(DPDNet, card.shape)
    if path.suffix.lower() in SUFFIXES:
        layers = read_convolutions(path)
        _check(card, path, [tuple(layer.weight.shape) for layer in layers])
        state, label = _state_from_keras(network, layers), "released Keras weights"
    elif is_safetensors(path):
        state, words = read_safetensors(path)
        _check(card, path, [tuple(value.shape) for value in _in_order(network, state)])
        label = words.get("label", "unlabelled")
    else:
        raise InputError(f"{path} ends in {path.suffix or 'nothing'}; weights of DPDNet are .hdf5, .h5 or .safetensors")
    assign(network, {name: value.float() for name, value in state.items()}, path, card.name)
    return network.eval().requires_grad_(False), label


def _in_order(network: DPDNet, state: Mapping[str, Tensor]) -> list[Tensor]:
    """Return a state's convolution weights: DPDNet's in Keras's order, then any other four-dimensional tensors."""
    ours = [f"{name}.weight" for name in network.convolutions()]
    others = [name for name, value in state.items() if name not in ours and value.ndim == 4]
    return [state[name] for name in [*ours, *others] if name in state]


def _check(card: NetworkCard, path: Path, found: Sequence[tuple[int, ...]]) -> None:
    if found == _shapes(card.shape):
        return
    other = next((known.name for known in CARDS.values() if found == _shapes(known.shape)), None)
    if other:
        raise InputError(f"{path} holds another network than {card.name}; use --method {other}")
    raise InputError(
        f"{path} does not hold a DPDNet: it has {len(found)} convolutions, the first {_size(found[:1])}, where "
        f"{card.name} has {len(_shapes(card.shape))}, the first {_size(_shapes(card.shape)[:1])}"
    )


def _shapes(shape: DPDNetShape) -> list[tuple[int, ...]]:
    return [tuple(module.weight.shape) for module in empty(DPDNet, shape).convolutions().values()]


def _size(shapes: Sequence[tuple[int, ...]]) -> str:
    return "x".join(map(str, shapes[0])) if shapes else "none"


def _state_from_keras(network: DPDNet, layers: Sequence[Convolution]) -> dict[str, Tensor]:
    """Convert Keras's layers to this package's names and from BGR, the released network's order, to RGB."""
    state: dict[str, Tensor] = {}
    for name, layer in zip(network.convolutions(), layers, strict=True):
        state[f"{name}.weight"], state[f"{name}.bias"] = layer.weight, layer.bias
    first, *_, last = network.convolutions()
    # The channels of each view are reversed separately; the left view comes first.
    state[f"{first}.weight"] = state[f"{first}.weight"].unflatten(1, (-1, 3)).flip(2).flatten(1, 2)
    state[f"{last}.weight"] = state[f"{last}.weight"].flip(0)
    state[f"{last}.bias"] = state[f"{last}.bias"].flip(0)
    return state
