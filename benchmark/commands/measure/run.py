"""``ifan-bench run``: run a method over a data set and score it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.commands.options import (
    RESULTS,
    Again,
    ClaimsPaper,
    Cluster,
    DatasetName,
    Device,
    Limit,
    Memory,
    MethodName,
    Metrics,
    PrecisionName,
    ProtocolName,
    Results,
    Root,
    SubsetFile,
    Untimed,
    Weights,
    WorkerCount,
    WorkerMemory,
    asked_device,
    asked_memory,
    asked_metrics,
    asked_precision,
    asked_tiling,
    asked_workers,
)
from realdof.common.console import stopping
from realdof.common.processes.loading import loading

if TYPE_CHECKING:
    from benchmark.method import MethodFactory
    from benchmark.running.task import Task


@stopping("images that are done are kept; the same command, without --again, goes on with the others")
def run(
    method: MethodName,
    dataset: DatasetName = "sample",
    protocol: ProtocolName = None,
    weights: Weights = None,
    metrics: Metrics = None,
    root: Root = None,
    subset: SubsetFile = None,
    results: Results = RESULTS,
    device: Device = "auto",
    precision: PrecisionName = "float32",
    tile: Annotated[
        int | None, typer.Option("--tile", help="Cut images into tiles of this side, px; such a run is not ranked.")
    ] = None,
    overlap: Annotated[
        int | None, typer.Option("--overlap", help="With --tile: px around each tile's core; 520 if not given.")
    ] = None,
    memory: Memory = None,
    limit: Limit = None,
    again: Again = False,
    workers: WorkerCount = 1,
    cluster: Cluster = None,
    worker_memory: WorkerMemory = None,
    untimed: Untimed = False,
    program: Annotated[
        str | None, typer.Option("--exec", help='For --method command, such as "python run.py {input} {output}".')
    ] = None,
    claims_paper: ClaimsPaper = False,
    name: Annotated[str | None, typer.Option("--name", help="With --exec: the program's name in tables.")] = None,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", min=0, help="With --exec or --repo: seconds for an image; 600 if not given."),
    ] = None,
    repo: Annotated[
        Path | None, typer.Option("--repo", help="For --method recipe:NAME: a clone of the authors' repository.")
    ] = None,
    python: Annotated[
        str | None, typer.Option("--python", help="With --repo: the interpreter of the environment that it needs.")
    ] = None,
) -> None:
    """Run a method over a data set and score it; a run that was stopped or killed continues where it ended."""
    with loading():
        from benchmark import registry
        from benchmark.commands.terminal import print_summary, saying_once, showing_preparation, showing_progress
        from benchmark.loading import with_program, with_repository
        from benchmark.running import runner
        from benchmark.running.task import open_task

    factory = with_repository(registry.method(method), repo, python, timeout)
    factory = with_program(factory, program, name, None if repo else timeout)
    device = asked_device(device, cluster)
    precision = asked_precision(device, precision)
    most, tiling = asked_memory(memory), asked_tiling(tile, overlap)
    who = asked_workers(workers, cluster, worker_memory, untimed=untimed)
    task = open_task(
        dataset, protocol, asked_metrics(metrics), root=root, subset=subset, limit=limit, showing=showing_preparation
    )
    weights = weights or _announced_weights(factory, task)
    with showing_progress(f"{factory.card.name} on {dataset}") as report:
        done, summary = runner.run(
            task,
            factory,
            results,
            weights=weights,
            device=device,
            precision=precision,
            tiling=tiling,
            memory=most,
            again=again,
            workers=who,
            claims_paper=claims_paper,
            report=report,
            announce=saying_once(),
        )
    print_summary(done, summary, task.metrics)
    if summary.failed:
        raise typer.Exit(1)


def _announced_weights(factory: "MethodFactory", task: "Task") -> str | None:
    """Return the default weights; print one line about them if they depend on what is on this machine."""
    from benchmark.datasets.card import AT_HAND
    from benchmark.running.requirements import default_weights
    from realdof.common.console import say, stderr

    chosen = default_weights(factory, task.dataset.card)
    if chosen is not None and task.dataset.card.weights == AT_HAND:
        words = f"{chosen} weights of {factory.card.name} ({factory.card.weights.get(chosen, '')})"
        say(f"{words}, which are here; --weights chooses others", before="weights:", console=stderr)
    return chosen
