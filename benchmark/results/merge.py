"""Merge the runs of one results folder into another."""

import math
import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmark.results.choice import every_run
from benchmark.results.record import Record
from benchmark.results.run import Run
from benchmark.results.settings import check_name
from benchmark.results.storage import DESCRIPTION
from realdof.common.errors import InputError
from realdof.common.files import atomic_path, inside

_SAME_SCORE = 1e-6
"""Largest difference, relative or absolute, between scores of one image on two machines."""


@dataclass(frozen=True)
class Merged:
    """The result of merging one run: the merged run, and the number of records and outputs that it gained."""

    run: Run
    records: int
    outputs: int


def merge(source: Path, into: Path) -> list[Merged]:
    """Merge every run of another results folder into this one; images already there are kept.

    A successful record replaces a failed one. If any run does not fit, nothing is written.

    Raises
    ------
    InputError
        A run's id does not match its settings, a name leads out of the folder, or an image has other scores here.
    """
    runs = every_run(source)
    if not runs:
        raise InputError(f"{source} has no run to merge; it should hold DATASET/METHOD/ID/{DESCRIPTION}")
    for run in runs:
        check_identity(run)
        _check_agreement(run, _place(run, into))
    return [_merge_run(run, into) for run in runs]


def check_identity(run: Run) -> None:
    """Check that a run's folder, id and settings match, and that its images' names can be file names.

    Raises
    ------
    InputError
        They do not match, a name cannot be a file name, or a record's attempt is not listed.
    """
    for name, record in run.records().items():
        check_name(name)
        if record.attempt >= len(run.attempts):
            raise InputError(f"{run.path} has {name} of attempt {record.attempt}, which run.json does not list")
    expected = run.settings.id
    if run.id != expected or run.path.name != expected:
        raise InputError(f"{run.path} has id {run.id}, but its settings give {expected}; it was edited by hand")


def _place(run: Run, into: Path) -> Path:
    return inside(into, run.settings.dataset, run.settings.method, run.settings.id)


def _check_agreement(run: Run, place: Path) -> None:
    if not (place / DESCRIPTION).exists():
        return
    kept = Run(place).records()
    for name, record in run.records().items():
        other = kept.get(name)
        if other is None or "failed" in (other.status, record.status):
            continue
        for metric in (metric for metric in record.scores if metric in other.scores):
            ours, theirs = record.scores[metric], other.scores[metric]
            if not math.isclose(ours, theirs, rel_tol=_SAME_SCORE, abs_tol=_SAME_SCORE):
                raise InputError(
                    f"{run.path} has {metric} {ours:.6f} for {name}, {place} has {theirs:.6f}; remove one of the two "
                    "runs"
                )


def _merge_run(run: Run, into: Path) -> Merged:
    there = Run.adopt(into, run)
    numbers = there.add_attempts(run.attempts)
    kept = there.records()
    brought = [record for record in run.records().values() if _is_better(record, kept.get(record.name))]
    outputs = 0
    for record in brought:
        outputs += _copy_output(run, there, record.name)
        there.bring(_combined(record, numbers, kept.get(record.name)))
    summary = there.summary()
    if summary.done + len(summary.failed) == run.settings.count:
        there.finish(summary)
    return Merged(there, len(brought), outputs)


def _is_better(record: Record, kept: Record | None) -> bool:
    if kept is None:
        return True
    if record.status == "failed":
        return False
    return kept.status == "failed" or not record.scores.keys() <= kept.scores.keys()


def _combined(record: Record, numbers: list[int], kept: Record | None) -> Record:
    if kept is None or kept.status == "failed":
        return record.model_copy(update={"attempt": numbers[record.attempt]})
    return kept.model_copy(update={"scores": {**kept.scores, **record.scores}})


def _copy_output(run: Run, there: Run, name: str) -> int:
    source, target = run.own_output(name), there.own_output(name)
    if target.exists() or source.is_symlink() or not source.is_file():
        return 0
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)
    return 1
