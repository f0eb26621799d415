"""The baselines' training: DPDNet as its paper has it, DMENet's supervised part, around the shared loop."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any, Protocol, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from baselines.dmenet import variants as dmenet_variants
from baselines.dmenet.defocus_pairs import PairSource, sharp_photographs
from baselines.dmenet.network import DMENet, DMENetShape
from baselines.dpdnet import variants as dpdnet_variants
from baselines.dpdnet.network import SIZE_MULTIPLE, DPDNet
from baselines.dpdnet.patches import GridSource, PatchGrid
from benchmark.datasets.dual_pixel import DualPixelFolder
from benchmark.metrics.psnr import PSNR
from benchmark.training.loop import Batch, Recipe, Trainer
from benchmark.weight_files import read_card
from realdof.common.errors import InputError
from realdof.images.depth import image_from_pixels

DPDNET = Recipe(
    steps=0, batch=5, learning_rate=2e-5, milestones=(), betas=(0.9, 0.999), weight_decay=0.0,
    gradient_clip=float("inf"), optimiser="adam",
)  # fmt: skip
"""Section 5 of DPDNet's paper and the released code; steps and milestones follow from the number of patches."""
DPDNET_EPOCHS, DPDNET_HALVED_EVERY = 200, 60
DPDNET_CROP = 512

DMENET = replace(DPDNET, batch=8, learning_rate=1e-4, steps=60_000)
"""Adam at 1e-4 on 8 patches, as the released code's supervised stage; how long is not told."""
DMENET_CROP = 240


