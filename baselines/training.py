"""A training of a baseline: one family's network, data and losses, given to the loop in `benchmark.training`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmark.training.fabric import Hardware
from benchmark.training.loaders import Batches, loaded
from benchmark.training.loop import Trainer
from benchmark.training.recipe import Recipe
from benchmark.training.validation import HeldOut, Save, Validation
from realdof.common.errors import InputError
from realdof.common.files import sha256_of


@dataclass(frozen=True)
class Settings:
    """Settings of a training, apart from its data.

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


@dataclass(frozen=True)
class Trainable:
    """A network with what feeds, judges and saves it.

    Parameters
    ----------
    module
        Maps a batch to its loss terms by name.
    batches
        See `benchmark.training.loop.Trainer`.
    recipe
        The settings' recipe, with the number of steps filled in.
    data
        A fingerprint of the data.
    cheap
        Whether a batch costs next to nothing, so that other processes need not prepare it.
    held_out
        What it is validated on, if the data has a ``val`` split.
    save
        Writes the network as safetensors.
    """

    module: nn.Module
    batches: Batches
    recipe: Recipe
    data: str
    cheap: bool
    held_out: HeldOut | None
    save: Save


@dataclass(frozen=True)
class Family:
    """How the networks of one paper are trained.

    Parameters
    ----------
    names
        Of the methods.
    recipe, crop
        The paper's.
    multiple
        What the side of a patch divides by, px.
    prepare
        From settings, data folder, weights to start with and device to what is trained.
    """

    names: tuple[str, ...]
    recipe: Recipe
    crop: int
    multiple: int
    prepare: Callable[[Settings, Path, Path | None, torch.device], Trainable]


def family_of(name: str) -> Family:
    """The family of a method that can be trained here.

    Raises
    ------
    InputError
        There is no such method.
    """
    from baselines.dmenet.training import DMENET
    from baselines.dpdnet.training import DPDNET

    families = (DPDNET, DMENET)
    for family in families:
        if name in family.names:
            return family
    known = ", ".join(known for family in families for known in family.names)
    raise InputError(f"{name} is not trained by this command; there are {known}")


def chosen_settings(name: str, crop: int | None = None, options: Mapping[str, Any] | None = None) -> Settings:
    """How a method's paper trains it, but for what the user chose.

    Parameters
    ----------
    name
        Of the method.
    crop
        Side of a patch, px; None for the paper's.
    options
        Fields of a recipe, None for the paper's.

    Raises
    ------
    InputError
        The method is not one that is trained here.
    """
    family = family_of(name)
    return Settings(name, family.recipe.changed(options or {}), crop or family.crop)


def train(
    data: Path,
    folder: Path,
    settings: Settings,
    *,
    start: Path | None = None,
    hardware: Hardware | None = None,
    loaders: int | None = None,
    save_every: int = 500,
    validate_every: int = 1000,
) -> Trainer:
    """Prepare a training; if the folder holds one, it continues where it stopped.

    Parameters
    ----------
    data
        DPDD's layout, with a ``val`` split if there is one. DMENet uses only the all-in-focus images, which it blurs
        itself.
    folder
        The run's own folder.
    settings
        What is trained and how.
    start
        Weights to begin with instead of random ones.
    hardware
        What it runs on; one CPU process if not given.
    loaders
        Processes that prepare batches; None for as many as help.
    save_every, validate_every
        Iterations between two checkpoints, and between two validations.

    Raises
    ------
    InputError
        The data is not whole, or the folder holds a run with other settings.
    """
    family = family_of(settings.name)
    if settings.crop % family.multiple:
        raise InputError(
            f"patches of {settings.crop} px cannot be halved four times; give a multiple of {family.multiple} as --crop"
        )
    hardware = hardware or Hardware()
    fabric = hardware.launch(settings.recipe.batch, settings.recipe.seed)
    ready = family.prepare(settings, data, start, fabric.device)
    words = {
        "method": settings.name,
        "crop": settings.crop,
        "precision": hardware.precision,
        "data": ready.data,
        "start": None if start is None else sha256_of(start),
    }
    card = words | {"recipe": ready.recipe.described()}
    batches = loaded(ready.batches, loaders=loaders, cheap=ready.cheap, devices=hardware.devices)
    trainer = Trainer(
        ready.module, batches, ready.recipe, folder,
        fabric=fabric, validate=Validation(folder, fabric, ready.save, card, ready.held_out),
        save_every=save_every, validate_every=validate_every, settings=words,
    )  # fmt: skip
    trainer.resume()
    return trainer
