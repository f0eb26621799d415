"""Render a leaderboard as a table for readers, and as CSV and JSON for programs."""

import math
from collections.abc import Mapping
from typing import Any

from benchmark.leaderboards.build import Leaderboard
from benchmark.leaderboards.column import CSV_COLUMNS, TIME, Column
from benchmark.leaderboards.render.tables import Cell, Mark, Table, csv_text
from benchmark.leaderboards.rows import Row
from benchmark.results.numbers import as_json

FIRST = {"method": "Method", "kind": "Kind"}
LAST = {"n": "Images", "weights": "Weights", "source": "Source"}
"""Columns before and after the figures, by key; the title names data set and protocol."""
_WORDS = ("method", "kind", "weights", "source")


def headings(board: Leaderboard) -> dict[str, str]:
    """Return the headings of the table for readers, by key."""
    return {**FIRST, **{column.key: column.heading for column in board.columns}, **LAST}


def to_table(board: Leaderboard) -> Table:
    """Make a table for readers, with best and second best marked, intervals, differences and numbered notes."""
    notes: list[str] = list(board.notes)
    marks = {column.key: marks_of(board.places(column)) for column in board.columns}
    columns = {column.key: column for column in board.columns}
    rows = []
    for at, row in enumerate(board.rows):
        whose = f"{row.method}: " if row.kind == "measured" else ""
        numbers = tuple(_number(notes, f"{whose}{remark}.") for remark in row.remarks)
        rows.append(
            tuple(
                figure_cell(row, columns[key], marks[key][at]) if key in columns else _fact(board, row, key, numbers)
                for key in headings(board)
            )
        )
    return Table(
        title=f"{board.dataset}, protocol {board.protocol}",
        columns=tuple(headings(board).values()),
        rows=tuple(rows),
        notes=tuple(notes),
        words=frozenset(at for at, key in enumerate(headings(board)) if key in _WORDS),
        muted=frozenset(at for at, row in enumerate(board.rows) if row.kind == "published"),
    )


def to_csv(board: Leaderboard) -> str:
    """Return CSV with full precision: the columns of `CSV_COLUMNS`, then every other metric."""
    keys = [*CSV_COLUMNS, *(column.key for column in board.metrics if column.key not in CSV_COLUMNS)]
    return csv_text(keys, (list(_content(row, keys).values()) for row in board.rows))


def to_json(board: Leaderboard) -> str:
    """Return all data as JSON: column descriptions, figures, ranks, intervals, differences and remarks."""
    places = {column.key: board.places(column) for column in board.columns}
    keys = list(dict.fromkeys([*CSV_COLUMNS, *places]))
    rows = [
        {
            **_content(row, keys),
            "rank": places[board.sorted_by][at],
            "ranks": {key: found[at] for key, found in places.items()},
            "intervals": {name: [interval.low, interval.high] for name, interval in row.intervals.items()},
            "difference": {key: claim.difference for key, claim in row.claims.items()},
            "published": {key: claim.published for key, claim in row.claims.items()},
            "reproduced": {key: claim.met for key, claim in row.claims.items()},
            "time_quartiles": None if row.quartiles is None else list(row.quartiles),
            "remarks": list(row.remarks),
        }
        for at, row in enumerate(board.rows)
    ]
    content = {
        "dataset": board.dataset,
        "protocol": board.protocol,
        "protocol_version": board.version,
        "sorted_by": board.sorted_by,
        "columns": [_described(column) for column in board.columns],
        "rows": rows,
        "notes": list(board.notes),
    }
    return as_json(_without_nan(content), indent=2) + "\n"


def _content(row: Row, keys: list[str]) -> dict[str, Any]:
    return {key: getattr(row, key) if hasattr(row, key) else row.figures.get(key) for key in keys}


def _described(column: Column) -> dict[str, Any]:
    return {
        "key": column.key,
        "title": column.title,
        "unit": column.unit,
        "better": column.better,
        "decimals": column.decimals,
        "kind": column.kind,
        "source": column.source,
        "installed": column.installed,
    }


def _fact(board: Leaderboard, row: Row, key: str, notes: tuple[int, ...]) -> Cell:
    if key == "method":
        return Cell(row.method, notes=notes)
    if key == "kind":
        return Cell(row.kind if row.dataset == board.dataset else f"{row.kind} ({row.dataset})")
    if key == "n":
        return Cell("" if row.n is None else f"{row.n} of {row.total}" if row.n != row.total else str(row.n))
    return Cell(str(getattr(row, key)))


def figure_cell(row: Row, column: Column, mark: Mark | None, *, brief: bool = False) -> Cell:
    """Make the cell of a row's figure; unless ``brief``, with its interval and the published figure."""
    text = column.text(row.figures.get(column.key), published=row.kind == "published")
    claim = row.claims.get(column.key)
    if brief:
        return Cell(text, mark)
    if claim is None:
        return Cell(text, mark, _detail(row, column))
    printed = column.text(claim.published, published=True)
    said = f"published {printed}, {column.change(claim.difference)}"
    return Cell(text, mark, _detail(row, column), said, claim.met)


def _detail(row: Row, column: Column) -> str:
    parts = []
    interval = row.intervals.get(column.key)
    if interval is not None and not math.isnan(interval.low):
        parts.append(f"[{column.text(interval.low)}, {column.text(interval.high)}]")
    if column == TIME and row.quartiles is not None:
        parts.append("[{}, {}]".format(*map(column.text, row.quartiles)))
    return " ".join(parts)


def marks_of(places: list[int | None]) -> list[Mark | None]:
    """Return the marks of the best and the second best rank."""
    # A single row is not marked.
    if sum(place is not None for place in places) < 2:
        return [None] * len(places)
    marks: Mapping[int | None, Mark] = {1: "best", 2: "second"}
    return [marks.get(place) for place in places]


def _number(notes: list[str], note: str) -> int:
    if note not in notes:
        notes.append(note)
    return notes.index(note) + 1


def _without_nan(value: Any) -> Any:
    """Replace NaN by None, because JSON has no NaN; the interval of a single image has NaN bounds."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, Mapping):
        return {key: _without_nan(item) for key, item in value.items()}
    return [_without_nan(item) for item in value] if isinstance(value, list) else value
