"""DPDNet's training: its loss, and the recipe of Section 5 of its paper and of the released code."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.dpdnet.cards import CARDS
from baselines.dpdnet.network import SIZE_MULTIPLE, DPDNet
from baselines.dpdnet.patches import GridSource, PatchGrid
from baselines.dpdnet.weights import load_network
from baselines.training import Family, Settings, Trainable
from benchmark.datasets.dual_pixel import DualPixelFolder
from benchmark.metrics.psnr import PSNR
from benchmark.training.checkpoint import fingerprint
from benchmark.training.loaders import Batch
from benchmark.training.recipe import Recipe
from benchmark.training.scenes import HeldOutScenes
from benchmark.weight_files import save_network

RECIPE = Recipe(
    steps=0, batch=5, learning_rate=2e-5, milestones=(), betas=(0.9, 0.999), weight_decay=0.0,
    gradient_clip=float("inf"), optimiser="adam",
)  # fmt: skip
"""The published recipe; `with_steps` sets steps and milestones from the number of patches."""
EPOCHS, HALVED_EVERY = 200, 60
CROP = 512


class TrainedDPDNet(nn.Module):
    """DPDNet with its loss: the mean squared error of the all-in-focus image."""

    def __init__(self, network: DPDNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the loss for a batch of ``image``, ``left``, ``right`` and ``target``, float32 (B, 3, H, W) each."""
        return {"deblur": functional.mse_loss(self.network(fed(self.network, batch)), batch["target"])}


def fed(network: DPDNet, views: Mapping[str, Tensor]) -> Tensor:
    """Return the network's input: both views, (B, 6, H, W), or the defocused image, (B, 3, H, W)."""
    return torch.cat([views["left"], views["right"]], dim=1) if network.shape.dual else views["image"]


def deblur(module: nn.Module, views: Mapping[str, Tensor]) -> Tensor:
    """Deblur a held-out scene with the trained network; see `benchmark.training.scenes.Deblur`."""
    network = cast(TrainedDPDNet, module).network
    result: Tensor = network(fed(network, views))
    return result


def with_steps(recipe: Recipe, steps_an_epoch: int) -> Recipe:
    """Set the paper's 200 epochs, with the rate halved every 60, unless the recipe has a number of steps."""
    if recipe.steps:
        return recipe
    last, every = EPOCHS * steps_an_epoch, HALVED_EVERY * steps_an_epoch
    return replace(recipe, steps=last, milestones=tuple(range(every, last, every)))


def prepare(settings: Settings, data: Path, start: Path | None, device: torch.device) -> Trainable:
    """Prepare a training of DPDNet; see `baselines.training.Family`."""
    method = CARDS[settings.name]
    scenes = DualPixelFolder.open(data)
    source = GridSource(scenes, PatchGrid(settings.crop), settings.recipe.batch, settings.recipe.seed)
    network = DPDNet(method.shape)
    network.initialise()
    if start is not None:
        network = load_network(method, start)[0].train().requires_grad_(True)

    def save(path: Path, module: nn.Module, card: Mapping[str, Any]) -> None:
        save_network(path, cast(TrainedDPDNet, module).network, settings.name, "unlabelled", card)

    held_out = None
    if (data / "val_c").is_dir():
        validated = DualPixelFolder.open(data, "val")
        held_out = HeldOutScenes(validated, {"psnr": PSNR()}, SIZE_MULTIPLE, deblur, device)
    seen = fingerprint(path for files in scenes.files for path in files.values())
    recipe = with_steps(settings.recipe, source.steps_an_epoch)
    return Trainable(TrainedDPDNet(network), source, recipe, seen, source.ready, held_out, save)


DPDNET = Family(tuple(CARDS), RECIPE, CROP, SIZE_MULTIPLE, prepare)
