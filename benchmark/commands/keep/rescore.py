"""``ifan-bench results rescore``: score a run's saved outputs under another protocol."""

from typing import Annotated

import typer

from benchmark.commands.options import (
    RESULTS,
    Cluster,
    Metrics,
    OnlyDataset,
    Results,
    Root,
    RunWord,
    SubsetFile,
    WorkerCount,
    asked_metrics,
    asked_workers,
)
from realdof.common.console import stopping
from realdof.common.processes.loading import loading


@stopping("images that are scored are kept; the same command, without --again, goes on with the others")
def rescore(
    run: RunWord,
    protocol: Annotated[str, typer.Option("--protocol", help="The protocol to score under.")],
    results: Results = RESULTS,
    dataset: OnlyDataset = None,
    of: Annotated[str | None, typer.Option("--of", help="The protocol that the run was under.")] = None,
    root: Root = None,
    subset: SubsetFile = None,
    metrics: Metrics = None,
    again: Annotated[bool, typer.Option("--again", help="Score every image anew.")] = False,
    workers: WorkerCount = 1,
    cluster: Cluster = None,
) -> None:
    """Score a run's saved outputs under another protocol, without running the method."""
    with loading():
        from benchmark.commands.terminal import print_summary, showing_preparation, showing_progress
        from benchmark.results.choice import choose
        from benchmark.running.runner import rescore as score_again
        from benchmark.running.task import open_task_of

    chosen = choose(results, run, dataset, of, computed=True)
    task = open_task_of(chosen, protocol, asked_metrics(metrics), root=root, subset=subset, showing=showing_preparation)
    who = asked_workers(workers, cluster)
    with showing_progress(f"scoring {chosen.label}") as report:
        done, summary = score_again(chosen, task, results, again=again, workers=who, report=report)
    print_summary(done, summary, task.metrics)
    if summary.failed:
        raise typer.Exit(1)
