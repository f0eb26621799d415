"""DMENet's training: the supervised part of Section 4 of its paper, with synthetic blur."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.dmenet.cards import CARDS
from baselines.dmenet.defocus_pairs import PairSource, sharp_photographs
from baselines.dmenet.network import SIZE_MULTIPLE, DMENet
from baselines.dmenet.weights import load_trainable
from baselines.training import Family, Settings, Trainable
from benchmark.training.checkpoint import fingerprint
from benchmark.training.loaders import Batch
from benchmark.training.recipe import Recipe
from benchmark.training.validation import Judged
from benchmark.weight_files import save_network

RECIPE = Recipe(
    steps=60_000, batch=8, learning_rate=1e-4, milestones=(), betas=(0.9, 0.999), weight_decay=0.0,
    gradient_clip=float("inf"), optimiser="adam",
)  # fmt: skip
"""Adam at 1e-4 on 8 patches, as in the supervised stage of the released code; its length is not published."""
CROP = 240
_HELD_OUT_BATCHES = 4


class TrainedDMENet(nn.Module):
    """DMENet with the losses of Section 4: the mean squared errors of the map and of every auxiliary map."""

    def __init__(self, network: DMENet) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses for a batch of ``image`` (B, 3, H, W) and ``map`` (B, 1, H, W)."""
        truth = batch["map"]
        final, *auxiliary = self.network(batch["image"])
        sizes = [one.shape[-2:] for one in auxiliary]
        each = [
            functional.mse_loss(one, functional.interpolate(truth, size=size, mode="nearest"))
            for one, size in zip(auxiliary, sizes, strict=True)
        ]
        return {"map": functional.mse_loss(final, truth), "auxiliary": torch.stack(each).sum()}


class HeldOutMaps:
    """Validation by the negative mean squared error of the map, beside that of a constant map at the true mean."""

    names = ("minus_mse", "minus_mse_constant")

    def __init__(self, batches: list[Batch], device: torch.device) -> None:
        self.batches, self.device = batches, device

    def __len__(self) -> int:
        return len(self.batches)

    def judge(self, module: nn.Module, index: int) -> Judged:
        """Validate on one batch; the pictures show its first image, the estimated map and the true map."""
        batch = self.batches[index]
        estimated = cast(TrainedDMENet, module).network(batch["image"].to(self.device))[0].cpu()
        error = float(functional.mse_loss(estimated, batch["map"]))
        constant = float(batch["map"].var(correction=0))
        maps = (one[0].clamp(0, 1).expand(3, -1, -1) for one in (estimated, batch["map"]))
        return Judged((-error, -constant), (batch["image"][0], *maps))


def prepare(settings: Settings, data: Path, start: Path | None, device: torch.device) -> Trainable:
    """Prepare a training of DMENet; see `baselines.training.Family`."""
    method, recipe = CARDS[settings.name], settings.recipe
    photographs = sharp_photographs(data)
    source = PairSource(photographs, settings.crop, recipe.batch, recipe.seed)
    network = DMENet(method.shape)
    network.initialise()
    if start is not None:
        network = load_trainable(method, start)

    def save(path: Path, module: nn.Module, card: Mapping[str, Any]) -> None:
        save_network(path, cast(TrainedDMENet, module).network, settings.name, "unlabelled", card)

    held_out = None
    if (data / "val_c").is_dir():
        # Another seed than the training's, so that no draw repeats; every validation uses the same batches.
        validated = PairSource(sharp_photographs(data, "val"), settings.crop, recipe.batch, recipe.seed + 1)
        held_out = HeldOutMaps([validated(step, 0, 1) for step in range(_HELD_OUT_BATCHES)], device)
    # `cheap` is True: the photographs are in memory, and every loader process would hold a copy of them.
    return Trainable(TrainedDMENet(network), source, recipe, fingerprint(photographs), True, held_out, save)


DMENET = Family(tuple(CARDS), RECIPE, CROP, SIZE_MULTIPLE, prepare)
