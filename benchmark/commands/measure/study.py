"""``ifan-bench study FILE``: run every method on every data set under every protocol that a file names."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import (
    Cluster,
    Untimed,
    WorkerCount,
    WorkerMemory,
    asked_device,
    asked_precision,
    asked_workers,
)
from realdof.common.console import stopping
from realdof.common.processes.loading import loading


@stopping("images that are done are kept; the same command goes on with the others and writes the tables")
def study(
    file: Annotated[Path, typer.Argument(help="A TOML file; see docs/how-to/leaderboards.md.")],
    workers: WorkerCount = 1,
    cluster: Cluster = None,
    worker_memory: WorkerMemory = None,
    untimed: Untimed = False,
) -> None:
    """Run the missing parts of a study and write all its tables; exit status 1 if anything could not be run."""
    with loading():
        from benchmark.commands.terminal import showing_preparation, showing_progress
        from benchmark.studies.file import read_study
        from benchmark.studies.study import run_study
        from realdof.common.console import say, stderr

    asked = read_study(file)
    asked_precision(asked_device(asked.device, cluster), asked.precision)
    outcome = run_study(
        asked, showing_progress, showing_preparation, asked_workers(workers, cluster, worker_memory, untimed=untimed),
        telling=lambda problem: say(problem, before="problem:", style="bold red", console=stderr),
    )  # fmt: skip
    for path in outcome.written:
        say(f"written: {path}")
    for problem in outcome.problems:
        stderr.print(problem, style="red", highlight=False, soft_wrap=True, markup=False)
    if outcome.problems:
        raise typer.Exit(1)
