"""DPDNet and DMENet against TensorFlow: the files that Keras itself writes, and the figures that it computes.

TensorFlow has an environment of its own, because it brings another NumPy: IFAN_BENCH_TENSORFLOW names its Python.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from keras_files import random_layers
from tensorlayer_files import random_arrays, write_named

from baselines.dmenet import cards as dmenet_cards
from baselines.dmenet.weights import load_network as load_dmenet
from baselines.dpdnet import cards as dpdnet_cards
from baselines.dpdnet.weights import load_network as load_dpdnet

Agree = Callable[..., None]
PYTHON = os.environ.get("IFAN_BENCH_TENSORFLOW")
DPDNET, DMENET = dpdnet_cards.CARDS["dpdnet-s-w16"], dmenet_cards.CARDS["dmenet-w16"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PYTHON is None, reason="IFAN_BENCH_TENSORFLOW names no Python with tensorflow-cpu and tf_keras"),
]


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(1).random((48, 32, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def folder(image: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What tensorflow_models.py wrote, and the arrays as TensorLayer saves them."""
    folder = tmp_path_factory.mktemp("tensorflow")
    arrays = random_arrays(DMENET.shape.width)
    write_named(folder / "tensorlayer.npz", arrays)
    given = {"image": image, "filters": np.array([DPDNET.shape.width * 2**level for level in range(5)])}
    flat = [array for layer in random_layers(DPDNET.shape) for array in layer]
    given |= {f"keras/{number:03d}": array for number, array in enumerate(flat)}
    given |= {f"dmenet/{name}": array for name, array in arrays.items()}
    np.savez(folder / "given.npz", **given)
    script = Path(__file__).with_name("tensorflow_models.py")
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "2"}
    subprocess.run([str(PYTHON), str(script), str(folder)], check=True, timeout=300, env=environment)
    return folder


@pytest.mark.parametrize("file", ["model.h5", "weights.h5"])
def test_dpdnet_from_a_file_of_keras(image: np.ndarray, folder: Path, file: str, agree: Agree) -> None:
    network, _ = load_dpdnet(DPDNET, folder / file)
    with torch.inference_mode():
        ours = network.eval()(torch.from_numpy(image).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()
    assert ours.std() > 0.02, "an output that does not depend on the input would prove nothing"
    agree(f"dpdnet-s-w16 from {file}", "Keras 2", ours, np.load(folder / "found.npz")["dpdnet"], at_most=2e-5)


def test_dmenet_from_tensorlayers_arrays(image: np.ndarray, folder: Path, agree: Agree) -> None:
    network, _ = load_dmenet(DMENET, folder / "tensorlayer.npz")
    with torch.inference_mode():
        ours = network.eval()(torch.from_numpy(image).permute(2, 0, 1)[None])[0][0, 0].numpy()
    assert ours.std() > 0.02, "a map that does not depend on the image would prove nothing"
    agree("dmenet-w16", "TensorFlow", ours, np.load(folder / "found.npz")["dmenet"], at_most=2e-5)
