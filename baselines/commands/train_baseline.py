"""The command `ifan-bench train-baseline`: train DPDNet or DMENet by their papers' recipes, or shorter."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from realdof.common.console import progress_bar, stderr

Schedule = Literal["step", "cosine"]
"""How the learning rate falls."""


def train_baseline(
    method: Annotated[str, typer.Option("--method", help="dpdnet-s, dpdnet-d, dmenet, or one of them with -w16.")],
    data: Annotated[Path, typer.Option(help="A set in DPDD's layout, with a val split if there is one.")],
    out: Annotated[Path, typer.Option(help="The run's folder; a run in it is continued.")],
    steps: Annotated[
        int | None, typer.Option(min=1, help="DPDNet's are 200 epochs of its patches if not given, DMENet's 60,000.")
    ] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="The paper's if not given.")] = None,
    crop: Annotated[int | None, typer.Option(min=64, help="Side of a patch, px; the paper's if not given.")] = None,
    learning_rate: Annotated[float | None, typer.Option(min=0.0, help="The paper's if not given.")] = None,
    schedule: Annotated[
        Schedule, typer.Option(help="The paper's steps, or a cosine to zero at the last step.")
    ] = "step",
    warmup: Annotated[int, typer.Option(min=0, help="Steps over which the rate rises.")] = 0,
    ema: Annotated[float, typer.Option(min=0.0, max=0.99999, help="Decay of the averaged weights.")] = 0.999,
    accelerator: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    devices: Annotated[int, typer.Option(min=1)] = 1,
    seed: int = 0,
    save_every: Annotated[int, typer.Option(min=1)] = 500,
    validate_every: Annotated[int, typer.Option(min=1)] = 1000,
) -> None:
    """Train a baseline; a run that was stopped, even killed, continues from its last save.

    Example: ifan-bench train-baseline --method dpdnet-s-w16 --data data/ --out runs/dpdnet --crop 128 --steps 2000
    """
    from baselines.training import paper_settings, train
    from benchmark.training.loop import Progress
    from realdof.common.memory import keep_blocks

    keep_blocks()
    paper = paper_settings(method)
    recipe = replace(
        paper.recipe,
        steps=paper.recipe.steps if steps is None else steps,
        batch=paper.recipe.batch if batch is None else batch,
        learning_rate=paper.recipe.learning_rate if learning_rate is None else learning_rate,
        schedule=schedule,
        warmup=warmup,
        ema=ema,
        seed=seed,
    )
    trainer = train(
        data, out, replace(paper, recipe=recipe, crop=crop or paper.crop),
        accelerator=accelerator, devices=devices, save_every=save_every, validate_every=validate_every,
    )  # fmt: skip
    with progress_bar() as bar:
        task = bar.add_task(f"training {method}", total=trainer.recipe.steps, completed=trainer.step, detail="")

        def report(progress: Progress) -> None:
            losses = " ".join(f"{name} {value:.4f}" for name, value in progress.losses.items())
            bar.update(task, completed=progress.step, detail=losses)

        finished = trainer.run(report)
    stderr.print("finished" if finished else f"stopped at step {trainer.step}; the same command continues")
