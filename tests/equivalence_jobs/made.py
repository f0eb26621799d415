"""Files that the jobs read: photographs, pairs, programs, and weights in the layouts that their authors released."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import torch
from safetensors.torch import load_file

from equivalence_jobs.workbench import JobFailed

BOX_FILTER = '''"""A box filter of 3x3: an image, or a folder of them."""
import pathlib, sys
import cv2
source, target = map(pathlib.Path, sys.argv[1:3])
pairs = [(path, target / path.name) for path in sorted(source.iterdir())] if source.is_dir() else [(source, target)]
for path, out in pairs:
    cv2.imwrite(str(out), cv2.blur(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), (3, 3)))
'''

MEAN_OF_VIEWS = '''"""The mean of two dual-pixel views."""
import sys
import cv2
left, right = (cv2.imread(path, cv2.IMREAD_UNCHANGED) for path in sys.argv[1:3])
cv2.imwrite(sys.argv[3], cv2.addWeighted(left, 0.5, right, 0.5, 0))
'''

NETWORKS = '''"""Narrow networks with random weights for the method spandrel: NAFNet, and Restormer on two views."""
import pathlib, sys
import torch
from safetensors.torch import save_file

out = pathlib.Path(sys.argv[1])
# torchvision of the package index does not start beside a torch for CPUs: operators must be declared first.
for name in ("nms", "qnms"):
    try:
        import torchvision
        break
    except RuntimeError:
        torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from spandrel.architectures.NAFNet import NAFNet
from spandrel_extra_arches.architectures.Restormer import Restormer

torch.manual_seed(0)
naf = NAFNet(width=8, enc_blk_nums=[1, 1], middle_blk_num=1, dec_blk_nums=[1, 1])
narrow = {"dim": 8, "num_blocks": [1, 1, 1, 1], "num_refinement_blocks": 1}
restormer = Restormer(inp_channels=6, dual_pixel_task=True, **narrow)
for name, network in (("nafnet", naf), ("restormer-dual", restormer)):
    state = {key: 0.1 * torch.randn_like(value) if not value.any() else value
             for key, value in network.state_dict().items()}
    save_file(state, out / f"{name}.safetensors")
'''


def photograph(height: int, width: int, seed: int, depth: type = np.uint8) -> np.ndarray:
    """Soft clouds with sharp edges and grain, BGR of ``depth``."""
    random = np.random.default_rng(seed)
    total = np.zeros((height, width, 3))
    for cells in (3, 8, 21, 55):
        coarse = random.uniform(0, 1, (cells, cells, 3)).astype(np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    total[total > np.median(total)] += 0.6
    total += random.normal(0, 0.03, total.shape)
    low, high = total.min(), total.max()
    return np.round((total - low) / (high - low) * np.iinfo(depth).max).astype(depth)


def write(path: Path, pixels: np.ndarray) -> Path:
    """An image file; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), pixels):
        raise JobFailed(f"{path} cannot be written")
    return path


def training_set(folder: Path) -> Path:
    """Four pairs of 144 px to train on and two to validate on, with both views, in DPDD's layout."""
    for split, count, first in (("train", 4, 100), ("val", 2, 200)):
        for number in range(count):
            sharp = photograph(144, 160, first + number)
            name = f"{number:05d}.png"
            views = {"c": cv2.blur(sharp, (7, 7)), "l": cv2.blur(sharp, (7, 7), anchor=(1, 3))}
            views["r"] = cv2.blur(sharp, (7, 7), anchor=(5, 3))
            for view, pixels in views.items():
                write(folder / f"{split}_{view}" / "source" / name, pixels)
            write(folder / f"{split}_c" / "target" / name, sharp)
    return folder


def program(path: Path, text: str) -> Path:
    """A Python file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def spandrel_networks(folder: Path) -> Path:
    """Files ``nafnet.safetensors`` and ``restormer-dual.safetensors``."""
    folder.mkdir(parents=True, exist_ok=True)
    writer = program(folder / "networks.py", NETWORKS)
    done = subprocess.run([sys.executable, str(writer), str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise JobFailed(f"the networks for spandrel cannot be made: {done.stderr.strip().splitlines()[-1]}")
    return folder


def dpdnet(path: Path, channels: int) -> Path:
    """A DPDNet of 3 or 6 input channels with random weights, as Keras's ``model.save`` writes the released file."""
    random = np.random.default_rng(channels)
    with h5py.File(path, "w") as file:
        root = file.create_group("model_weights")
        root.attrs["backend"], root.attrs["keras_version"] = b"tensorflow", b"2.2.4"
        root.create_group("input_1").attrs["weight_names"] = np.array([], dtype="S1")
        names = [b"input_1"]
        for number, (side, into, out) in enumerate(_dpdnet_layers(channels), 1):
            name = f"conv2d_{number}"
            names.append(name.encode())
            layer = root.create_group(name)
            layer.attrs["weight_names"] = np.array([f"{name}/kernel:0".encode(), f"{name}/bias:0".encode()])
            deviation = np.sqrt(2 / (into * side * side))
            values = layer.create_group(name)
            values["kernel:0"] = random.normal(0, deviation, (side, side, into, out)).astype(np.float32)
            values["bias:0"] = random.normal(0, 0.1, out).astype(np.float32)
        root.attrs["layer_names"] = np.array(names)
    return path


