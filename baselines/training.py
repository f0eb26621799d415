"""Train a baseline: pass one family's network, data and losses to the loop in `benchmark.training`."""

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
        The method's name.
    recipe
        Length, optimiser and schedule; for DPDNet, 0 steps mean the paper's 200 epochs.
    crop
        Side of a patch, px.
    """

    name: str
    recipe: Recipe
    crop: int


@dataclass(frozen=True)
class Trainable:
    """A network ready to be trained, with its data, validation and saving.

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
        Whether a batch is so cheap that no other process needs to prepare it.
    held_out
        The validation items, if the data has a ``val`` split.
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
    """The networks of one paper and their training.

    Parameters
    ----------
    names
        The methods' names.
    recipe, crop
        The paper's recipe and patch side in px.
    multiple
        The side of a patch must be a multiple of it, px.
    prepare
        Function of settings, data folder, initial weights and device that returns a `Trainable`.
    """

    names: tuple[str, ...]
    recipe: Recipe
    crop: int
    multiple: int
    prepare: Callable[[Settings, Path, Path | None, torch.device], Trainable]


def family_of(name: str) -> Family:
    """Return the family of a method that this package can train.

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
    """Return the settings of a method's paper, changed by the user's options.

    Parameters
    ----------
    name
        The method's name.
    crop
        Side of a patch, px; None for the paper's.
    options
        Recipe fields by name; None for the paper's value.

    Raises
    ------
    InputError
        This package cannot train the method.
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
        A folder in DPDD's layout, optionally with a ``val`` split. DMENet's training uses only the all-in-focus images
        and blurs them itself.
    folder
        The run's folder.
    settings
        The method and its recipe.
    start
        Initial weights; random if not given.
    hardware
        The hardware to train on; one CPU process if not given.
    loaders
        Number of processes that prepare batches; chosen automatically if None.
    save_every, validate_every
        Iterations between two checkpoints, and between two validations.

    Raises
    ------
    InputError
        The data is incomplete, or the folder holds a run with other settings.
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
