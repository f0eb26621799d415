"""What can be done with a results folder: merge another into it, export it, prune it."""

import csv
import io
import json
import math
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.protocols import PROTOCOLS
from benchmark.results.choice import Chosen, every_run
from benchmark.results.run import Record, RunFolder, check_name, run_id
from benchmark.results.summary import summarise
from realdof.common.errors import InputError
from realdof.common.files import atomic_path

_SAME_SCORE = 1e-6
"""Scores of one image in two folders may differ by so much, as another machine's may."""


@dataclass(frozen=True)
class Merged:
    """What a merge did: the run's place in the folder, and how many records and outputs it brought."""

    folder: RunFolder
    records: int
    outputs: int


def merge(source: Path, into: Path) -> list[Merged]:
    """Bring every run of another results folder into this one; images that are there already are kept.

    A failed record gives way to a good one. Nothing is written if any run does not fit.

    Raises
    ------
    InputError
        A run's id is not that of its settings, a name leads out of the folder, or an image has other scores here.
    """
    runs = every_run(source)
    if not runs:
        raise InputError(f"{source} has no run to merge; it should hold DATASET/METHOD/ID/run.json")
    for run in runs:
        check_identity(run)
        _check_agreement(run, RunFolder(_place(run, into)))
    return [_merge_run(run, into) for run in runs]


def check_identity(run: Chosen) -> None:
    """Refuse a run whose folder, id and settings do not belong together.

    Raises
    ------
    InputError
        They do not, or a name is no plain file name.
    """
    settings, identity = run.settings, run.description["id"]
    origin = [settings["rescored"]] if settings.get("rescored") is not None else []
    for name in (settings["dataset"], settings["method"], *origin, *run.folder.records()):
        check_name(name)
    expected = run_id(settings)
    if identity != expected or run.folder.path.name != expected:
        raise InputError(
            f"{run.folder.path} has id {identity}, but its settings give {expected}; it was edited by hand"
        )


def export_rows(runs: Iterable[Chosen]) -> list[dict[str, Any]]:
    """One row an image: which run, what came out, and every score."""
    return [_export_row(run, record) for run in runs for record in run.folder.records().values()]


def _export_row(run: Chosen, record: Record) -> dict[str, Any]:
    settings, weights = run.settings, run.description["weights"]
    return {
        "run": run.description["id"],
        "method": settings["method"],
        "weights": weights["name"] if weights else "",
        "dataset": settings["dataset"],
        "protocol": settings["protocol"],
        "protocol_version": settings["protocol_version"],
        "image": record.name,
        "status": record.status,
        "error": record.error or "",
        "seconds": record.seconds,
        "peak_memory": record.peak_memory,
        "device": record.device,
        "workers": record.workers,
        **record.scores,
    }


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Rows as CSV; columns in the order they first appear, empty where a row has none."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def as_json(rows: list[dict[str, Any]]) -> str:
    """Rows as a JSON list; an infinite PSNR is the text ``inf``."""
    finite = [
        {name: "inf" if isinstance(value, float) and math.isinf(value) else value for name, value in row.items()}
        for row in rows
    ]
    return json.dumps(finite, indent=1, allow_nan=False) + "\n"


def unfinished(run: Chosen) -> bool:
    """Whether the run was stopped before its end, or some image failed."""
    return not run.description["finished"] or run.description["summary"]["done"] < run.settings["count"]


def outdated(run: Chosen) -> bool:
    """Whether the run's protocol has another version now, or is gone."""
    protocol = PROTOCOLS.get(run.settings["protocol"])
    return protocol is None or protocol.version != run.settings["protocol_version"]


def size_on_disk(folder: Path) -> int:
    """Bytes of all files below."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def remove_run(run: Chosen) -> None:
    """Delete a run's folder, and its method's and data set's if they are empty then."""
    shutil.rmtree(run.folder.path)
    for parent in (run.folder.path.parent, run.folder.path.parent.parent):
        if any(parent.iterdir()):
            return
        parent.rmdir()


def _place(run: Chosen, into: Path) -> Path:
    return into / run.settings["dataset"] / run.settings["method"] / run.description["id"]


def _check_agreement(run: Chosen, there: RunFolder) -> None:
    if not (there.path / "run.json").exists():
        return
    kept = there.records()
    for name, record in run.folder.records().items():
        other = kept.get(name)
        if other is None or "failed" in (other.status, record.status):
            continue
        for metric in (metric for metric in record.scores if metric in other.scores):
            if not math.isclose(record.scores[metric], other.scores[metric], rel_tol=_SAME_SCORE, abs_tol=_SAME_SCORE):
                raise InputError(
                    f"{run.folder.path} has {metric} {record.scores[metric]:.6f} for {name}, {there.path} has "
                    f"{other.scores[metric]:.6f}; remove one of the two runs"
                )


def _merge_run(run: Chosen, into: Path) -> Merged:
    description = {
        key: value for key, value in run.description.items() if key not in ("schema", "id", "finished", "summary")
    }
    folder = RunFolder.create(into, description)
    kept = folder.records()
    brought = [record for record in run.folder.records().values() if _is_better(record, kept.get(record.name))]
    outputs = 0
    for record in brought:
        combined = _with_scores_of(record, kept.get(record.name))
        outputs += _copy_output(run.folder.output(record.name), folder.output(record.name))
        folder.add(combined)
    summary = summarise(folder.records().values(), run.description["total"])
    if summary.done + len(summary.failed) == run.settings["count"]:
        folder.finish(summary.content())
    return Merged(folder, len(brought), outputs)


def _is_better(record: Record, kept: Record | None) -> bool:
    if kept is None:
        return True
    if record.status == "failed":
        return False
    return kept.status == "failed" or not record.scores.keys() <= kept.scores.keys()


def _with_scores_of(record: Record, kept: Record | None) -> Record:
    return record if kept is None or kept.status == "failed" else replace(kept, scores=kept.scores | record.scores)


def _copy_output(source: Path, target: Path) -> int:
    if target.exists() or source.is_symlink() or not source.is_file():
        return 0
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)
    return 1
