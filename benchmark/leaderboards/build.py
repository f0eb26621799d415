"""Leaderboards: what runs measured, and what papers print beside it. Reads results, computes no image."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmark import registry
from benchmark.leaderboards.published import PublishedFigure, published_figures
from benchmark.leaderboards.statistics import Interval, mean_intervals
from benchmark.protocols.stratified import BANDS
from benchmark.results.choice import every_run
from benchmark.results.record import Record
from benchmark.results.run import Run
from benchmark.results.summary import Summary, summarise
from realdof.common.errors import InputError

METRICS = ("psnr", "ssim", "mae", "lpips")
COSTS = ("params_m", "macs_g", "time_s")
COLUMNS = ("method", "dataset", "protocol", "kind", *METRICS, *COSTS, "n", "total", "weights", "source")
"""Of the CSV file; fixed, so that scripts can rely on them."""
HIGHER_IS_BETTER = ("psnr", "ssim")


@dataclass(frozen=True)
class Row:
    """One run, or one published figure.

    Parameters
    ----------
    method, dataset, protocol, kind
        As in the CSV file; ``kind`` is ``measured`` or ``published``.
    figures
        Value by column of `METRICS` and `COSTS`; None where there is none.
    n, total
        Images with a result, and images of the data set; None for published rows.
    weights, source
        As in the CSV file.
    ranked
        Whether it takes part in the order: complete, whole-image, measured.
    intervals
        Bootstrap interval by metric.
    difference
        Measured minus published by metric, where a paper prints the method on this data set under this protocol.
    quartiles
        First and third quartile of the time, s, where the time is shown.
    peak_memory
        GB: of the process's resident set or a GPU's allocations, the largest of all images.
    bands
        PSNR by band of the input's blur, over all pixels of the band in the data set; of `blur-stratified` only.
    remarks
        What a reader must know of this row, one sentence each.
    folder
        Of the run; None for published rows.
    """

    method: str
    dataset: str
    protocol: str
    kind: str
    figures: dict[str, float | None]
    n: int | None
    total: int | None
    weights: str
    source: str
    ranked: bool = False
    intervals: dict[str, Interval] = field(default_factory=dict)
    difference: dict[str, float] = field(default_factory=dict)
    quartiles: tuple[float, float] | None = None
    peak_memory: float | None = None
    bands: dict[str, float] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    folder: Path | None = None


@dataclass(frozen=True)
class Leaderboard:
    """One table: a data set under one protocol.

    Parameters
    ----------
    dataset, protocol, version
        What every measured row was measured on and how.
    sorted_by
        The column that orders the rows.
    rows
        Ranked rows from the best on, then those that are not ranked, then published ones.
    notes
        What a reader must know of the whole table, one sentence each.
    """

    dataset: str
    protocol: str
    version: int
    sorted_by: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def build(results: Path, dataset: str, protocol: str, *, sort: str = "psnr", images: str | None = None) -> Leaderboard:
    """Collect the runs on a data set under a protocol, and the published rows that may stand beside them.

    Parameters
    ----------
    sort
        A column of `METRICS` or `COSTS`.
    images
        First digits of the images' identity, where runs on several sets of images share the data set's name.

    Raises
    ------
    InputError
        There are no such runs, or they are on different images.
    """
    version = registry.protocol(protocol).version
    every = every_run(results, dataset)
    under = [run for run in every if run.settings.protocol == protocol]
    current = [run for run in under if run.settings.protocol_version == version]
    chosen = _on_one_set_of_images(current, dataset, images)
    if not chosen:
        others = sorted({run.settings.protocol for run in every} - {protocol})
        advice = f"; there are runs under {', '.join(others)}: give --protocol" if others else ""
        raise InputError(f"{results} has no run on {dataset} under {protocol}, version {version}{advice}")
    printed = published_figures(dataset, protocol)
    measured = [measured_row(run, printed) for run in chosen]
    ordered = sorted(measured, key=lambda row: _order(row, sort))
    beside = printed or _of_another_data_set({row.method for row in measured}, protocol)
    shown = sorted((_published_row(figure) for figure in beside), key=lambda row: _order(row, sort))
    notes = [f"Protocol {protocol}, version {version}: {registry.protocol(protocol).summary}."]
    if len(under) > len(current):
        notes.append(f"Runs under an older version of {protocol} are left out: {len(under) - len(current)}.")
    notes += _notes(dataset, measured, shown)
    return Leaderboard(dataset, protocol, version, sort, (*ordered, *shown), tuple(notes))


def measured_row(run: Run, printed: Iterable[PublishedFigure] = ()) -> Row:
    """The row of one run.

    Parameters
    ----------
    printed
        Published figures on the same data set under the same protocol, for the difference.
    """
    settings, cost, records = run.settings, run.complexity, run.records()
    summary = summarise(records.values(), run.total)
    figures = {
        **{name: summary.scores.get(name) for name in METRICS},
        "params_m": None if cost is None else cost.parameters / 1e6,
        "macs_g": None if cost is None else cost.macs / 1e9,
        # A time taken beside other images, or a median over several devices, compares with nothing.
        "time_s": summary.seconds if summary.comparable_times else None,
    }
    cuts = {record.tiling for record in records.values()} | {settings.tiling}
    tilings = sorted(cut for cut in cuts if cut is not None)
    return Row(
        method=settings.method,
        dataset=settings.dataset,
        protocol=settings.protocol,
        kind="measured",
        figures=figures,
        n=summary.done,
        total=summary.total,
        weights=run.weights.name if run.weights else "",
        source=f"run {run.id}, {'; '.join(summary.devices) or _device(run)}",
        ranked=summary.complete and not tilings,
        intervals=_intervals(records.values()) if summary.complete else {},
        difference=_difference(settings.method, figures, printed),
        quartiles=summary.quartiles if summary.comparable_times else None,
        peak_memory=None if summary.peak_memory is None else summary.peak_memory / 1e9,
        bands=_bands(records.values()) if summary.complete else {},
        remarks=tuple(_remarks(run, summary, tilings)),
        folder=run.path,
    )


def places(board: Leaderboard, column: str) -> list[int | None]:
    """Each row's place in a column, from 1; equal figures share a place; None for rows that are not ranked."""
    values = [row.figures[column] if row.ranked else None for row in board.rows]
    sign = -1 if column in HIGHER_IS_BETTER else 1
    ordered = sorted(sign * value for value in values if value is not None)
    return [None if value is None else ordered.index(sign * value) + 1 for value in values]


