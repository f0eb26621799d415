"""Render runs and records as tables for readers."""

import json
from collections.abc import Iterable, Iterator

from benchmark.leaderboards.column import Column, figure, metric_columns
from benchmark.leaderboards.render.tables import Cell, Table
from benchmark.results.run import Run

_BRIEF = ("image", "status", "psnr", "ssim", "lpips", "seconds")
"""Default columns of the table of a run's images in a terminal."""


def runs_table(runs: Iterable[Run]) -> Table:
    """Make a table with one row per run."""
    rows = []
    for run in runs:
        settings, summary = run.settings, run.summary()
        words = (
            run.id, settings.dataset, settings.method, run.weights.name if run.weights else "",
            settings.protocol, f"{summary.done} of {summary.total}", figure(summary.scores.get("psnr"), 2),
            "yes" if run.finished else "no", run.description.created,
        )  # fmt: skip
        rows.append(tuple(Cell(str(word)) for word in words))
    columns = ("id", "data set", "method", "weights", "protocol", "images", "PSNR", "finished", "created (UTC)")
    return Table("runs", columns, tuple(rows), words=frozenset({0, 1, 2, 3, 4, 7, 8}), extra=frozenset({7, 8}))


def provenance_table(run: Run, *, wide: bool = True) -> Table:
    """Make a table of the content of ``run.json``, one value per row; unless ``wide``, without the metrics' cards."""
    hidden = ("schema", "summary", *(() if wide else ("metrics",)))
    content = {"folder": str(run.path)} | {
        key: value for key, value in run.description.content().items() if key not in hidden
    }
    rows = [(Cell(name), Cell(text)) for name, text in _lines("", content)]
    return Table(run.label, ("what", "value"), tuple(rows), words=frozenset({0, 1}))


def _lines(name: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of every value in nested data."""
    pairs: Iterable[tuple[object, object]] = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        pairs = enumerate(value)
    elif value not in (None, [], {}):
        yield name, value if isinstance(value, str) else json.dumps(value)
    for key, item in pairs:
        yield from _lines(f"{name}.{key}" if name else str(key), item)


def records_table(run: Run) -> Table:
    """Make a table with one row per image and a column for every score that at least one image has."""
    records = run.records()
    names = sorted({name for record in records.values() for name in record.scores})
    columns = {column.key: column for column in metric_columns(run.settings.protocol, names, run.columns)}
    headings = ("image", "status", *names, "seconds", "memory, GB", "at once", "attempt")
    rows = [
        (
            Cell(record.name),
            Cell(record.status if record.error is None else f"{record.status}: {record.error}"),
            *(Cell(_score(columns.get(name), record.scores.get(name))) for name in names),
            Cell(figure(record.seconds, 3)),
            Cell(figure(None if record.peak_memory is None else record.peak_memory / 1e9, 2)),
            Cell(str(record.workers)),
            Cell(str(record.attempt)),
        )
        for record in records.values()
    ]
    return Table(
        "images",
        headings,
        tuple(rows),
        words=frozenset({0, 1}),
        extra=frozenset(at for at, heading in enumerate(headings) if heading not in _BRIEF),
    )


def _score(column: Column | None, value: float | None) -> str:
    """Format a score with its column's number of decimals, or with four if it has no column."""
    return figure(value, 4) if column is None else column.text(value)
