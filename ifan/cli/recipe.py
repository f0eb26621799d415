"""`ifan train --recipe synthetic`: apply the command's options to the recipe and train."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import typer

from benchmark.training.options import asked_accelerator
from benchmark.training.terminal import run_training
from benchmark.training.validation import AVERAGED
from ifan.synthetic.recipe import PLANS, Plan, keeping_stage, prepare, read_sources, validation_groups
from ifan.variants import Variant
from realdof.common.console import stderr
from realdof.common.errors import InputError

PLANNED = {"steps", "seconds", "batch", "crop", "learning_rate", "loss", "precision", "ema", "warmup", "soft"}
"""Options that set the field of the same name in the plan."""
KEEPING = "keeping"
"""Subfolder of the run for the last stage of ``ifan-dual``."""
ALLOWED = PLANNED | {
    "out", "named", "variant", "photographs", "validation", "start", "seed", "device", "save_every",
    "validate_every",
}  # fmt: skip
"""Options that may be given with ``--recipe``; the recipe fixes all others."""


def train_by_recipe(
    context: typer.Context,
    out: Path,
    variant: Variant,
    photographs: Path | None,
    validation: Path | None,
    start: Path | None,
    seed: int,
) -> None:
    """Train like the shipped weights, stage by stage; a stopped run continues.

    Raises
    ------
    InputError
        There are no photographs, or an option is given that the recipe fixes.
    """
    given = {name: value for name, value in context.params.items() if _is_given(context, name)}
    if refused := sorted(given.keys() - ALLOWED):
        raise InputError(f"--recipe synthetic decides what --{refused[0].replace('_', '-')} says; leave it out")
    if photographs is None:
        raise InputError("--recipe synthetic renders scenes from photographs; give a folder of them as --photographs")
    plan = _plan(given)
    device = torch.device(plan.accelerator)
    sources = read_sources(photographs, plan, device)
    stderr.print(f"{len(sources.bank.tiles)} tiles of {len(set(sources.bank.source))} photographs"
                 + ("" if sources.scenes is None else f", {len(sources.scenes)} scenes with depth"))  # fmt: skip
    groups = {} if validation is None else validation_groups(validation, plan)
    stretches = {name: given[name] for name in ("save_every", "validate_every") if name in given}
    trainer = prepare(variant, out, plan, sources, groups, start=start, seed=seed, **stretches)
    run_training(trainer, f"training {variant.name}")
    if variant.shape.dual:
        last = prepare(
            variant, out / KEEPING, keeping_stage(plan), sources, groups,
            start=out / AVERAGED, seed=seed + 1, **stretches,
        )  # fmt: skip
        run_training(last, "learning to leave blur without disparity")


def _is_given(context: typer.Context, name: str) -> bool:
    # Compare by name, because typer may bundle its own click.
    source = context.get_parameter_source(name)
    return source is not None and source.name not in {"DEFAULT", "DEFAULT_MAP"}


def _plan(given: dict[str, Any]) -> Plan:
    accelerator = asked_accelerator(given.get("device", "auto"))
    if accelerator not in PLANS:
        raise InputError(f"--recipe synthetic trains on {' or '.join(PLANS)}; give one of them as --device")
    plan = PLANS[accelerator]
    # If steps are given, the plan's time limit does not apply.
    unlimited = {"seconds": None} if "steps" in given else {}
    chosen = unlimited | {name: given[name] for name in PLANNED & given.keys()}
    if chosen.get("precision") == "tf32":
        raise InputError("--recipe synthetic trains in float32 or bfloat16; give one of them as --precision")
    return replace(plan, **chosen)
