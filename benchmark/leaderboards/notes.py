"""Remarks on single rows of a leaderboard, and notes on the whole table, one sentence each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from benchmark.leaderboards.column import NOT_INSTALLED, TIME, Column
from benchmark.metrics.iqa.catalogue import is_pyiqa
from benchmark.results.record import Record
from benchmark.results.run import Run
from benchmark.results.summary import Summary
from benchmark.suspicion.of_run import doubts_about_run

if TYPE_CHECKING:
    from benchmark.leaderboards.rows import Row


def remarks_of(
    run: Run, records: Mapping[str, Record], summary: Summary, tilings: Sequence[str], metrics: Iterable[Column]
) -> Iterator[str]:
    """Yield the remarks on a run's row."""
    settings = run.settings
    if run.weights:
        # Most labels already begin with the name.
        yield f"weights {run.weights.name}: {run.weights.label.removeprefix(run.weights.name + ': ')}"
        if run.weights.claimed:
            yield "that these are the weights of the published figures is the user's word (--claims-paper)"
    if not summary.complete:
        yield f"{summary.done} of {run.total} images, not ranked"
    if tilings:
        yield f"computed in tiles ({'; '.join(tilings)}), not ranked among whole images"
    if settings.dtype != "float32":
        yield f"computed in {settings.dtype}"
    if settings.rescored:
        yield f"scored anew from the outputs of run {settings.rescored}"
    sizes = sorted({record.size for record in records.values() if record.size is not None})
    if sizes and any(is_pyiqa(column.key) for column in run_columns(records, metrics)):
        shown = ", ".join(f"{width}x{height}" for height, width in sizes[:3]) + (" ..." if len(sizes) > 3 else "")
        yield f"pyiqa's metrics measured images of {shown}"
    yield from _remarks_on_gaps(records.values(), metrics)
    yield from _remarks_on_times(summary)
    yield from (f"suspicious: {doubt}" for doubt in (*run.description.doubts, *doubts_about_run(records.values())))


def elsewhere(dataset: str, published: Sequence[Row]) -> Iterator[str]:
    """Yield a note if published rows are on another data set."""
    others = sorted({row.dataset for row in published} - {dataset})
    if others:
        yield f"Published rows are on {', '.join(others)}, another data set than {dataset}."


def notes_of(metrics: Iterable[Column], measured: Sequence[Row], published: Sequence[Row]) -> Iterator[str]:
    """Yield the notes on the whole table, one sentence each."""
    if any(row.figures.get(TIME.key) is not None for row in published):
        yield (
            "The published times are on a GeForce RTX 3090; IFAN's 0.014 s cannot be a synchronised float32 time "
            "at 1680x1120 on it, which would take 106 TFLOP/s."
        )
    if any(row.intervals for row in measured):
        yield "In brackets: 95 % bootstrap intervals of the mean over images."
    if any(row.claims for row in measured):
        yield (
            "Published: what is printed of the same model on this data set under this protocol, with measured minus "
            "published; ✓ within rounding or the tolerance of the method's card, ✗ beyond."
        )
    yield from _notes_on_metrics(metrics)
    yield (
        "MACs are counted at 1280x720 as ptflops up to 0.6.3 did; time is the median an image, without reading, with "
        "its quartiles; memory is the process's at its largest, or on a GPU what was allocated there."
    )


def _notes_on_metrics(metrics: Iterable[Column]) -> Iterator[str]:
    """Yield the sources of metrics that papers do not print, and the metrics that are not installed."""
    by_source: dict[str, list[str]] = {}
    for column in metrics:
        if column.averaged != "images" or is_pyiqa(column.key):
            by_source.setdefault(column.source, []).append(column.title)
        if not column.installed:
            yield f"{column.title} ({column.key}) is {NOT_INSTALLED}: its column is made from its card in run.json."
    for source, titles in by_source.items():
        yield f"{'; '.join(titles)}: {source}."


def run_columns(records: Mapping[str, Record], metrics: Iterable[Column]) -> list[Column]:
    """Return the columns for which at least one record has a score."""
    scored = {name for record in records.values() for name in record.scores}
    return [column for column in metrics if column.key in scored]


def _remarks_on_gaps(records: Iterable[Record], metrics: Iterable[Column]) -> Iterator[str]:
    done = [record.scores for record in records if record.status == "ok"]
    for column in metrics:
        found = sum(column.key in scores for scores in done)
        if column.averaged == "images" and 0 < found < len(done):
            yield f"{len(done) - found} of {len(done)} images have no {column.title}"


def _remarks_on_times(summary: Summary) -> Iterator[str]:
    if summary.stages:
        stages = ", ".join(f"{name} {seconds:.3f} s" for name, seconds in summary.stages.items())
        yield f"median time of its stages: {stages}"
    if summary.seconds is None or summary.comparable_times:
        return
    how = " and ".join(summary.disturbances)
    yield f"its times were taken {how} (median {summary.seconds:.3f} s) and compare with no others"
