"""Writes DMENet's weights as TensorLayer 1 does, and computes what the released network would, in plain numpy."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from baselines.dmenet.network import DMENet
from baselines.dmenet.shape import DMENetShape
from baselines.dmenet.weights import layers
from benchmark.network_method import empty

Arrays = dict[str, np.ndarray]


def random_arrays(width: int, seed: int = 0) -> Arrays:
    """Every variable by name, in layer order; kernels (height, width, in, out)."""
    random = np.random.default_rng(seed)
    shapes = {name: tuple(value.shape) for name, value in empty(DMENet, DMENetShape(width)).state_dict().items()}
    arrays: Arrays = {}
    for layer in layers():
        out, into, size, _ = shapes[f"{layer.convolution}.weight"]
        deviation = np.sqrt(2 / (into * size * size))
        # The first layer sees values up to 255, and a refinement sums two.
        deviation *= {"encoder.0.0": 1 / 60, "head.2": 4}.get(layer.convolution, 1)
        deviation /= 1.6 if layer.convolution.startswith("refinement") else 1
        kernel = random.normal(0, deviation, (size, size, into, out))
        # The last looks at differences alone, or the map would be black or white.
        arrays[f"{layer.released}/W_conv2d"] = kernel - (kernel.mean((0, 1)) if layer.convolution == "head.2" else 0)
        arrays[f"{layer.released}/b_conv2d"] = random.normal(0, 0.1, out)
        if layer.norm:
            arrays[f"{layer.released_norm}/beta"] = random.normal(0, 0.1, out)
            arrays[f"{layer.released_norm}/moving_mean"] = random.normal(0, 0.1, out)
            arrays[f"{layer.released_norm}/moving_variance"] = random.uniform(0.5, 2, out)
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def write_named(path: Path, arrays: Mapping[str, np.ndarray]) -> Path:
    """As `tl.files.save_npz_dict`: what the released training wrote, its classifier and discriminator in it."""
    beside = {"main_net/binary_net/l1/c1/W_conv2d:0": np.zeros((1, 1, 1, 64), np.float32)}
    np.savez(path, **{f"main_net/defocus_net/{name}:0": array for name, array in arrays.items()}, **beside)
    return path


def released_map(arrays: Arrays, image: np.ndarray) -> np.ndarray:
    """The released network, layer by layer: float (H, W, 3) RGB in [0, 1] to (H, W) in [0, 1]."""

    def convolve(features: np.ndarray, name: str) -> np.ndarray:
        kernel = arrays[f"{name}/W_conv2d"]
        reach = kernel.shape[0] // 2
        padded = np.pad(features, ((reach, reach), (reach, reach), (0, 0)), mode="symmetric")
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[:2], axis=(0, 1))
        return np.einsum("hwcij,ijco->hwo", windows, kernel, optimize=True) + arrays[f"{name}/b_conv2d"]

    def unit(features: np.ndarray, convolution: str, norm: str) -> np.ndarray:
        raw = convolve(features, f"decoder/{convolution}")
        mean, variance, beta = (arrays[f"decoder/{norm}/{part}"] for part in ("moving_mean", "moving_variance", "beta"))
        normal = (raw - mean) / np.sqrt(variance + 1e-5) + beta
        return np.where(normal > 0, normal, 0.2 * normal)

    def twice(features: np.ndarray) -> np.ndarray:
        return features.repeat(2, axis=0).repeat(2, axis=1)

    features = image[..., ::-1] * 255.0 - np.array([103.939, 116.779, 123.68])
    skips = []
    for level, depth in enumerate((2, 2, 4, 4, 4), 1):
        if level > 1:
            height, width, channels = features.shape
            features = features.reshape(height // 2, 2, width // 2, 2, channels).max(axis=(1, 3))
        for step in range(1, depth + 1):
            features = np.maximum(convolve(features, f"encoder/conv{level}_{step}"), 0)
        skips.append(features)
    for level in (3, 2, 1):
        features = np.concatenate([twice(features), skips[level]], axis=2)
        for step in (1, 2, 3):
            features = unit(features, f"u{level}/c{step}", f"u{level}/b{step}")
    features = unit(np.concatenate([twice(features), skips[0]], axis=2), "u0/c_init", "u0/b_init")
    for block in range(7):
        side = unit(features, f"u0/c_res{block}", f"u0/b_res{block}")
        for step in (1, 2):
            features = unit(features, f"u0/c{block}_{step}", f"u0/b{block}_{step}")
        features = features + side
    for step in (1, 2):
        features = unit(features, f"uf/c{step}", f"uf/b{step}")
    return 1 / (1 + np.exp(-convolve(features, "decoder/uf/c3")[..., 0]))
