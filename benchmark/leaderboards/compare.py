"""Compare two runs on the same images: on which images one wins or loses, and whether that may be chance."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from benchmark.leaderboards.column import NOT_INSTALLED, Column, metric_columns
from benchmark.leaderboards.render.tables import Cell, Table
from benchmark.leaderboards.statistics import NOTHING, PairedComparison, compare_paired
from benchmark.results.numbers import as_json
from benchmark.results.run import Run
from realdof.common.errors import InputError
from realdof.common.files import inside
from realdof.images.depth import to_eight_bits
from realdof.images.files import read_pixels, write_pixels

_SAME = ("dataset", "images", "protocol", "protocol_version")
_GAP = 8
"""Gap between the two pictures of a strip, px."""


@dataclass(frozen=True)
class ImageScores:
    """One image's scores by both runs.

    Parameters
    ----------
    name
        Name of the image.
    a, b
        Scores of the two runs.
    gain
        How much better A is, in the metric's unit; infinite if one score is infinite, 0 if both are.
    """

    name: str
    a: float
    b: float
    gain: float

    @property
    def verdict(self) -> str:
        """Result of A on this image: ``wins``, ``loses`` or ``ties``."""
        return "wins" if self.gain > 0 else "loses" if self.gain < 0 else "ties"


@dataclass(frozen=True)
class MetricComparison:
    """The comparison of both runs by one metric.

    Attributes
    ----------
    column
        Column of the metric.
    result
        Paired statistics: wins, losses and ties count all images, means and tests use those with finite scores and are
        NaN if there are none.
    images
        All images, from A's largest win to its largest loss.
    infinite
        Names of the images with an infinite score, which are excluded from means and tests.
    """

    column: Column
    result: PairedComparison
    images: tuple[ImageScores, ...]
    infinite: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """The comparison of run A with run B.

    Attributes
    ----------
    a, b
        The runs.
    metrics
        Comparison by the column's key, over the images that both runs have finished.
    missing
        Images that only one run has finished.
    """

    a: Run
    b: Run
    metrics: Mapping[str, MetricComparison]
    missing: tuple[str, ...]


def compare(a: Run, b: Run) -> Comparison:
    """Compare two runs under one protocol on the same images, by every metric that both have.

    Raises
    ------
    InputError
        They are on different images or under different protocols, or share no finished image.
    """
    for what in _SAME:
        ours, theirs = getattr(a.settings, what), getattr(b.settings, what)
        if ours != theirs:
            raise InputError(
                f"{a.label} and {b.label} differ in {what.replace('_', ' ')} ({ours}, {theirs}); "
                "only runs on the same images under one protocol can be compared"
            )
    scores = [
        {name: record.scores for name, record in run.records().items() if record.status == "ok"} for run in (a, b)
    ]
    names = sorted(scores[0].keys() & scores[1].keys())
    common = set.intersection(*(scores[0][name].keys() & scores[1][name].keys() for name in names)) if names else set()
    columns = metric_columns(a.settings.protocol, common, {**b.columns, **a.columns})
    metrics = {
        column.key: _by_metric(
            column, [(name, scores[0][name][column.key], scores[1][name][column.key]) for name in names]
        )
        for column in columns
        if column.key in common and column.averaged == "images"
    }
    if not metrics:
        raise InputError(f"{a.label} and {b.label} share no image with scores; run or score them first")
    return Comparison(a, b, metrics, tuple(sorted(scores[0].keys() ^ scores[1].keys())))


def _by_metric(column: Column, pairs: Sequence[tuple[str, float, float]]) -> MetricComparison:
    # Infinity minus infinity is NaN, but two infinite scores are a tie.
    rows = [
        ImageScores(name, x, y, 0.0 if x == y else column.ascending(y) - column.ascending(x)) for name, x, y in pairs
    ]
    finite = np.array([(x, y) for _, x, y in pairs if np.isfinite([x, y]).all()]).reshape(-1, 2)
    lower = column.better == "lower"
    result = compare_paired(finite[:, 0], finite[:, 1], lower_is_better=lower) if len(finite) else NOTHING
    verdicts = [row.verdict for row in rows]
    return MetricComparison(
        column,
        replace(result, wins=verdicts.count("wins"), losses=verdicts.count("loses"), ties=verdicts.count("ties")),
        tuple(sorted(rows, key=lambda row: -row.gain)),
        tuple(name for name, x, y in pairs if not np.isfinite([x, y]).all()),
    )


def summary_table(found: Comparison) -> Table:
    """Make the table of means, differences with intervals, wins and p-values, one row per metric."""
    a, b = found.a.settings.method, found.b.settings.method
    columns = ("Metric", a, b, f"{a} − {b}", "95 % interval", "Wins", "Losses", "Ties", "Wilcoxon p", "Bootstrap p")
    rows = []
    for one in found.metrics.values():
        column, result = one.column, one.result
        ahead = column.ascending(result.mean_a) - column.ascending(result.mean_b)
        rows.append(
            (
                Cell(column.heading),
                Cell(column.text(result.mean_a), "best" if ahead < 0 else None),
                Cell(column.text(result.mean_b), "best" if ahead > 0 else None),
                Cell(_change(column, result.difference.mean)),
                Cell(_interval(column, result)),
                *(Cell(str(count)) for count in (result.wins, result.losses, result.ties)),
                *(Cell("" if np.isnan(p) else f"{p:.2g}") for p in (result.wilcoxon_p, result.bootstrap_p)),
            )
        )
    notes = [
        f"A: {found.a.label}; B: {found.b.label}; on {found.a.settings.dataset}, protocol {found.a.settings.protocol}.",
        "Paired over images: bootstrap interval of the mean difference; two-sided p-values, not corrected for the "
        "number of metrics.",
    ]
    for one in found.metrics.values():
        if one.infinite:
            notes.append(
                f"{one.column.title} is infinite for {', '.join(one.infinite)}: counted as wins, losses or ties, and "
                "left out of means and tests."
            )
        if not one.column.installed:
            notes.append(f"{one.column.title} is {NOT_INSTALLED}.")
    if found.missing:
        notes.append(f"Left out, as only one of them has a result: {', '.join(found.missing)}.")
    return Table(f"{a} against {b}", columns, tuple(rows), tuple(notes), extra=frozenset({7, 9}))


def image_table(found: Comparison, metric: str, top: int | None) -> Table:
    """Make the table of images from A's largest win to its largest loss: ``top`` of each, or all."""
    column = found.metrics[metric].column
    rows = _listed(found, metric, top)
    a, b = found.a.settings.method, found.b.settings.method
    cells = []
    for row in rows:
        paths = [run.output(row.name) for run in (found.a, found.b)]
        cells.append(
            (
                Cell(row.name),
                Cell(row.verdict),
                Cell(column.text(row.a)),
                Cell(column.text(row.b)),
                Cell(_change(column, row.gain)),
                *(Cell(str(path) if path.is_file() else "") for path in paths),
            )
        )
    columns = (
        "Image",
        a,
        f"{column.title}, {a}",
        f"{column.title}, {b}",
        f"Gain of {a}",
        f"Output of {a}",
        f"Output of {b}",
    )
    title = f"Where {a} wins and loses against {b}, by {column.title}"
    return Table(title, columns, tuple(cells), words=frozenset({0, 1, 5, 6}), extra=frozenset({5, 6}))


