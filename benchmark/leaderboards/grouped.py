"""A leaderboard's figures by group of images: a row per method and scene, f-stop or other group."""

import re
from collections.abc import Mapping, Sequence

from benchmark.leaderboards.build import Leaderboard
from benchmark.leaderboards.column import Column
from benchmark.leaderboards.render.tables import Cell, Table
from benchmark.results.numbers import mean_of
from benchmark.results.record import Record
from benchmark.results.run import Run
from benchmark.results.summary import summarise
from realdof.common.errors import InputError


def by_group(board: Leaderboard, kind: str) -> Table:
    """Make the table of every measured row's figures by group.

    Two further rows per method give the mean over all images, and the mean over the groups, in which each group has the
    same weight.

    Parameters
    ----------
    kind
        Kind of the groups, such as ``scene`` or ``f-stop``.

    Raises
    ------
    InputError
        The images of the runs have no groups of this kind.
    """
    measured = [(row, Run(row.folder).records()) for row in board.rows if row.folder is not None]
    kinds = sorted({name for _, records in measured for record in records.values() for name in record.groups})
    if kind not in kinds:
        there = f"its groups are {', '.join(kinds)}" if kinds else "its images are in no groups"
        raise InputError(f"{board.dataset} has no group {kind}; {there}")
    columns = [
        column for column in board.metrics if any(row.figures.get(column.key) is not None for row, _ in measured)
    ]
    rows: list[tuple[Cell, ...]] = []
    for row, records in measured:
        label = f"{row.method} ({row.weights})" if row.weights else row.method
        rows += _rows_of(label, records, kind, columns)
    headings = ("Method", kind, "Images", *(column.heading for column in columns))
    title = f"{board.dataset}, protocol {board.protocol}, version {board.version}, by {kind}"
    return Table(title, headings, tuple(rows), board.notes[:1], frozenset({0, 1}))


def _rows_of(label: str, records: Mapping[str, Record], kind: str, columns: Sequence[Column]) -> list[tuple[Cell, ...]]:
    grouped: dict[str, list[Record]] = {}
    for record in records.values():
        grouped.setdefault(record.groups.get(kind, "none"), []).append(record)
    figures = {name: [_figure(column, members) for column in columns] for name, members in grouped.items()}
    rows = [_row(label, name, _count(grouped[name]), columns, figures[name]) for name in sorted(grouped, key=_natural)]
    every = list(records.values())
    means = [_mean([values[at] for values in figures.values()]) for at in range(len(columns))]
    return [
        *rows,
        _row(label, "all images", _count(every), columns, [_figure(column, every) for column in columns]),
        _row(label, f"mean of {len(grouped)} groups", "", columns, means),
    ]


def _row(
    label: str, name: str, count: str, columns: Sequence[Column], values: Sequence[float | None]
) -> tuple[Cell, ...]:
    texts = (column.text(value) for column, value in zip(columns, values, strict=True))
    return tuple(Cell(text) for text in (label, name, count, *texts))


def _count(records: Sequence[Record]) -> str:
    done = sum(record.status == "ok" for record in records)
    return str(done) if done == len(records) else f"{done} of {len(records)}"


def _figure(column: Column, records: Sequence[Record]) -> float | None:
    """Return the figure over some images; None unless all of them have it."""
    return column.measured(summarise(records, len(records)), records)


def _mean(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return mean_of(there) if len(there) == len(values) else None


def _natural(name: str) -> tuple[tuple[int, float, str], ...]:
    """Return a sort key that compares numbers in a name as numbers: f/2.8 comes before f/10."""
    parts = re.findall(r"\d+(?:\.\d+)?|\D+", name)
    return tuple((0, float(part), "") if part[0].isdigit() else (1, 0.0, part) for part in parts)