class TrainedDPDNet(nn.Module):
    """DPDNet with its loss: the mean squared error of the all-in-focus image."""

    def __init__(self, network: DPDNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """The loss of a batch of ``image``, ``left``, ``right`` and ``target``, float32 (B, 3, H, W) each."""
        dual = self.network.shape.dual
        fed = torch.cat([batch["left"], batch["right"]], dim=1) if dual else batch["image"]
        return {"deblur": functional.mse_loss(self.network(fed), batch["target"])}


class TrainedDMENet(nn.Module):
    """DMENet with the losses of Section 4: the map's mean squared error, and that of every auxiliary map."""

    def __init__(self, network: DMENet) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """The losses of ``image`` (B, 3, H, W) and ``map`` (B, 1, H, W)."""
        truth = batch["map"]
        final, *auxiliary = self.network(batch["image"])
        sizes = [one.shape[-2:] for one in auxiliary]
        each = [
            functional.mse_loss(one, functional.interpolate(truth, size=size, mode="nearest"))
            for one, size in zip(auxiliary, sizes, strict=True)
        ]
        return {"map": functional.mse_loss(final, truth), "auxiliary": torch.stack(each).sum()}


class Evaluate(Protocol):
    """Figures of an averaged network, the first of which says which is best; larger is better."""

    def __call__(self, module: nn.Module) -> dict[str, float]:
        """Mean figures over the validation split."""


@dataclass(frozen=True)
class Settings:
    """What a training run is made of, beside its data.

    Parameters
    ----------
    name
        Of the method.
    recipe
        How long and how; 0 steps are the paper's 200 epochs, for DPDNet.
    crop
        Side of a patch, px.
    """

    name: str
    recipe: Recipe
    crop: int


def paper_settings(name: str) -> Settings:
    """How the method's paper trains it.

    Raises
    ------
    InputError
        The method is not one that is trained here.
    """
    if name in dpdnet_variants.VARIANTS:
        return Settings(name, DPDNET, DPDNET_CROP)
    if name in dmenet_variants.VARIANTS:
        return Settings(name, DMENET, DMENET_CROP)
    known = ", ".join([*dpdnet_variants.VARIANTS, *dmenet_variants.VARIANTS])
    raise InputError(f"{name} is not trained by this command; there are {known}")


def train(
    data: Path,
    folder: Path,
    settings: Settings,
    *,
    accelerator: str = "cpu",
    devices: int = 1,
    save_every: int = 500,
    validate_every: int = 1000,
) -> Trainer:
    """Make a training run ready, taken up where it was left if the folder holds one.

    Parameters
    ----------
    data
        DPDD's layout, with a ``val`` split if there is one. DMENet looks at the all-in-focus images alone, which it
        blurs itself.
    folder
        The run's own folder.

    Raises
    ------
    InputError
        The data is not whole, or the folder holds a run with other settings.
    """
    if settings.crop % SIZE_MULTIPLE:
        raise InputError(
            f"patches of {settings.crop} px cannot be halved four times; give a multiple of {SIZE_MULTIPLE}"
        )
    fabric = Fabric(accelerator=accelerator, devices=devices)
    fabric.launch()
    torch.manual_seed(settings.recipe.seed)
    make = _dpdnet if settings.name in dpdnet_variants.VARIANTS else _dmenet
    run = make(data, settings, fabric.device)
    validation = Validation(folder, run.evaluate, run.save, run.settings)
    trainer = Trainer(
        run.module, run.source, run.settings.recipe, folder,
        fabric=fabric, validate=validation, save_every=save_every, validate_every=validate_every,
    )  # fmt: skip
    trainer.resume()
    return trainer


Save = Callable[[Path, nn.Module, Mapping[str, Any]], None]


@dataclass(frozen=True)
class _Run:
    """A network with what feeds, judges and saves it."""

    module: nn.Module
    source: Callable[[int, int, int], Batch]
    evaluate: Evaluate | None
    save: Save
    settings: Settings


class Validation:
    """Figures over the validation split, if there is one; the averaged weights, latest and best, as safetensors."""

    def __init__(self, folder: Path, evaluate: Evaluate | None, save: Save, settings: Settings) -> None:
        self.folder, self.evaluate, self.save, self.settings = folder, evaluate, save, settings
        best = folder / "best.safetensors"
        self.best = _first(read_card(best)["validation"]) if best.is_file() else float("-inf")

    def __call__(self, module: nn.Module, step: int) -> Mapping[str, float]:
        """Figures for the log."""
        module.eval()
        figures = {} if self.evaluate is None else self.evaluate(module)
        module.train()
        names = ["averaged.safetensors"]
        if figures and _first(figures) > self.best:
            self.best = _first(figures)
            names.append("best.safetensors")
        recipe = asdict(self.settings.recipe) | {"gradient_clip": None}
        card = {"method": self.settings.name, "steps": step, "recipe": recipe, "crop": self.settings.crop}
        for name in names:
            self.save(self.folder / name, module, card | {"validation": figures})
        return figures


def _first(figures: Mapping[str, float]) -> float:
    return next(iter(figures.values()))


def _dpdnet(data: Path, settings: Settings, device: torch.device) -> _Run:
    variant = dpdnet_variants.VARIANTS[settings.name]
    source = GridSource(
        DualPixelFolder.open(data), PatchGrid(settings.crop), settings.recipe.batch, settings.recipe.seed
    )
    if not settings.recipe.steps:
        an_epoch = source.steps_an_epoch
        halved = tuple(range(DPDNET_HALVED_EVERY * an_epoch, DPDNET_EPOCHS * an_epoch, DPDNET_HALVED_EVERY * an_epoch))
        settings = replace(settings, recipe=replace(settings.recipe, steps=DPDNET_EPOCHS * an_epoch, milestones=halved))
    network = DPDNet(variant.shape)
    network.initialise()
    scenes = DualPixelFolder.open(data, "val") if (data / "val_c").is_dir() else None

    def save(path: Path, module: nn.Module, card: Mapping[str, Any]) -> None:
        trained = cast(TrainedDPDNet, module).network
        dpdnet_variants.save_network(path, trained, variant, "unlabelled", card, torch.float32)

    evaluate = None if scenes is None else DeblurredPSNR(scenes, device)
    return _Run(TrainedDPDNet(network), source, evaluate, save, settings)


class DeblurredPSNR:
    """PSNR of the output and of the defocused image it started from, dB."""

    def __init__(self, scenes: DualPixelFolder, device: torch.device) -> None:
        self.scenes, self.device = scenes, device

    def __call__(self, module: nn.Module) -> dict[str, float]:
        """Means over the scenes."""
        network = cast(TrainedDPDNet, module).network
        pairs = [self._score(network, index) for index in range(len(self.scenes))]
        return {"psnr": fmean(after for after, _ in pairs), "psnr_input": fmean(before for _, before in pairs)}

    def _score(self, network: DPDNet, index: int) -> tuple[float, float]:
        views = {name: image_from_pixels(pixels) for name, pixels in self.scenes.load(index).items()}
        height, width = (side - side % SIZE_MULTIPLE for side in views["image"].shape[-2:])
        views = {name: view[:, :height, :width] for name, view in views.items()}
        fed = torch.cat([views["left"], views["right"]]) if network.shape.dual else views["image"]
        output = network(fed[None].to(self.device))[0].cpu()
        return PSNR()(output, views["target"]), PSNR()(views["image"], views["target"])


def _dmenet(data: Path, settings: Settings, device: torch.device) -> _Run:
    variant = dmenet_variants.VARIANTS[settings.name]
    recipe = settings.recipe
    source = PairSource(sharp_photographs(data), settings.crop, recipe.batch, recipe.seed)
    network = DMENet(DMENetShape(variant.width))
    network.initialise()
    evaluate = None
    if (data / "val_c").is_dir():
        # Another seed, so that no draw is one of training's; the same batches at every validation.
        held_out = PairSource(sharp_photographs(data, "val"), settings.crop, recipe.batch, recipe.seed + 1)
        evaluate = MapAccuracy([held_out(step, 0, 1) for step in range(4)], device)

    def save(path: Path, module: nn.Module, card: Mapping[str, Any]) -> None:
        trained = cast(TrainedDMENet, module).network
        dmenet_variants.save_network(path, trained, variant, "unlabelled", card, torch.float32)

    return _Run(TrainedDMENet(network), source, evaluate, save, settings)


class MapAccuracy:
    """Error of the map, negative so that larger is better, and of a map that is its own mean everywhere."""

    def __init__(self, batches: list[Batch], device: torch.device) -> None:
        self.batches, self.device = batches, device

    def __call__(self, module: nn.Module) -> dict[str, float]:
        """Means of the squared errors over the batches."""
        network = cast(TrainedDMENet, module).network
        errors = [
            float(functional.mse_loss(network(batch["image"].to(self.device))[0].cpu(), batch["map"]))
            for batch in self.batches
        ]
        constant = [float(batch["map"].var(correction=0)) for batch in self.batches]
        return {"minus_mse": -fmean(errors), "minus_mse_constant": -fmean(constant)}
