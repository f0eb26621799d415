"""`ifan train --recipe synthetic`: from the options of the command line to the recipe."""

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
"""Options that change a field of the plan of the same name."""
KEEPING = "keeping"
"""Folder, within the run's own, of the last stage of ``ifan-dual``."""
ALLOWED = PLANNED | {
    "out", "named", "variant", "photographs", "validation", "start", "seed", "device", "save_every",
    "validate_every",
}  # fmt: skip
"""Options that go together with ``--recipe``; what the others say, the recipe decides itself."""


def train_by_recipe(
    context: typer.Context,
    out: Path,
    variant: Variant,
    photographs: Path | None,
    validation: Path | None,
    start: Path | None,
    seed: int,
) -> None:
    """Train as the shipped weights were trained, each stage in turn; a run that was stopped continues.

    Raises
    ------
    InputError
        There are no photographs, or an option is given that the recipe decides.
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
    # By its name: typer may bring a click of its own.
    source = context.get_parameter_source(name)
    return source is not None and source.name not in {"DEFAULT", "DEFAULT_MAP"}


def _plan(given: dict[str, Any]) -> Plan:
    accelerator = asked_accelerator(given.get("device", "auto"))
    if accelerator not in PLANS:
        raise InputError(f"--recipe synthetic trains on {' or '.join(PLANS)}; give one of them as --device")
    plan = PLANS[accelerator]
    # Steps that are asked for are not cut short by the time that a plan has.
    unlimited = {"seconds": None} if "steps" in given else {}
    chosen = unlimited | {name: given[name] for name in PLANNED & given.keys()}
    if chosen.get("precision") == "tf32":
        raise InputError("--recipe synthetic trains in float32 or bfloat16; give one of them as --precision")
    return replace(plan, **chosen)
