"""Metrics against the libraries that define them and those that people use."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator

import numpy as np
import skimage.data
import torch
from skimage.metrics import structural_similarity
from torch import Tensor, nn

from benchmark.metrics.base import Metric
from benchmark.metrics.lpips.metric import LPIPS
from benchmark.metrics.lpips.trunk import load_trunk
from benchmark.metrics.mae import MAE
from benchmark.metrics.psnr import PSNR
from benchmark.metrics.ssim import SSIM, GaussianSSIM
from realdof.common.machine.memory import keep_blocks
from realdof.common.machine.torchvision import import_torchvision
from realdof.images.depth import image_from_pixels
from realdof.images.resize import area_resize
from tests.performance.suite.measurement import Line, Measurement, Sentence, in_turns

Peer = Callable[[], float]
ROUNDS = {"ssim-gaussian": 5, "lpips": 5}
LIBRARIES = ("torchmetrics", "lpips", "pyiqa")


def pair() -> tuple[Tensor, Tensor]:
    """A photograph of 1680x1120 px with noise, and the same without."""
    photograph = np.asarray(area_resize(skimage.data.astronaut(), 280, 420))
    target = image_from_pixels(np.tile(photograph, (4, 4, 1)))
    noise = 0.05 * torch.randn(target.shape, generator=torch.Generator().manual_seed(0))
    return (target + noise).clamp(0, 1), target


def measure(quick: bool) -> Iterator[Line]:
    """A line for each metric and library; libraries are given tensors as they take them, conversion not counted."""
    keep_blocks()
    output, target = pair()
    if quick:
        output, target = output[:, :280, :420].contiguous(), target[:, :280, :420].contiguous()
    there = [name for name in LIBRARIES if importlib.util.find_spec(name)]
    peers = _of_arrays(output, target)
    if there:
        # Their networks come from torchvision, which may not fit a torch for CPUs.
        import_torchvision()
    for name in there:
        for metric, more in {"torchmetrics": _of_torchmetrics, "lpips": _of_lpips, "pyiqa": _of_pyiqa}[name](
            output[None], target[None]
        ).items():
            peers[metric] |= more
    metrics: tuple[Metric, ...] = (PSNR(), MAE(), SSIM(), GaussianSSIM(), LPIPS())
    for metric in metrics:
        name = metric.card.name
        forms: dict[str, Callable[[], object]] = {**peers[name]}
        forms["floor"] = lambda: (output.sum(), target.sum())
        forms["ours"] = lambda metric=metric: metric(output, target)
        with torch.inference_mode():
            spent = in_turns(forms, ROUNDS.get(name, 15) if not quick else 5)
            found = metric(output, target)
            for library, peer in peers[name].items():
                yield Measurement(
                    "scores", f"{name}, {output.shape[2]}x{output.shape[1]}", spent["ours"], spent[library],
                    spent["floor"],
                    f"peer: {library}; floor: both images read once; {abs(found - float(peer())):.1e} apart",
                )  # fmt: skip
    for name in LIBRARIES:
        if name not in there:
            yield Sentence("scores", f"{name} was not installed, so nothing is compared with it.")
    if "pyiqa" in there:
        yield Sentence("scores", "pyiqa's LPIPS was left out: its weights are fetched from a server of its own.")


def _of_arrays(output: Tensor, target: Tensor) -> dict[str, dict[str, Peer]]:
    """NumPy and scikit-image, which take float64 best."""
    first, second = (image.permute(1, 2, 0).contiguous().double().numpy() for image in (output, target))
    window = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return {
        "psnr": {"float64 NumPy": lambda: float(-10 * np.log10(np.mean((first - second) ** 2)))},
        "mae": {"float64 NumPy": lambda: float(np.mean(np.abs(first - second)))},
        "ssim": {"scikit-image": lambda: float(structural_similarity(first, second, data_range=1, channel_axis=2))},
        "ssim-gaussian": {
            "scikit-image": lambda: float(
                structural_similarity(first, second, data_range=1, channel_axis=2, **window)
            )
        },
        "lpips": {},
    }  # fmt: skip


def _of_torchmetrics(output: Tensor, target: Tensor) -> dict[str, dict[str, Peer]]:
    images = importlib.import_module("torchmetrics.functional.image")
    errors = importlib.import_module("torchmetrics.functional")
    network = images.lpips._LPIPS(pretrained=True, net="alex", pnet_rand=True).eval()
    # Its own AlexNet would be fetched; the linear weights over it come with the package.
    _load_trunk(network.net)
    return {
        "psnr": {"torchmetrics": lambda: images.peak_signal_noise_ratio(output, target, data_range=1.0)},
        "mae": {"torchmetrics": lambda: errors.mean_absolute_error(output, target)},
        "ssim-gaussian": {
            "torchmetrics, whose borders count": lambda: images.structural_similarity_index_measure(
                output, target, data_range=1.0
            )
        },
        "lpips": {"torchmetrics": lambda: network(output, target, normalize=True)},
    }


def _of_lpips(output: Tensor, target: Tensor) -> dict[str, dict[str, Peer]]:
    network = importlib.import_module("lpips").LPIPS(net="alex", pnet_rand=True, verbose=False).eval()
    _load_trunk(network.net)
    return {"lpips": {"lpips": lambda: network(output, target, normalize=True)}}


def _load_trunk(network: nn.Module) -> None:
    trunk = load_trunk()
    names = [name for name in network.state_dict() if name.rpartition(".")[2] in ("weight", "bias")]
    network.load_state_dict({name: trunk[f"features.{name.partition('.')[2]}"] for name in names})


def _of_pyiqa(output: Tensor, target: Tensor) -> dict[str, dict[str, Peer]]:
    create = importlib.import_module("pyiqa").create_metric
    psnr, ssim = create("psnr", device="cpu"), create("ssim", device="cpu", test_y_channel=False)
    return {
        "psnr": {"pyiqa": lambda: psnr(output, target)},
        "ssim-gaussian": {"pyiqa": lambda: ssim(output, target)},
    }