def _device(run: Run) -> str:
    attempts = run.attempts or run.description.measured
    return attempts[-1].device if attempts else "an unknown device"


def _on_one_set_of_images(runs: list[Run], dataset: str, images: str | None) -> list[Run]:
    chosen = [run for run in runs if images is None or run.settings.images.startswith(images)]
    found = sorted({run.settings.images for run in chosen})
    if len(found) > 1:
        raise InputError(
            f"there are runs on {len(found)} different sets of images named {dataset}, which share no table; "
            f"choose one with --images: {', '.join(identity[:8] for identity in found)}"
        )
    return chosen


def _intervals(records: Iterable[Record]) -> dict[str, Interval]:
    done = [record.scores for record in records if record.status == "ok"]
    names = [name for name in METRICS if done and all(name in scores for scores in done)]
    if not names:
        return {}
    values = np.array([[scores[name] for name in names] for scores in done])
    return dict(zip(names, mean_intervals(values), strict=True))


def _bands(records: Iterable[Record]) -> dict[str, float]:
    """PSNR of the mean squared error over the data set's pixels in each band."""
    scores = [record.scores for record in records]
    found = {}
    for band in BANDS:
        pairs = [(one[f"share@{band}"], one[f"mse@{band}"]) for one in scores if f"mse@{band}" in one]
        area = sum(share for share, _ in pairs)
        squared = sum(share * error for share, error in pairs)
        if area > 0:
            found[band] = math.inf if squared == 0 else 10 * math.log10(area / squared)
    return found