def _dpdnet_layers(channels: int) -> Iterator[tuple[int, int, int]]:
    """Side of the kernel, channels in and out of each convolution, in Keras's order."""
    widths = (64, 128, 256, 512, 1024)
    into = channels
    for width in widths:
        yield from ((3, into, width), (3, width, width))
        into = width
    for width in widths[-2::-1]:
        yield from ((2, 2 * width, width), (3, 2 * width, width), (3, width, width))
    yield from ((3, 64, 3), (1, 3, 3))


def dmenet(path: Path) -> Path:
    """A DMENet with random weights, as the released training wrote it with ``tl.files.save_npz_dict``."""
    random = np.random.default_rng(0)
    arrays = {}
    for name, norm, side, into, out in _dmenet_layers():
        deviation = np.sqrt(2 / (into * side * side))
        # The first layer sees values up to 255, a refinement sums two, and the last must give a map of greys.
        deviation *= {"encoder/conv1_1": 1 / 60, "decoder/uf/c3": 4}.get(name, 1)
        deviation /= 1.6 if "u0/c" in name and "init" not in name else 1
        kernel = random.normal(0, deviation, (side, side, into, out))
        arrays[f"{name}/W_conv2d"] = kernel - (kernel.mean((0, 1)) if name == "decoder/uf/c3" else 0)
        arrays[f"{name}/b_conv2d"] = random.normal(0, 0.1, out)
        if norm:
            arrays[f"{norm}/beta"] = random.normal(0, 0.1, out)
            arrays[f"{norm}/moving_mean"] = random.normal(0, 0.1, out)
            arrays[f"{norm}/moving_variance"] = random.uniform(0.5, 2, out)
    named: dict[str, Any] = {
        f"main_net/defocus_net/{name}:0": value.astype(np.float32) for name, value in arrays.items()
    }
    np.savez(path, **named)
    return path


def _dmenet_layers() -> Iterator[tuple[str, str, int, int, int]]:
    """Name, normalisation, side of the kernel, channels in and out, in the order of the released code."""
    into = 3
    for level, (depth, width) in enumerate(zip((2, 2, 4, 4, 4), (64, 128, 256, 512, 512), strict=True), 1):
        for step in range(1, depth + 1):
            yield f"encoder/conv{level}_{step}", "", 3, into, width
            into = width

    def unit(name: str, side: int, into: int, out: int) -> tuple[str, str, int, int, int]:
        room, _, last = f"decoder/{name}".rpartition("/")
        return f"{room}/c{last}", f"{room}/b{last}", side, into, out

    yield from (unit("u4_aux/1", 3, 512, 256), unit("u4_aux/2", 3, 256, 1))
    for level, joined, width in ((3, 1024, 256), (2, 512, 128), (1, 256, 64)):
        for step, before in enumerate((joined, width, width), 1):
            yield unit(f"u{level}/{step}", 3, before, width)
        yield from (unit(f"u{level}_aux/1", 3, width, width // 2), unit(f"u{level}_aux/2", 3, width // 2, 1))
    yield unit("u0/_init", 3, 128, 64)
    yield from (unit("u0_aux/1", 3, 64, 32), unit("u0_aux/2", 3, 32, 1))
    for block in range(7):
        yield unit(f"u0/_res{block}", 1, 64, 64)
        yield from (unit(f"u0/{block}_{step}", 3, 64, 64) for step in (1, 2))
    yield from (unit("uf/1", 3, 64, 64), unit("uf/2", 3, 64, 32))
    yield "decoder/uf/c3", "", 3, 32, 1


def ifan_checkpoint(path: Path, packaged: Path) -> Path:
    """Packaged weights of ours in the layout of the authors' checkpoints, whose filters IAC uses otherwise."""
    torch.save({f"module.Network.{name}": value.float() for name, value in load_file(packaged).items()}, path)
    return path
