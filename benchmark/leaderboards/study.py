"""A whole study from one TOML file: methods x data sets x protocols, run where missing, and every table."""

import tomllib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark import registry
from benchmark.leaderboards import build as leaderboard
from benchmark.leaderboards.column import FIXED_METRICS, cost_columns
from benchmark.leaderboards.compare import compare, image_table, summary_table
from benchmark.leaderboards.measured import measured_in
from benchmark.leaderboards.paper_tables import PAPER_TABLES, render
from benchmark.leaderboards.render import tables
from benchmark.leaderboards.render.formats import to_csv, to_json, to_table
from benchmark.leaderboards.render.tables import SUFFIXES, Table, rendered
from benchmark.report.page import write_page
from benchmark.results.run import Run
from benchmark.running import runner
from benchmark.running.task import Showing as Preparing
from benchmark.running.task import Task, open_task, silently
from benchmark.running.workers import ALONE, Workers
from realdof.common.errors import InputError
from realdof.common.files import write_text

_LISTED = 5
"""Wins and losses listed in a comparison."""


Showing = Callable[[str], AbstractContextManager[runner.Report]]
"""From a run's title to what shows how far it is, while it runs."""


@dataclass(frozen=True)
class MethodChoice:
    """A method, and its weights if not the data set's default."""

    name: str
    weights: str | None = None


@dataclass(frozen=True)
class DatasetChoice:
    """A data set, and its folder if not its own place in the cache."""

    name: str
    root: Path | None = None


@dataclass(frozen=True)
class Study:
    """What a study's file says.

    Parameters
    ----------
    methods, datasets
        What is run on what.
    protocols
        Under which; empty for each data set's own.
    results, tables
        Where runs and tables are written.
    metrics
        None for all of a protocol.
    device
        As of ``ifan-bench run``.
    formats
        Of the leaderboards.
    sort
        Column that orders the leaderboards.
    baseline
        Method that every other is compared with; None for no comparison.
    paper_tables
        The paper's own tables to print beside.
    limit
        Only the first so many images; such rows are not ranked.
    """

    methods: tuple[MethodChoice, ...]
    datasets: tuple[DatasetChoice, ...]
    protocols: tuple[str, ...] = ()
    results: Path = Path("results")
    tables: Path = Path("tables")
    metrics: tuple[str, ...] | None = None
    device: str = "cpu"
    formats: tuple[str, ...] = ("csv", "markdown")
    sort: str = "psnr"
    baseline: str | None = None
    paper_tables: tuple[str, ...] = ()
    limit: int | None = None


@dataclass
class Outcome:
    """What a study did: tables written, and what could not be run, one sentence each."""

    written: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


_KEYS: Mapping[str, type] = {
    "methods": list, "datasets": list, "protocols": list, "results": str, "tables": str, "metrics": list,
    "device": str, "formats": list, "sort": str, "baseline": str, "paper-tables": list, "limit": int,
}  # fmt: skip


def read_study(path: Path) -> Study:
    """Read and check a study's file; its paths are relative to it.

    Raises
    ------
    InputError
        It cannot be read, a key or name is unknown, or a value is of another kind.
    """
    content = _content(path)
    base = path.parent
    for key, value in content.items():
        if key not in _KEYS:
            raise registry.unknown(f"key in {path}", key, _KEYS)
        if not isinstance(value, _KEYS[key]) or isinstance(value, bool):
            raise InputError(f"{path}: {key} is {value!r}; it must be a {_WORD[_KEYS[key]]}")
    for key in ("methods", "datasets"):
        if not content.get(key):
            raise InputError(f'{path} lacks {key}; give a list such as {key} = ["{_EXAMPLE[key]}"]')
    lists = {
        key: _names(path, key, content[key])
        for key in ("protocols", "metrics", "formats", "paper-tables")
        if key in content
    }
    methods = [_choice(path, "methods", entry, "weights") for entry in content["methods"]]
    datasets = [_choice(path, "datasets", entry, "root") for entry in content["datasets"]]
    study = Study(
        methods=tuple(MethodChoice(name, weights) for name, weights in methods),
        datasets=tuple(DatasetChoice(name, None if root is None else base / root) for name, root in datasets),
        protocols=lists.get("protocols", ()),
        results=base / content.get("results", "results"),
        tables=base / content.get("tables", "tables"),
        metrics=lists.get("metrics"),
        device=content.get("device", "cpu"),
        formats=lists.get("formats", Study.formats),
        sort=content.get("sort", "psnr"),
        baseline=content.get("baseline"),
        paper_tables=lists.get("paper-tables", ()),
        limit=content.get("limit"),
    )
    _check_names(study)
    return study


