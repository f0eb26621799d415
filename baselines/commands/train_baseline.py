"""The command `ifan-bench train-baseline`: train DPDNet or DMENet by their papers' recipes, or shorter."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import asked_precision
from benchmark.training import options
from realdof.common.console import stopping


@stopping("the training is kept up to its last save, if it had begun; the same command goes on there")
def train_baseline(
    method: Annotated[str, typer.Option("--method", help="dpdnet-s, dpdnet-d, dmenet, or one of them with -w16.")],
    data: Annotated[Path, typer.Option("--data", help="A set in DPDD's layout, with a val split if there is one.")],
    out: options.Out,
    crop: Annotated[int | None, typer.Option(min=64, help="Side of a patch, px; the paper's if not given.")] = None,
    start: options.Start = None,
    steps: options.Steps = None,
    batch: options.BatchSize = None,
    learning_rate: options.LearningRate = None,
    schedule: options.ScheduleName = "step",
    warmup: options.Warmup = 0,
    ema: options.Ema = 0.999,
    seed: options.Seed = 0,
    device: options.DeviceName = "auto",
    devices: options.Devices = 1,
    nodes: options.Nodes = 1,
    precision: options.PrecisionName = "float32",
    loaders: options.Loaders = None,
    save_every: options.SaveEvery = 500,
    validate_every: options.ValidateEvery = 1000,
) -> None:
    """Train a baseline; a run that was stopped, even killed, continues from its last save.

    Example: ifan-bench train-baseline --method dpdnet-s-w16 --data data/ --out runs/dpdnet --crop 128 --steps 2000
    """
    from baselines.training import chosen_settings, train
    from benchmark.training.fabric import Hardware
    from benchmark.training.terminal import run_training

    accelerator = options.asked_accelerator(device)
    if precision == "bfloat16":
        asked_precision(accelerator, precision)
    settings = chosen_settings(
        method,
        crop,
        {"steps": steps, "batch": batch, "learning_rate": learning_rate, "schedule": schedule, "warmup": warmup}
        | {"ema": ema, "seed": seed},
    )
    trainer = train(
        data, out, settings, start=start, hardware=Hardware(accelerator, devices, nodes, precision),
        loaders=loaders, save_every=save_every, validate_every=validate_every,
    )  # fmt: skip
    run_training(trainer, f"training {method}")
