"""Whether a results folder that someone sends can stand in a leaderboard: every check that needs no image data."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark import registry
from benchmark.protocols import PROTOCOLS
from benchmark.results.choice import Chosen, every_run
from benchmark.results.run import Record
from benchmark.results.store import check_identity, outdated
from benchmark.results.summary import summarise
from realdof.common.errors import InputError
from realdof.images.headers import read_header

_SETTINGS = {
    "method": str, "dataset": str, "images": str, "count": int, "protocol": str, "protocol_version": int,
    "dtype": str, "device": str,
}  # fmt: skip
_DESCRIBED = {"determinants": dict, "method": dict, "total": int, "environment": dict, "finished": bool}


@dataclass(frozen=True)
class Checked:
    """A run of a submission, and what is wrong with it, one sentence each; nothing if it may be merged."""

    path: Path
    label: str
    problems: tuple[str, ...]


def check_submission(folder: Path, *, needs_outputs: bool = True) -> list[Checked]:
    """Check every run of a results folder.

    Checked are: settings complete and the id theirs, protocol known and of today's version, every image of the
    data set there once with every metric, scores in their metrics' ranges and PSNR and MAE possible together, the
    summary that of the records, and an output image of 16 bits for each record.

    Parameters
    ----------
    needs_outputs
        Whether the output images must be there.

    Raises
    ------
    InputError
        There is no run, or a file of one is damaged.
    """
    runs = every_run(folder)
    if not runs:
        raise InputError(f"{folder} has no run; a submission is a results folder with DATASET/METHOD/ID/run.json")
    return [_checked(run, needs_outputs) for run in runs]


def _checked(run: Chosen, needs_outputs: bool) -> Checked:
    malformed = tuple(_malformed(run.description))
    if malformed:
        return Checked(run.folder.path, run.folder.path.name, malformed)
    problems = [*_identity_problems(run), *_record_problems(run)]
    if needs_outputs:
        problems += _output_problems(run)
    return Checked(run.folder.path, run.label, tuple(problems))


def _malformed(description: dict[str, Any]) -> Iterator[str]:
    for name, kind in _DESCRIBED.items():
        if not isinstance(description.get(name), kind):
            yield f"run.json lacks {name}"
    settings = description.get("determinants")
    for name, kind in _SETTINGS.items():
        if isinstance(settings, dict) and not isinstance(settings.get(name), kind):
            yield f"run.json lacks {name} among what determines the figures"


def _identity_problems(run: Chosen) -> Iterator[str]:
    try:
        check_identity(run)
    except InputError as error:
        yield str(error)
    if outdated(run):
        known = PROTOCOLS.get(run.settings["protocol"])
        now = "is unknown here" if known is None else f"is version {known.version} now"
        yield f"protocol {run.settings['protocol']}, version {run.settings['protocol_version']}, {now}"
    if not run.description["finished"]:
        yield "the run is not finished; run it again with the same command"


def _record_problems(run: Chosen) -> Iterator[str]:
    records, total = run.folder.records(), run.description["total"]
    summary = summarise(records.values(), total)
    if summary.done != total:
        yield f"{summary.done} of {total} images have a result"
    protocol = PROTOCOLS.get(run.settings["protocol"])
    metrics = protocol.metrics if protocol is not None else ()
    for name in metrics:
        if summary.done == total and name not in summary.scores:
            yield f"not every image has {name}, which protocol {run.settings['protocol']} measures"
    for record in records.values():
        yield from _score_problems(record)
    claimed = (run.description.get("summary") or {}).get("scores", {})
    for name, value in summary.scores.items():
        if name in claimed and not math.isclose(float(claimed[name]), value, rel_tol=1e-9):
            yield f"the summary says {name} {float(claimed[name]):.6f}, its records average to {value:.6f}"


def _score_problems(record: Record) -> Iterator[str]:
    cards = {name: registry.metric_card(name) for name in record.scores if name in registry.names(registry.METRICS)}
    for name, card in cards.items():
        low, high = card.range
        value = record.scores[name]
        if not low <= value <= high:
            yield f"{record.name} has {name} {value:g}, outside {low:g} to {high:g}"
    if {"psnr", "mae"} <= record.scores.keys():
        # The mean of |x| is at most the root of the mean of x squared, whatever the images.
        largest = 10 ** (-record.scores["psnr"] / 20)
        if record.scores["mae"] > largest * (1 + 1e-6):
            yield f"{record.name} has MAE {record.scores['mae']:.4f}; with its PSNR it is at most {largest:.4f}"


def _output_problems(run: Chosen) -> Iterator[str]:
    for name, record in run.folder.records().items():
        path = run.output(name)
        if record.status != "ok":
            continue
        if path.is_symlink() or not path.is_file():
            yield f"{name} has no output image"
            continue
        try:
            header = read_header(path)
        except InputError as error:
            yield str(error)
            continue
        if header.bits != 16:
            yield f"the output of {name} has {header.bits} bits; outputs are kept with 16"
