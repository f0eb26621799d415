"""Read DMENet's weights: the authors' TensorLayer file, or safetensors of this package."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from baselines.dmenet.cards import CARDS
from baselines.dmenet.network import ENCODER_DEPTHS, REFINEMENTS, DMENet
from baselines.dmenet.tensorlayer_weights import read_arrays
from benchmark.network_card import NetworkCard
from benchmark.network_method import empty
from benchmark.weight_files import assign, is_safetensors, read_safetensors
from realdof.common.errors import InputError

_FIRST = "encoder.0.0"


@dataclass(frozen=True)
class Layer:
    """Names of a convolution and of the normalisation after it, if any: this package's and TensorLayer's."""

    convolution: str
    released: str
    norm: str | None = None
    released_norm: str = ""


def layers() -> Iterator[Layer]:
    """Yield every layer of the released network, in the order of its code."""
    for level, depth in enumerate(ENCODER_DEPTHS):
        for step in range(depth):
            yield Layer(f"encoder.{level}.{2 * step}", f"encoder/conv{level + 1}_{step + 1}")
    for level in (4, 3, 2, 1, 0):
        if level == 0:
            yield _unit("up0.convolve.0", "u0/c_init", "u0/b_init")
        elif level < 4:
            for step in range(3):
                yield _unit(f"up{level}.convolve.{step}", f"u{level}/c{step + 1}", f"u{level}/b{step + 1}")
        yield _unit(f"auxiliary{level}.0", f"u{level}_aux/c1", f"u{level}_aux/b1")
        last = f"decoder/u{level}_aux"
        yield Layer(f"auxiliary{level}.1", f"{last}/c2", f"auxiliary{level}.2", f"{last}/b2")
    for block in range(REFINEMENTS):
        yield _unit(f"refinement.{block}.side", f"u0/c_res{block}", f"u0/b_res{block}")
        for step in range(2):
            yield _unit(f"refinement.{block}.main.{step}", f"u0/c{block}_{step + 1}", f"u0/b{block}_{step + 1}")
    for step in range(2):
        yield _unit(f"head.{step}", f"uf/c{step + 1}", f"uf/b{step + 1}")
    yield Layer("head.2", "decoder/uf/c3")


def _unit(ours: str, convolution: str, norm: str) -> Layer:
    return Layer(f"{ours}.0", f"decoder/{convolution}", f"{ours}.1", f"decoder/{norm}")


def load_network(card: NetworkCard, path: Path) -> tuple[DMENet, str]:
    """Load a card's network without auxiliary maps; return it with the label of its weights.

    Parameters
    ----------
    path
        ``.npz`` in the authors' layout, or safetensors.

    Raises
    ------
    InputError
        The file is damaged, unsafe, of another kind, or holds another network.
    """
    state, label = _read(card, path)
    network = empty(DMENet, replace(card.shape, auxiliary=False))
    assign(network, {name: value for name, value in state.items() if not _is_auxiliary(name)}, path, card.name)
    return network.eval().requires_grad_(False), label


def load_trainable(card: NetworkCard, path: Path) -> DMENet:
    """Load a card's network with auxiliary maps, to train it further; see `load_network`."""
    network = empty(DMENet, card.shape)
    assign(network, _read(card, path)[0], path, card.name)
    return network.train().requires_grad_(True)


def _read(card: NetworkCard, path: Path) -> tuple[dict[str, Tensor], str]:
    if path.suffix.lower() == ".npz":
        state, label = _state_from_arrays(path, read_arrays(path)), "released TensorLayer weights"
    elif is_safetensors(path):
        state, words = read_safetensors(path)
        label = words.get("label", "unlabelled")
    else:
        raise InputError(f"{path} ends in {path.suffix or 'nothing'}; weights of DMENet are .npz or .safetensors")
    _check_width(card, path, state)
    return {name: value.float() if value.is_floating_point() else value for name, value in state.items()}, label


def _is_auxiliary(name: str) -> bool:
    return name.startswith("auxiliary")


def _check_width(card: NetworkCard, path: Path, state: Mapping[str, Tensor]) -> None:
    first = state.get(f"{_FIRST}.weight")
    if first is None or first.ndim != 4:
        raise InputError(f"{path} does not hold a DMENet: it has no first layer of VGG19's form")
    if len(first) != card.shape.width:
        other = next((known.name for known in CARDS.values() if known.shape.width == len(first)), None)
        advice = f"; use --method {other}" if other else ""
        found = f"its first level has {len(first)} channels, not {card.shape.width}"
        raise InputError(f"{path} holds another network than {card.name}: {found}{advice}")


def _state_from_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """Convert the released arrays: this package's names, channels first, RGB input."""
    named = _by_name(path, arrays)
    state: dict[str, Tensor] = {}
    for layer in layers():
        kernel = named[f"{layer.released}/W_conv2d"]
        if kernel.ndim != 4:
            raise InputError(f"{path} does not hold a DMENet: {layer.released} is no convolution")
        state[f"{layer.convolution}.weight"] = _tensor(kernel).permute(3, 2, 0, 1).contiguous()
        state[f"{layer.convolution}.bias"] = _tensor(named[f"{layer.released}/b_conv2d"])
        if layer.norm:
            state[f"{layer.norm}.shift"] = _tensor(named[f"{layer.released_norm}/beta"])
            state[f"{layer.norm}.running_mean"] = _tensor(named[f"{layer.released_norm}/moving_mean"])
            state[f"{layer.norm}.running_var"] = _tensor(named[f"{layer.released_norm}/moving_variance"])
            state[f"{layer.norm}.num_batches_tracked"] = torch.tensor(0)
    state[f"{_FIRST}.weight"] = state[f"{_FIRST}.weight"].flip(1)
    return state


def variables() -> list[str]:
    """Return the released variables' names in layer order, each from ``encoder`` or ``decoder`` on."""
    names: list[str] = []
    for layer in layers():
        names += [f"{layer.released}/W_conv2d", f"{layer.released}/b_conv2d"]
        if layer.norm:
            names += [f"{layer.released_norm}/{part}" for part in ("beta", "moving_mean", "moving_variance")]
    return names


def _by_name(path: Path, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return DMENet's arrays by name, without the classifier and the discriminator of the released training."""
    named = {name.partition("defocus_net/")[2] or name: array for name, array in arrays.items()}
    missing = [name for name in variables() if name not in named]
    if missing:
        raise InputError(f"{path} does not hold a DMENet: it has no {missing[0]} ({len(missing)} arrays are missing)")
    return named


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))
