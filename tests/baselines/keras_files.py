"""Writes Keras 2 models of DPDNet as `model.save` does, and computes what such a model would, in plain numpy."""

from pathlib import Path

import h5py
import numpy as np

from baselines.dpdnet.network import DPDNet
from baselines.dpdnet.shape import DPDNetShape
from benchmark.network_method import empty

Layers = list[tuple[np.ndarray, np.ndarray]]


def random_layers(shape: DPDNetShape, seed: int = 0) -> Layers:
    """Kernels (height, width, in, out) and biases, of a size that keeps the signal's."""
    random = np.random.default_rng(seed)
    layers = []
    for module in empty(DPDNet, shape).convolutions().values():
        out, into, height, width = module.weight.shape
        deviation = np.sqrt(2 / (into * height * width))
        kernel = random.normal(0, deviation, (height, width, into, out)).astype(np.float32)
        layers.append((kernel, random.normal(0, 0.1, out).astype(np.float32)))
    return layers


def write_keras(path: Path, layers: Layers, group: str | None = "model_weights") -> Path:
    """A file as `model.save` writes it; with no group, as `model.save_weights` does."""
    with h5py.File(path, "w") as file:
        root = file.create_group(group) if group else file
        root.attrs["backend"], root.attrs["keras_version"] = b"tensorflow", b"2.2.4"
        names = [b"input_1"]
        root.create_group("input_1").attrs["weight_names"] = np.array([], dtype="S1")
        for number, (kernel, bias) in enumerate(layers, 1):
            name = f"conv2d_{number}"
            names.append(name.encode())
            layer = root.create_group(name)
            layer.attrs["weight_names"] = np.array([f"{name}/kernel:0".encode(), f"{name}/bias:0".encode()])
            layer.create_group(name)["kernel:0"] = kernel
            layer[name]["bias:0"] = bias
        root.attrs["layer_names"] = np.array(names)
    return path


def keras_forward(layers: Layers, image: np.ndarray) -> np.ndarray:
    """The released model, layer by layer: float (H, W, C) in BGR to (H, W, 3) in BGR."""
    convolutions = iter(layers)

    def convolve(features: np.ndarray, activation: str = "relu") -> np.ndarray:
        kernel, bias = next(convolutions)
        height, width = kernel.shape[:2]
        # TensorFlow's "same": the odd row and column of padding comes after.
        pads = [((size - 1) // 2, size - 1 - (size - 1) // 2) for size in (height, width)]
        padded = np.pad(features, (*pads, (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(0, 1))
        result = np.einsum("hwcij,ijco->hwo", windows, kernel, optimize=True) + bias
        return np.maximum(result, 0) if activation == "relu" else 1 / (1 + np.exp(-result))

    skips = []
    features = image.astype(np.float64)
    for level in range(5):
        if level:
            height, width, channels = features.shape
            features = features.reshape(height // 2, 2, width // 2, 2, channels).max(axis=(1, 3))
        features = convolve(convolve(features))
        skips.append(features)
    for skip in reversed(skips[:-1]):
        enlarged = features.repeat(2, axis=0).repeat(2, axis=1)
        features = np.concatenate([skip, convolve(enlarged)], axis=2)
        features = convolve(convolve(features))
    return convolve(convolve(features), "sigmoid")