def to_json(found: Comparison) -> str:
    """Return statistics and images by metric as JSON; infinite scores become text, and missing values null."""
    metrics, images = {}, {}
    for name, one in found.metrics.items():
        result = one.result
        metrics[name] = {
            "title": one.column.title, "better": one.column.better, "installed": one.column.installed,
            "images": result.images, "mean_a": _or_none(result.mean_a), "mean_b": _or_none(result.mean_b),
            "difference": _or_none(result.difference.mean),
            "interval": [result.difference.low, result.difference.high] if result.images > 1 else None,
            "wins": result.wins, "losses": result.losses, "ties": result.ties,
            "wilcoxon_p": _or_none(result.wilcoxon_p), "bootstrap_p": _or_none(result.bootstrap_p),
            "infinite": list(one.infinite),
        }  # fmt: skip
        images[name] = [{"name": row.name, "a": row.a, "b": row.b, "gain": row.gain} for row in one.images]
    return as_json(
        {
            "a": {**found.a.settings.model_dump(), "id": found.a.id},
            "b": {**found.b.settings.model_dump(), "id": found.b.id},
            "metrics": metrics,
            "images": images,
            "missing": list(found.missing),
        },
        indent=2,
    )


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def write_strips(found: Comparison, metric: str, top: int, folder: Path) -> list[Path]:
    """Write both outputs side by side for A's largest wins and losses; files are numbered in the table's order.

    Raises
    ------
    InputError
        An output is missing, or the folder cannot be written to.
    """
    written = []
    for number, row in enumerate(_listed(found, metric, top), 1):
        pictures = [to_eight_bits(read_pixels(run.output(row.name))) for run in (found.a, found.b)]
        path = inside(folder, f"{number:02d}-{row.verdict}-{row.name}.png")
        write_pixels(path, _side_by_side(*pictures))
        written.append(path)
    return written


def _side_by_side(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.hconcat([first, np.full((first.shape[0], _GAP, 3), 255, np.uint8), second]))


def _listed(found: Comparison, metric: str, top: int | None) -> tuple[ImageScores, ...]:
    """Return A's largest wins and losses, ``top`` of each, or all images."""
    rows = found.metrics[metric].images
    return rows if top is None or 2 * top >= len(rows) else (*rows[:top], *rows[-top:])


def _change(column: Column, value: float) -> str:
    return "" if np.isnan(value) else column.change(value)


def _interval(column: Column, result: PairedComparison) -> str:
    low, high = result.difference.low, result.difference.high
    return "" if np.isnan(low) else f"[{column.change(low)}, {column.change(high)}]"
