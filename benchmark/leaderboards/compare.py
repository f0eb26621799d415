"""Two runs on the same images, image by image: where one wins, where it loses, and whether that is chance."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmark import registry
from benchmark.leaderboards.render.tables import Cell, Table
from benchmark.leaderboards.statistics import PairedComparison, compare_paired
from benchmark.metrics.card import MetricCard
from benchmark.results.run import Run
from realdof.common.errors import InputError
from realdof.images.depth import to_eight_bits
from realdof.images.files import read_pixels, write_pixels

_SAME = ("dataset", "images", "protocol", "protocol_version")
_GAP = 8
"""px between the pictures of a strip."""


@dataclass(frozen=True)
class ImageScores:
    """One image's scores by both runs; ``gain`` is how much A is better, in the metric's unit."""

    name: str
    a: float
    b: float
    gain: float


@dataclass(frozen=True)
class Comparison:
    """Run A against run B.

    Attributes
    ----------
    a, b
        The runs.
    metrics
        Card and paired statistics by metric, of the images that both have finished.
    images
        Every such image by metric, from A's largest win to its largest loss.
    missing
        Images that only one of them has.
    """

    a: Run
    b: Run
    metrics: Mapping[str, tuple[MetricCard, PairedComparison]]
    images: Mapping[str, tuple[ImageScores, ...]]
    missing: tuple[str, ...]


def compare(a: Run, b: Run) -> Comparison:
    """Compare two runs under one protocol on the same images.

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
    common = [scores[0][name].keys() & scores[1][name].keys() for name in names]
    protocol = registry.protocol(a.settings.protocol)
    measured = [metric for metric in protocol.metrics if common and all(metric in one for one in common)]
    if not measured:
        raise InputError(f"{a.label} and {b.label} share no image with scores; run or score them first")
    metrics, images = {}, {}
    for metric in measured:
        card = registry.metric_card(protocol.registered(metric))
        pairs = [(name, scores[0][name][metric], scores[1][name][metric]) for name in names]
        finite = [(name, x, y) for name, x, y in pairs if np.isfinite([x, y]).all()]
        if not finite:
            raise InputError(f"{a.label} and {b.label} have no image with a finite {card.title} in both")
        sign = -1 if card.lower_is_better else 1
        rows = [ImageScores(name, x, y, sign * (x - y)) for name, x, y in finite]
        images[metric] = tuple(sorted(rows, key=lambda row: -row.gain))
        values = np.array([(x, y) for _, x, y in finite])
        metrics[metric] = (card, compare_paired(values[:, 0], values[:, 1], lower_is_better=card.lower_is_better))
    return Comparison(a, b, metrics, images, tuple(sorted(scores[0].keys() ^ scores[1].keys())))


def summary_table(found: Comparison) -> Table:
    """Means, difference with its interval, wins and p-values, a row a metric."""
    a, b = found.a.settings.method, found.b.settings.method
    columns = ("Metric", a, b, f"{a} − {b}", "95 % interval", "Wins", "Losses", "Ties", "Wilcoxon p", "Bootstrap p")
    rows = []
    for card, result in found.metrics.values():
        decimals = card.decimals
        means = [f"{value:.{decimals}f}" for value in (result.mean_a, result.mean_b)]
        ahead = (result.mean_a < result.mean_b) == card.lower_is_better
        tied = result.mean_a == result.mean_b
        rows.append(
            (
                Cell(f"{card.title} {card.arrow}"),
                Cell(means[0], "best" if ahead and not tied else None),
                Cell(means[1], "best" if not ahead and not tied else None),
                Cell(f"{result.difference.mean:+.{decimals}f}".replace("-", "−")),
                Cell(_interval(result, decimals)),
                *(Cell(str(count)) for count in (result.wins, result.losses, result.ties)),
                *(Cell(f"{p:.2g}") for p in (result.wilcoxon_p, result.bootstrap_p)),
            )
        )
    notes = [
        f"A: {found.a.label}; B: {found.b.label}; on {found.a.settings.dataset}, protocol {found.a.settings.protocol}.",
        "Paired over images: bootstrap interval of the mean difference; two-sided p-values, not corrected for the "
        "number of metrics.",
    ]
    if found.missing:
        notes.append(f"Left out, as only one of them has a result: {', '.join(found.missing)}.")
    return Table(f"{a} against {b}", columns, tuple(rows), tuple(notes))


def image_table(found: Comparison, metric: str, top: int | None) -> Table:
    """Images from A's largest win to its largest loss; the ``top`` of each end, or all."""
    card, _ = found.metrics[metric]
    rows = found.images[metric]
    if top is not None and 2 * top < len(rows):
        rows = (*rows[:top], *rows[-top:])
    a, b = found.a.settings.method, found.b.settings.method
    cells = []
    for row in rows:
        paths = [run.output(row.name) for run in (found.a, found.b)]
        shown = [Cell(str(path) if path.is_file() else "") for path in paths]
        figures = [f"{row.a:.{card.decimals}f}", f"{row.b:.{card.decimals}f}"]
        cells.append(
            (
                Cell(row.name),
                Cell("wins" if row.gain > 0 else "loses" if row.gain < 0 else "ties"),
                *(Cell(text) for text in figures),
                Cell(f"{row.gain:+.{card.decimals}f}".replace("-", "−")),
                *shown,
            )
        )
    columns = (
        "Image",
        a,
        f"{card.title}, {a}",
        f"{card.title}, {b}",
        f"Gain of {a}",
        f"Output of {a}",
        f"Output of {b}",
    )
    title = f"Where {a} wins and loses against {b}, by {card.title}"
    return Table(title, columns, tuple(cells), words=frozenset({0, 1, 5, 6}))


def write_strips(found: Comparison, metric: str, top: int, folder: Path) -> list[Path]:
    """Write, for A's largest wins and losses, both outputs beside each other; files in the table's order.

    Raises
    ------
    InputError
        An output is missing, or the folder cannot be written to.
    """
    rows = found.images[metric]
    chosen = rows if 2 * top >= len(rows) else (*rows[:top], *rows[-top:])
    written = []
    for number, row in enumerate(chosen, 1):
        pictures = [to_eight_bits(read_pixels(run.output(row.name))) for run in (found.a, found.b)]
        verdict = "wins" if row.gain > 0 else "loses" if row.gain < 0 else "ties"
        path = folder / f"{number:02d}-{verdict}-{row.name}.png"
        write_pixels(path, _side_by_side(*pictures))
        written.append(path)
    return written


def _side_by_side(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.hconcat([first, np.full((first.shape[0], _GAP, 3), 255, np.uint8), second]))


def _interval(result: PairedComparison, decimals: int) -> str:
    low, high = result.difference.low, result.difference.high
    return "" if np.isnan(low) else f"[{low:+.{decimals}f}, {high:+.{decimals}f}]".replace("-", "−")