def _difference(method: str, figures: dict[str, float | None], printed: Iterable[PublishedFigure]) -> dict[str, float]:
    by_paper = [figure for figure in printed if figure.method == method and figure.source_kind == "paper"]
    if not by_paper:
        return {}
    pairs = {name: (figures[name], by_paper[0].figures[name]) for name in METRICS}
    return {name: ours - theirs for name, (ours, theirs) in pairs.items() if ours is not None and theirs is not None}


def _remarks(run: Run, summary: Summary, tilings: list[str]) -> Iterable[str]:
    settings = run.settings
    if run.weights:
        # Most labels begin with the name already.
        yield f"weights {run.weights.name}: {run.weights.label.removeprefix(run.weights.name + ': ')}"
    if not summary.complete:
        yield f"{summary.done} of {run.total} images, not ranked"
    if tilings:
        yield f"computed in tiles ({'; '.join(tilings)}), not ranked among whole images"
    if settings.dtype != "float32":
        yield f"computed in {settings.dtype}"
    if settings.rescored:
        yield f"scored anew from the outputs of run {settings.rescored}"
    yield from _remarks_on_times(summary)


def _remarks_on_times(summary: Summary) -> Iterable[str]:
    if summary.stages:
        stages = ", ".join(f"{name} {seconds:.3f} s" for name, seconds in summary.stages.items())
        yield f"median time of its stages: {stages}"
    if summary.seconds is None or summary.comparable_times:
        return
    reasons = []
    if summary.workers > 1:
        reasons.append(f"with up to {summary.workers} images computed at once")
    if len(summary.devices) > 1:
        reasons.append(f"on {len(summary.devices)} devices ({'; '.join(summary.devices)})")
    yield f"its times were taken {' and '.join(reasons)} (median {summary.seconds:.3f} s) and compare with no others"


def _published_row(figure: PublishedFigure) -> Row:
    return Row(
        method=figure.method,
        dataset=figure.dataset,
        protocol=figure.protocol,
        kind="published",
        figures=dict(figure.figures),
        n=None,
        total=None,
        weights="",
        source=figure.source,
        remarks=(figure.note,) if figure.note else (),
    )


def _of_another_data_set(methods: set[str], protocol: str) -> list[PublishedFigure]:
    """What papers print of the methods on DPDD, for a data set that no paper has used."""
    figures = published_figures("dpdd", protocol)
    return [figure for figure in figures if figure.method in methods and figure.source_kind == "paper"]


def _order(row: Row, sort: str) -> tuple[bool, float, str]:
    value = row.figures[sort]
    last = value is None or (row.kind == "measured" and not row.ranked)
    return last, (-value if sort in HIGHER_IS_BETTER else value) if value is not None else 0.0, row.method


def _notes(dataset: str, measured: list[Row], shown: list[Row]) -> Iterable[str]:
    elsewhere = sorted({row.dataset for row in shown} - {dataset})
    if elsewhere:
        yield f"Published rows are on {', '.join(elsewhere)}, another data set than {dataset}."
    if any(row.figures["time_s"] is not None for row in shown):
        yield (
            "The published times are on a GeForce RTX 3090; IFAN's 0.014 s cannot be a synchronised float32 time "
            "at 1680x1120 on it, which would take 106 TFLOP/s."
        )
    if any(row.intervals for row in measured):
        yield "In brackets: 95 % bootstrap intervals of the mean over images; in parentheses: measured minus published."
    if any(row.bands for row in measured):
        yield (
            "PSNR by blur: over all pixels of the data set where the input is blurred as by a Gaussian of so many px; "
            "flat: where the scene has no texture."
        )
    yield (
        "MACs are counted at 1280x720 as ptflops up to 0.6.3 did; time is the median an image, without reading, with "
        "its quartiles in brackets; memory is the process's at its largest, or on a GPU what was allocated there."
    )
