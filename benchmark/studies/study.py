"""Run the missing parts of a study, then write every table."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from benchmark import registry
from benchmark.leaderboards import build as leaderboard
from benchmark.leaderboards.compare import compare, image_table, summary_table
from benchmark.leaderboards.measured import measured_in
from benchmark.leaderboards.paper_tables import render
from benchmark.leaderboards.render import tables
from benchmark.leaderboards.render.formats import to_csv, to_json, to_table
from benchmark.leaderboards.render.tables import SUFFIXES, Table, rendered
from benchmark.results.run import Run
from benchmark.running import runner
from benchmark.running.environment import usable_device
from benchmark.running.task import Showing as Preparing
from benchmark.running.task import Task, open_task, silently
from benchmark.running.workers import ALONE, Workers
from benchmark.studies.file import Study
from benchmark.studies.reuse import run_to_rescore
from realdof.common.errors import InputError
from realdof.common.files import write_text

_LISTED = 5
"""Number of wins and losses listed in a comparison."""


Showing = Callable[[str], AbstractContextManager[runner.Report]]
"""Function from a run's title to a context manager that shows the run's progress and yields its callback."""


@dataclass
class Outcome:
    """The outcome of a study: tables written, and problems, one sentence each."""

    written: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def run_study(
    study: Study,
    showing: Showing,
    preparing: Preparing = silently,
    workers: Workers = ALONE,
    telling: Callable[[str], None] = lambda problem: None,
) -> Outcome:
    """Run the missing parts of a study, then write every table; outputs of other runs are rescored if possible.

    Parameters
    ----------
    showing
        Shows the progress of a run.
    preparing
        Shows the progress of a step before the runs.
    workers
        Where images are computed; see `Workers`.
    telling
        Called for each data set that is left out, before anything is run.

    Returns
    -------
    Outcome
        Runs and comparisons that fail are listed as problems; the study continues.
    """
    outcome = Outcome()
    # On a cluster's workers, auto means the processor, as for a run.
    device = usable_device(study.device) if workers.cluster is None else study.device.replace("auto", "cpu")
    study = study.model_copy(update={"device": device})
    tasks = _open_tasks(study, preparing, outcome)
    for problem in outcome.problems:
        telling(problem)
    for task in tasks:
        runs = _run_methods(study, task, showing, workers, outcome)
        if not runs:
            continue
        try:
            _write_leaderboard(study, task, outcome)
        except InputError as error:
            outcome.problems.append(f"the leaderboard of {task.dataset.card.name} under {task.protocol.name}: {error}")
        _write_comparisons(study, task, runs, outcome)
    for name in study.paper_tables:
        try:
            _write(study, f"paper-table-{name}", render(name, measured_in(study.results)), outcome)
        except InputError as error:
            outcome.problems.append(f"the paper's table {name}: {error}")
    return outcome


def _open_tasks(study: Study, preparing: Preparing, outcome: Outcome) -> list[Task]:
    """Open and check every data set under every protocol before anything is run, each data set's own protocol first."""
    tasks = []
    for dataset in study.datasets:
        own = registry.dataset(dataset.name).card.protocol
        for protocol in sorted(study.protocols or (own,), key=lambda name: name != own):
            try:
                task = open_task(
                    dataset.name, protocol, study.metrics, root=dataset.root, limit=study.limit, showing=preparing
                )
            except InputError as error:
                outcome.problems.append(f"{dataset.name} under {protocol} is left out: {error}")
                continue
            tasks.append(task)
    return tasks


def _run_methods(study: Study, task: Task, showing: Showing, workers: Workers, outcome: Outcome) -> list[Run]:
    runs = []
    for method in study.methods:
        title = f"{method.name} on {task.dataset.card.name}, {task.protocol.name}"
        try:
            factory = registry.method(method.name)
            origin = run_to_rescore(study, task, factory, method.weights)
            with showing(title if origin is None else f"{title}, from the outputs of run {origin.id}") as report:
                if origin is not None:
                    done, summary = runner.rescore(origin, task, study.results, workers=workers, report=report)
                else:
                    done, summary = runner.run(
                        task, factory, study.results,
                        weights=method.weights, device=study.device, precision=study.precision, workers=workers,
                        report=report,
                    )  # fmt: skip
        except InputError as error:
            outcome.problems.append(f"{title}: {error}")
            continue
        outcome.problems += [f"{title}: {name} failed: {reason}" for name, reason in summary.failed.items()]
        runs.append(done)
    return runs


def _write_leaderboard(study: Study, task: Task, outcome: Outcome) -> None:
    board = leaderboard.build(
        study.results, task.dataset.card.name, task.protocol.name, sort=study.sort, images=task.identity
    )
    stem = f"leaderboard-{board.dataset}-{board.protocol}"
    whole = {"csv": to_csv(board), "json": to_json(board)}
    _write(study, stem, to_table(board), outcome, whole)


def _write_comparisons(study: Study, task: Task, runs: list[Run], outcome: Outcome) -> None:
    baselines = [run for run in runs if run.settings.method == study.baseline]
    if not baselines or not task.metrics:
        return
    for run in runs:
        if run is baselines[0]:
            continue
        try:
            found = compare(run, baselines[0])
        except InputError as error:
            outcome.problems.append(f"{run.settings.method} against {study.baseline}: {error}")
            continue
        metric = "psnr" if "psnr" in found.metrics else next(iter(found.metrics))
        both = (summary_table(found), image_table(found, metric, _LISTED))
        stem = f"compare-{task.dataset.card.name}-{task.protocol.name}-{run.settings.method}-{run.id}"
        path = study.tables / f"{stem}.md"
        write_text(path, "\n".join(tables.to_markdown(table) for table in both))
        outcome.written.append(path)


def _write(study: Study, stem: str, table: Table, outcome: Outcome, whole: Mapping[str, str] | None = None) -> None:
    """Write one table in every format of the study; ``whole`` has the full text for formats that omit nothing."""
    for format in study.formats:
        path = study.tables / f"{stem}.{SUFFIXES[format]}"
        write_text(path, (whole or {}).get(format) or rendered(table, format))
        outcome.written.append(path)