def run_study(
    study: Study,
    showing: Showing,
    preparing: Preparing = silently,
    workers: Workers = ALONE,
) -> Outcome:
    """Run what is missing, then write every table.

    Parameters
    ----------
    showing
        Shows the progress of a run.
    preparing
        Shows the progress of a step before the runs.
    workers
        Who computes.

    Returns
    -------
    Outcome
        What cannot be run or compared is a problem, and the study goes on.
    """
    outcome = Outcome()
    for dataset in study.datasets:
        for protocol in study.protocols or (None,):
            try:
                task = open_task(
                    dataset.name, protocol, study.metrics, root=dataset.root, limit=study.limit, showing=preparing
                )
            except InputError as error:
                outcome.problems.append(f"{dataset.name} under {protocol or 'its own protocol'}: {error}")
                continue
            runs = _run_methods(study, task, showing, workers, outcome)
            if not runs:
                continue
            try:
                _write_leaderboard(study, task, outcome)
            except InputError as error:
                outcome.problems.append(f"the leaderboard of {dataset.name} under {task.protocol.name}: {error}")
            _write_comparisons(study, task, runs, outcome)
    for name in study.paper_tables:
        try:
            _write(study, f"paper-table-{name}", render(name, measured_in(study.results)), outcome)
        except InputError as error:
            outcome.problems.append(f"the paper's table {name}: {error}")
    return outcome


def _run_methods(study: Study, task: Task, showing: Showing, workers: Workers, outcome: Outcome) -> list[Run]:
    runs = []
    for method in study.methods:
        title = f"{method.name} on {task.dataset.card.name}, {task.protocol.name}"
        try:
            factory = registry.method(method.name)
            with showing(title) as report:
                done, summary = runner.run(
                    task, factory, study.results,
                    weights=method.weights, device=study.device, workers=workers, report=report,
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
    if "html" in study.formats:
        whole["html"] = write_page(board, study.tables / f"{stem}.html", lambda: task.dataset)
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
    """One table in every format of the study; ``whole`` replaces what a reader's table leaves out."""
    for format in study.formats:
        path = study.tables / f"{stem}.{SUFFIXES[format]}"
        write_text(path, (whole or {}).get(format) or rendered(table, format))
        outcome.written.append(path)


_WORD = {list: "list", str: "text", int: "whole number"}
_EXAMPLE = {"methods": "input", "datasets": "sample"}


def _content(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; give a study's TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no TOML: {error}") from error


def _names(path: Path, key: str, values: list[Any]) -> tuple[str, ...]:
    if not values or not all(isinstance(value, str) for value in values):
        raise InputError(f"{path}: {key} must be a list of names")
    return tuple(values)


def _choice(path: Path, key: str, entry: Any, option: str) -> tuple[str, str | None]:
    if isinstance(entry, str):
        return entry, None
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise InputError(f'{path}: an entry of {key} is a name, or {{ name = "...", {option} = "..." }}')
    for name in entry:
        if name not in ("name", option):
            raise registry.unknown(f"key in {key} of {path}", name, ("name", option))
    if "name" not in entry:
        raise InputError(f"{path}: an entry of {key} lacks its name")
    return entry["name"], entry.get(option)


def _check_names(study: Study) -> None:
    """Every name is known before anything is run."""
    for method in study.methods:
        registry.method(method.name)
    for dataset in study.datasets:
        registry.dataset(dataset.name)
    for protocol in study.protocols:
        registry.protocol(protocol)
    asked = () if study.metrics is None else study.metrics
    sorts = {*FIXED_METRICS, *(cost.key for cost in cost_columns()), *registry.names(registry.METRICS), *asked}
    for kind, values, known in (
        ("format", study.formats, tuple(SUFFIXES)),
        ("table of the paper", study.paper_tables, tuple(PAPER_TABLES)),
        ("column to sort by", (study.sort,), sorts),
        ("method of this study to compare with", (study.baseline,), tuple(method.name for method in study.methods)),
    ):
        for value in values:
            if value is not None and value not in known:
                raise registry.unknown(kind, value, known)
    if study.limit is not None and study.limit < 1:
        raise InputError(f"limit is {study.limit}; it must be at least 1")
