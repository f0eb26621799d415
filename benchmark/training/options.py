"""Command-line options that all trainings share."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark.training.choices import Accelerator, DeviceWord, Precision, Schedule
from realdof.common.errors import InputError

Out = Annotated[Path, typer.Option("--out", help="The run's folder; a run in it is continued.")]
Data = Annotated[Path | None, typer.Option("--data", help="A set in DPDD's layout, with a val split if there is one.")]
Steps = Annotated[int | None, typer.Option("--steps", min=1, help="Iterations; the paper's if not given.")]
BatchSize = Annotated[
    int | None,
    typer.Option("--batch", min=1, help="Patches in one iteration, over all processes; the paper's if not given."),
]
LearningRate = Annotated[
    float | None, typer.Option("--learning-rate", min=0.0, help="At the start; the paper's if not given.")
]
ScheduleName = Annotated[
    Schedule, typer.Option("--schedule", help="The paper's steps, or a cosine to zero at the last step.")
]
Warmup = Annotated[int, typer.Option("--warmup", min=0, help="Iterations over which the learning rate rises.")]
Ema = Annotated[float, typer.Option("--ema", min=0.0, max=0.99999, help="Decay of the averaged weights.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of every random draw.")]
Loaders = Annotated[
    int | None,
    typer.Option("--loaders", min=0, help="Processes that prepare batches; as many as help if not given."),
]
Start = Annotated[Path | None, typer.Option("--start", help="Weights to begin with instead of random ones.")]
DeviceName = Annotated[
    DeviceWord, typer.Option("--device", help="What trains; auto is a GPU if there is one, else cpu.")
]
Devices = Annotated[int, typer.Option("--devices", min=1, help="Processes, or GPUs, on each machine.")]
Nodes = Annotated[int, typer.Option("--nodes", min=1, help="Machines, each started with torchrun or by SLURM.")]
PrecisionName = Annotated[
    Precision,
    typer.Option("--precision", help="bfloat16: weights stay in float32; tf32: for GPUs."),
]
SaveEvery = Annotated[int, typer.Option("--save-every", min=1, help="Iterations between two checkpoints.")]
ValidateEvery = Annotated[int, typer.Option("--validate-every", min=1, help="Iterations between two validations.")]


def asked_accelerator(word: DeviceWord) -> Accelerator:
    """Return the kind of device that ``--device`` selects.

    Raises
    ------
    InputError
        No such device is available.
    """
    import torch

    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    there: dict[Accelerator, bool] = {"cuda": cuda, "mps": mps, "cpu": True}
    if word == "auto":
        return next(kind for kind, found in there.items() if found)
    if not there[word]:
        raise InputError(f"no device of kind {word} can be used here; leave out --device {word}")
    return word
