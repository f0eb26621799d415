"""The command `ifan train`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from benchmark.commands.options import asked_precision
from benchmark.training import options
from ifan.cli.options import LEAVES, VariantName
from ifan.training.choices import DeblurringLoss, Initialisation
from realdof.common.console import stopping


@stopping("the training is kept up to its last save, if it had begun; the same command goes on there")
def train(
    context: typer.Context,
    out: options.Out,
    data: options.Data = None,
    named: Annotated[
        Literal["synthetic"] | None,
        typer.Option("--recipe", help="The whole training of the shipped weights, with --photographs."),
    ] = None,
    validation: Annotated[
        Path | None, typer.Option(help="With --recipe: other photographs, to validate on at four strengths of blur.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=1.0, help="With --recipe: longest time for the iterations.")
    ] = None,
    soft: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="With --recipe: share of the scenes whose softness is their truth."),
    ] = None,
    photographs: Annotated[
        Path | None,
        typer.Option(help="Sharp photographs: every patch is rendered anew; --data then only validates."),
    ] = None,
    depth: Annotated[Path | None, typer.Option(help="With --photographs: see `ifan synthesize`.")] = None,
    largest_radius: Annotated[
        float | None, typer.Option(min=1.0, help="With --photographs: largest blur radius, px; 14 if not given.")
    ] = None,
    electrons: Annotated[
        float | None, typer.Option(min=1.0, help="With --photographs: electrons of a white pixel, for shot noise.")
    ] = None,
    leaves: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help=f"With --photographs: {LEAVES} 0 if not given.")
    ] = None,
    variant: VariantName = "ifan",
    ablation: Annotated[
        bool, typer.Option("--ablation", help="Train the six models of Table 1 alike, each in a folder of OUT.")
    ] = False,
    crop: Annotated[
        int | None, typer.Option(min=64, help="Side of a patch, px; the variant's own if not given (256 to 704).")
    ] = None,
    noise: Annotated[float, typer.Option(min=0.001, help="Largest noise level of the augmentation.")] = 0.0707,
    skip_sharp: Annotated[
        float,
        typer.Option(min=0.0, max=0.95, help="Probability that a patch without defocus is drawn again; paper: 0."),
    ] = 0.0,
    reblurring_width: Annotated[int, typer.Option(min=0, help="128: released code; 0: no such loss.")] = 32,
    loss: Annotated[
        DeblurringLoss,
        typer.Option(
            help="mse is the paper's; rms gives sharp patches more weight, log weighs all patches alike; detail adds "
            "gradients; mixed is detail and rewards copies less, for --recipe."
        ),
    ] = "mse",
    initialisation: Annotated[
        Initialisation, typer.Option(help="variance-preserving is for short trainings.")
    ] = "paper",
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
    """Train with the paper's losses; a run that was stopped, even killed, continues from its last save."""
    from benchmark.training.recipe import Recipe
    from benchmark.training.terminal import run_training
    from ifan.training.augmentation import Augmentation
    from ifan.training.data import chosen_data
    from ifan.training.loop import Settings
    from ifan.training.loop import train as prepare
    from ifan.variants import ABLATION, variant_named
    from realdof.common.errors import InputError

    if named is not None:
        from ifan.cli.recipe import train_by_recipe

        train_by_recipe(context, out, variant_named(variant), photographs, validation, start, seed)
        return
    if validation is not None or seconds is not None or soft is not None:
        raise InputError("--validation, --seconds and --soft belong to --recipe; give it too")
    accelerator = options.asked_accelerator(device)
    if precision == "bfloat16":
        asked_precision(accelerator, precision)
    rendering = {"largest_radius": largest_radius, "electrons": electrons, "leaves_share": leaves}
    seen = chosen_data(data, photographs, depth, rendering, loaders)
    recipe = Recipe().changed(
        {"steps": steps, "batch": batch, "learning_rate": learning_rate, "schedule": schedule, "warmup": warmup}
        | {"ema": ema, "seed": seed}
    )
    for name in ABLATION if ablation else (variant,):
        which = variant_named(name)
        augmentation = Augmentation(crop=which.crop if crop is None else crop, noise=noise, skip_sharp=skip_sharp)
        settings = Settings(which, recipe, augmentation, reblurring_width, precision, initialisation, loss)
        trainer = prepare(
            seen, out / name if ablation else out, settings, start=start,
            accelerator=accelerator, devices=devices, nodes=nodes,
            save_every=save_every, validate_every=validate_every,
        )  # fmt: skip
        run_training(trainer, f"training {name}")
