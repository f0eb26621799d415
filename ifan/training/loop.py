"""Train IFAN: pass its network, data, losses and validation to the loop in `benchmark.training`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from benchmark.metrics.base import Metric
from benchmark.metrics.lpips.metric import LPIPS
from benchmark.metrics.psnr import PSNR
from benchmark.training.choices import Accelerator, Precision
from benchmark.training.fabric import Hardware
from benchmark.training.loaders import loaded
from benchmark.training.loop import Trainer
from benchmark.training.recipe import Recipe
from benchmark.training.scenes import HeldOutScenes
from benchmark.training.validation import Validation
from ifan.checkpoints import read_weights
from ifan.network import IFAN
from ifan.reblurring import ReblurringNetwork
from ifan.shape import SIZE_MULTIPLE
from ifan.training.augmentation import Augmentation
from ifan.training.choices import DeblurringLoss, Initialisation
from ifan.training.data import Data
from ifan.training.initialisation import preserve_variance
from ifan.training.losses import TrainedIFAN
from ifan.variants import Variant, describe
from ifan.weights import load_network, save_weights
from realdof.common.errors import InputError
from realdof.common.files import sha256_of


@dataclass(frozen=True)
class Settings:
    """Settings of a training, apart from its data.

    Parameters
    ----------
    variant
        The IFAN variant.
    recipe, augmentation
        Length and hyperparameters, and the augmentation of patches.
    reblurring_width
        Channels of the reblurring network: 32 in the supplement, 128 in the released code, 0 for no reblurring loss.
    precision
        Precision of the forward and backward pass.
    initialisation
        The paper's, or that of `ifan.training.initialisation` for short trainings.
    loss
        Name in `ifan.training.losses.DEBLURRING_LOSSES`; the paper's is ``mse``.
    """

    variant: Variant
    recipe: Recipe
    augmentation: Augmentation
    reblurring_width: int = 32
    precision: Precision = "float32"
    initialisation: Initialisation = "paper"
    loss: DeblurringLoss = "mse"

    def described(self) -> dict[str, Any]:
        """Return all settings except the recipe by name, in JSON's types; the augmentation is one nested entry."""
        return {
            "variant": self.variant.name,
            "augmentation": asdict(self.augmentation),
            "reblurring_width": self.reblurring_width,
            "precision": self.precision,
            "initialisation": self.initialisation,
            "loss": self.loss,
        }


def train(
    data: Path | Data,
    folder: Path,
    settings: Settings,
    *,
    start: Path | None = None,
    accelerator: Accelerator = "cpu",
    devices: int = 1,
    nodes: int = 1,
    save_every: int = 500,
    validate_every: int = 1000,
) -> Trainer:
    """Prepare a training; if the folder holds one, it continues where it stopped.

    Parameters
    ----------
    data
        A data set in DPDD's layout, optionally with a ``val`` split; or see `Data`.
    folder
        The run's folder.
    settings
        The variant and its training settings.
    start
        Initial weights; random if not given. Single-image weights can initialise a dual-pixel network: the first
        layer's weights are halved and used for both views.
    accelerator, devices, nodes
        See `benchmark.training.fabric.Hardware`.
    save_every, validate_every
        Iterations between two checkpoints, and between two validations.

    Raises
    ------
    InputError
        The data is incomplete, or the folder holds a run with other settings.
    """
    if settings.augmentation.crop % SIZE_MULTIPLE:
        raise InputError(
            f"patches of {settings.augmentation.crop} px cannot be halved three times; "
            f"give a multiple of {SIZE_MULTIPLE} as --crop"
        )
    hardware = Hardware(accelerator, devices, nodes, settings.precision)
    fabric = hardware.launch(settings.recipe.batch, settings.recipe.seed)
    module = trained_module(settings, start)
    given = data if isinstance(data, Data) else Data(data)
    patches = given.patches(settings.variant, settings.augmentation, settings.recipe)
    scenes = given.validation
    held_out = None
    if scenes is not None:
        metrics: dict[str, Metric] = {"psnr": PSNR(), "lpips": LPIPS()}
        held_out = HeldOutScenes(scenes, metrics, SIZE_MULTIPLE, deblur, fabric.device)
    words = given.described()
    begun = {"start": None if start is None else sha256_of(start)}

    def save(path: Path, module: nn.Module, card: Mapping[str, Any]) -> None:
        save_weights(path, cast(TrainedIFAN, module).network, settings.variant, "unlabelled", card)

    card = settings.described() | {"recipe": settings.recipe.described()} | words | begun
    trainer = Trainer(
        module, loaded(patches, loaders=given.loaders, cheap=patches.ready, devices=devices), settings.recipe, folder,
        fabric=fabric, validate=Validation(folder, fabric, save, card, held_out),
        save_every=save_every, validate_every=validate_every,
        settings=_flat(settings.described()) | words | begun,
    )  # fmt: skip
    trainer.resume()
    return trainer


def trained_module(settings: Settings, start: Path | None = None) -> TrainedIFAN:
    """Return the network with its losses, with initial weights.

    Raises
    ------
    InputError
        The variant has no such initialisation, or ``start`` holds another network.
    """
    variant = settings.variant
    network = IFAN(variant.shape)
    wanted = variant.reblurring and settings.reblurring_width
    reblurring = ReblurringNetwork(variant.shape, settings.reblurring_width) if wanted else None
    if settings.initialisation == "variance-preserving":
        if variant.shape.deblurring != "iac" or not variant.shape.disparity:
            raise InputError(f"{variant.name} has no variance-preserving start; give --initialisation paper")
        preserve_variance(network)
    return TrainedIFAN(
        network if start is None else started_from(start, variant),
        reblurring,
        loss=settings.loss,
    )


def started_from(path: Path, variant: Variant) -> IFAN:
    """Return a trainable network with weights from a file; a dual-pixel variant accepts single-image weights.

    Raises
    ------
    InputError
        The file holds another network.
    """
    weights = read_weights(path)
    if variant.shape.dual and not weights.shape.dual:
        first = weights.state["kconv1_1.0.weight"]
        weights.state["kconv1_1.0.weight"] = torch.cat([first, first], dim=1) / 2
        weights = replace(weights, shape=variant.shape)
    if weights.shape != variant.shape:
        raise InputError(f"{path} cannot start {variant.name}: it holds a network with {describe(weights.shape)}")
    return load_network(variant, weights).train().requires_grad_(True)


def deblur(module: nn.Module, views: Mapping[str, Tensor]) -> Tensor:
    """Deblur a held-out scene with the trained network, (1, 3, H, W); see `benchmark.training.scenes.Deblur`."""
    network = cast(TrainedIFAN, module).network
    both = torch.cat([views["right"], views["left"]], dim=1) if network.shape.dual else None
    result: Tensor = network(views["image"], both)
    return result


def _flat(described: Mapping[str, Any]) -> dict[str, Any]:
    """Flatten the augmentation's settings into the others, so that an error message names the one that differs."""
    return {key: value for key, value in described.items() if key != "augmentation"} | described["augmentation"]
