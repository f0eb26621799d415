"""``ifan-bench score``: score existing output images."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import (
    RESULTS,
    Again,
    Cluster,
    DatasetName,
    Metrics,
    ProtocolName,
    Results,
    Root,
    SubsetFile,
    WorkerCount,
    asked_metrics,
    asked_workers,
)
from realdof.common.console import stopping
from realdof.common.processes.loading import loading


@stopping("images that are scored are kept; the same command, without --again, goes on with the others")
def score(
    outputs: Annotated[Path, typer.Argument(help="A folder of images named as the data set's, or a run's folder.")],
    name: Annotated[str, typer.Option("--name", help="The method's name in tables.")],
    dataset: DatasetName = "sample",
    protocol: ProtocolName = None,
    metrics: Metrics = None,
    root: Root = None,
    subset: SubsetFile = None,
    results: Results = RESULTS,
    again: Again = False,
    workers: WorkerCount = 1,
    cluster: Cluster = None,
) -> None:
    """Score existing output images, paired with the data set by name; exit status 1 if one cannot be scored."""
    with loading():
        from benchmark.commands.terminal import print_summary, showing_preparation, showing_progress
        from benchmark.running import runner
        from benchmark.running.task import open_task

    task = open_task(dataset, protocol, asked_metrics(metrics), root=root, subset=subset, showing=showing_preparation)
    who = asked_workers(workers, cluster)
    with showing_progress(f"scoring {outputs}") as report:
        done, summary = runner.score(task, outputs, name, results, again=again, workers=who, report=report)
    print_summary(done, summary, task.metrics)
    if summary.failed:
        raise typer.Exit(1)
