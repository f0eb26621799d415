"""Find the run that a user names: by folder, by the first digits of its id, or by method."""

import glob
from collections.abc import Iterator
from pathlib import Path

from benchmark.results.run import Run
from benchmark.results.settings import check_name
from benchmark.results.storage import DESCRIPTION
from realdof.common.errors import InputError

LEAST_DIGITS = 4
"""Least number of digits of an id that select a run."""


def every_run(results: Path, dataset: str | None = None, protocol: str | None = None) -> list[Run]:
    """List the runs of a results folder, on one data set or all, under one protocol or all."""
    return [run for run in find_runs(results, dataset) if protocol in (None, run.settings.protocol)]


def choose(
    results: Path, word: str, dataset: str | None = None, protocol: str | None = None, *, computed: bool = False
) -> Run:
    """Find the one run given by a folder, the first digits of an id, or a method's name.

    Parameters
    ----------
    word
        A run's folder, at least four digits of an id, or the name of a method with one run.
    dataset, protocol
        Only runs on this data set, or under this protocol; None for all.
    computed
        Whether to prefer computed runs if rescored runs fit too.

    Raises
    ------
    InputError
        The word fits no run, or several.
    """
    if (Path(word) / DESCRIPTION).is_file():
        return Run(Path(word))
    runs = every_run(results, dataset, protocol)
    named = [run for run in runs if run.settings.method == word]
    found = named or [run for run in runs if len(word) >= LEAST_DIGITS and run.id.startswith(word)]
    if not found:
        there = ", ".join(run.label for run in runs[:8]) or "none"
        raise InputError(f"{results} has no run {word}; there are {there}")
    if computed and len(found) > 1:
        found = [run for run in found if run.settings.rescored is None] or found
    if len(found) > 1:
        several = ", ".join(f"{run.id} ({run.settings.dataset}, {run.settings.protocol})" for run in found[:8])
        raise InputError(f"{word} means {len(found)} runs: {several}; give an id, or --dataset and --protocol")
    return found[0]


def find_runs(results: Path, dataset: str | None = None) -> Iterator[Run]:
    """Yield every run in a results folder, sorted by path.

    Raises
    ------
    InputError
        The folder does not exist, or a run in it is damaged.
    """
    if not results.is_dir():
        raise InputError(f"there is no results folder {results}; name one with --results, or make one with run")
    pattern = "*" if dataset is None else glob.escape(check_name(dataset))
    for path in sorted(results.glob(f"{pattern}/*/*/{DESCRIPTION}")):
        yield Run(path.parent)
