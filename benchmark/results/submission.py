"""Check a submitted results folder for a leaderboard, as far as possible without the data set's images."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark import registry
from benchmark.metrics.card import MetricCard
from benchmark.results.cards import known_cards
from benchmark.results.merge import check_identity
from benchmark.results.prune import is_outdated
from benchmark.results.record import Record
from benchmark.results.run import Run
from benchmark.results.storage import DESCRIPTION
from benchmark.tiling import Tiling
from realdof.common.errors import InputError
from realdof.images.headers import read_header

LARGEST_COUNT = 10**18
"""Upper bound on plausible numbers of parameters and of operations for an image."""


@dataclass(frozen=True)
class Checked:
    """A run of a submission and its problems, one sentence each; without problems it may be merged."""

    path: Path
    label: str
    problems: tuple[str, ...]


def check_submission(folder: Path, *, needs_outputs: bool = True) -> list[Checked]:
    """Check every run of a results folder.

    A run passes if its files decode, its id matches its settings, its protocol is installed in the same version,
    parameters, MACs and tiling are plausible, every image of the data set has one record with every metric, scores lie
    in their metrics' ranges, PSNR and MAE are consistent, the summary matches the records, and each record has a 16-bit
    output image.

    Parameters
    ----------
    needs_outputs
        Whether the output images must exist.

    Raises
    ------
    InputError
        The folder holds no run.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; a submission is a results folder")
    places = sorted(path.parent for path in folder.glob(f"*/*/*/{DESCRIPTION}"))
    if not places:
        raise InputError(f"{folder} has no run; a submission is a results folder with DATASET/METHOD/ID/{DESCRIPTION}")
    return [_checked(place, needs_outputs) for place in places]


def _checked(place: Path, needs_outputs: bool) -> Checked:
    try:
        run = Run(place)
        problems = [*_identity_problems(run), *_cost_problems(run), *_record_problems(run)]
        if needs_outputs:
            problems += _output_problems(run)
    except InputError as error:
        return Checked(place, place.name, (str(error),))
    return Checked(place, run.label, tuple(problems))


def _identity_problems(run: Run) -> Iterator[str]:
    try:
        check_identity(run)
    except InputError as error:
        yield str(error)
    settings = run.settings
    if is_outdated(run):
        known = registry.find_protocol(settings.protocol)
        now = "is unknown here" if known is None else f"is version {known.version} now"
        yield f"protocol {settings.protocol}, version {settings.protocol_version}, {now}"
    if not run.attempts:
        yield f"{DESCRIPTION} lists no attempt, so versions and hardware are unknown"
    if not run.finished:
        yield "the run is not finished; run it again with the same command"


def _cost_problems(run: Run) -> Iterator[str]:
    cost = run.complexity
    if cost is not None:
        for what, count in (("parameters", cost.parameters), ("macs", cost.macs)):
            if not 0 < count < LARGEST_COUNT:
                yield f"complexity.{what} is {count}; it must be above 0 and below {LARGEST_COUNT:.0e}"
    records = run.records().values()
    for tiling in sorted({record.tiling for record in records} | {run.settings.tiling}, key=str):
        if tiling is None:
            continue
        try:
            Tiling.parse(tiling)
        except InputError as error:
            yield str(error)


def _record_problems(run: Run) -> Iterator[str]:
    records, total, summary = run.records(), run.total, run.summary()
    if summary.done != total:
        yield f"{summary.done} of {total} images have a result"
    cards = known_cards(run.settings.protocol, {name for one in records.values() for name in one.scores}, run.columns)
    protocol = registry.find_protocol(run.settings.protocol)
    metrics = protocol.metrics if protocol is not None else ()
    for name in metrics:
        if summary.done == total and name not in summary.scores:
            yield f"not every image has {name}, which protocol {run.settings.protocol} measures"
    for record in records.values():
        yield from _score_problems(record, {name: known.card for name, known in cards.items()})
    claimed = run.description.summary.scores if run.description.summary is not None else {}
    for name, value in summary.scores.items():
        if name in claimed and not math.isclose(claimed[name], value, rel_tol=1e-9):
            yield f"the summary says {name} {claimed[name]:.6f}, its records average to {value:.6f}"


def _score_problems(record: Record, cards: Mapping[str, MetricCard]) -> Iterator[str]:
    for name, value in record.scores.items():
        if name not in cards:
            continue
        low, high = cards[name].range
        if not low <= value <= high:
            yield f"{record.name} has {name} {value:g}, outside {low:g} to {high:g}"
    if {"psnr", "mae"} <= record.scores.keys():
        # For all images, the mean of |x| is at most the root of the mean of x squared.
        largest = 10 ** (-max(record.scores["psnr"], -1000) / 20)
        if record.scores["mae"] > largest * (1 + 1e-6):
            yield f"{record.name} has MAE {record.scores['mae']:.4f}; with its PSNR it is at most {largest:.4f}"


def _output_problems(run: Run) -> Iterator[str]:
    for name, record in run.records().items():
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
