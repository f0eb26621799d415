"""Weights and images of the golden references, built as tests/data/golden/README.md describes."""

import json
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

FOLDER = Path(__file__).parents[1] / "data" / "golden"
REFERENCE = np.load(FOLDER / "ifan_reference.npz")
NAMES: dict[str, dict[str, list[int]]] = json.loads((FOLDER / "ifan_state_dict.json").read_text())


def weights_for(module: nn.Module, scale: float = 1.0) -> dict[str, Tensor]:
    """A state dictionary for ``module`` made from the names of its parameters."""
    state = {}
    for name, parameter in module.state_dict().items():
        shape = tuple(parameter.shape)
        array = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape).astype(np.float32)
        array *= np.float32(np.sqrt(1.1 / (array.size / shape[0]))) if name.endswith("weight") else np.float32(0.02)
        state[name] = torch.from_numpy(array * np.float32(scale))
    return state


def image(phase: float) -> Tensor:
    """The 3 x 64 x 96 test image, float32 (1, 3, 64, 96)."""
    y, x = np.mgrid[0:64, 0:96].astype(np.float64)
    channels = [
        0.5
        + 0.25 * np.sin(2 * np.pi * (x * (3 + i) / 96 + y * (2 + i) / 64) + phase + i)
        + 0.2 * np.cos(2 * np.pi * x * y / (97 + 13 * i))
        for i in range(3)
    ]
    return torch.from_numpy(np.clip(np.stack(channels), 0, 1).astype(np.float32))[None]


CENTRE, RIGHT, LEFT = image(0.0), image(0.3), image(-0.3)
