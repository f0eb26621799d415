"""Runs and records as tables for readers."""

import json
from collections.abc import Iterable

from benchmark.leaderboards.render.formats import DECIMALS, figure
from benchmark.leaderboards.render.tables import Cell, Table
from benchmark.results.choice import Chosen
from benchmark.results.summary import summarise


def runs_table(runs: Iterable[Chosen]) -> Table:
    """A line a run."""
    rows = []
    for run in runs:
        settings, weights = run.settings, run.description["weights"]
        summary = summarise(run.folder.records().values(), run.description["total"])
        words = (
            run.description["id"], settings["dataset"], settings["method"], weights["name"] if weights else "",
            settings["protocol"], f"{summary.done} of {summary.total}", figure(summary.scores.get("psnr"), 2),
            "yes" if run.description["finished"] else "no", run.description.get("created", ""),
        )  # fmt: skip
        rows.append(tuple(Cell(str(word)) for word in words))
    columns = ("id", "data set", "method", "weights", "protocol", "images", "PSNR", "finished", "created (UTC)")
    return Table("runs", columns, tuple(rows), words=frozenset({0, 1, 2, 3, 4, 7, 8}))


def provenance_table(run: Chosen) -> Table:
    """What ``run.json`` says, a line each."""
    content = {"folder": str(run.folder.path)} | {
        key: value for key, value in run.description.items() if key not in ("schema", "summary")
    }
    rows = []
    for key, value in content.items():
        entries = value.items() if isinstance(value, dict) else [("", value)]
        rows += [(Cell(f"{key}.{name}" if name else key), Cell(_text(entry))) for name, entry in entries]
    return Table(run.label, ("what", "value"), tuple(rows), words=frozenset({0, 1}))


def records_table(run: Chosen) -> Table:
    """A line an image, with every score that any image has."""
    records = run.folder.records()
    names = sorted({name for record in records.values() for name in record.scores})
    rows = [
        (
            Cell(record.name),
            Cell(record.status if record.error is None else f"{record.status}: {record.error}"),
            *(Cell(figure(record.scores.get(name), DECIMALS.get(name, 4))) for name in names),
            Cell(figure(record.seconds, 3)),
            Cell(figure(None if record.peak_memory is None else record.peak_memory / 1e9, 2)),
            Cell(str(record.workers)),
        )
        for record in records.values()
    ]
    return Table(
        "images", ("image", "status", *names, "seconds", "memory, GB", "at once"), tuple(rows), words=frozenset({0, 1})
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
