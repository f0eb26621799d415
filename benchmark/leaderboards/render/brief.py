"""Render a leaderboard for a terminal: rank, method, a few figures, and a letter for the weights."""

from collections.abc import Iterable, Sequence

from benchmark import registry
from benchmark.leaderboards.build import Leaderboard
from benchmark.leaderboards.render.formats import figure_cell, marks_of
from benchmark.leaderboards.render.tables import Cell, Table
from benchmark.leaderboards.rows import Row

DEFAULT = ("psnr", "ssim", "lpips", "time_s")
"""Keys of the default columns; those without any figure are left out."""
WORDS = {"n": "Images", "weights": "Weights", "source": "Source"}
"""Further columns that can be chosen, with their headings."""
WEIGHTS = {"official": "o", "synthetic": "s"}
_ELSEWHERE = ("weights ", "median time of its stages")
"""Beginnings of remarks that only `--wide` shows: the weights have a mark here, and stages have no column."""
FILE = "f"
"""Mark of weights from a file of the user."""


def brief_table(board: Leaderboard, columns: Sequence[str] = ()) -> Table:
    """Make a table for a terminal.

    Parameters
    ----------
    columns
        Keys of columns of figures or of `WORDS`; empty for `DEFAULT` and the column by which the rows are sorted.

    Raises
    ------
    InputError
        There is no such column.
    """
    known = {column.key: column for column in board.columns}
    for key in columns:
        if key not in known and key not in WORDS:
            raise registry.unknown("column", key, [*known, *WORDS])
    keys = columns or _default_keys(board)
    places = board.places(known[board.sorted_by])
    marks = {key: marks_of(board.places(known[key])) for key in keys if key in known and known[key].kind == "metric"}
    notes, rows = [*board.warnings], []
    for at, row in enumerate(board.rows):
        numbers = tuple(_number(notes, f"{row.method}: {remark}.") for remark in _remarks(row))
        cells = [Cell(_rank(row, places[at])), Cell(row.method, notes=numbers), Cell(_weights_mark(row))]
        for key in keys:
            if key in known:
                cells.append(figure_cell(row, known[key], marks[key][at] if key in marks else None, brief=True))
            else:
                cells.append(Cell(str(row.n or "") if key == "n" else getattr(row, key)))
        rows.append(tuple(cells))
    headings = ["Rank", "Method", "W", *(known[key].heading if key in known else WORDS[key] for key in keys)]
    legend = _legend(board.rows)
    if legend:
        notes.append(legend)
    return Table(
        f"{board.dataset}, protocol {board.protocol}",
        tuple(headings),
        tuple(rows),
        tuple(notes),
        words=frozenset({1, 2, *(at for at, key in enumerate(keys, 3) if key in ("weights", "source"))}),
        muted=frozenset(at for at, row in enumerate(board.rows) if row.kind == "published"),
    )


def _default_keys(board: Leaderboard) -> tuple[str, ...]:
    filled = {key for row in board.rows for key, value in row.figures.items() if value is not None}
    wanted = dict.fromkeys((*DEFAULT, board.sorted_by))
    return tuple(key for key in wanted if key in filled) or (board.sorted_by,)


def _rank(row: Row, place: int | None) -> str:
    if row.kind == "published":
        return "paper"
    return "-" if place is None else str(place)


def _remarks(row: Row) -> Iterable[str]:
    """Return the remarks on a measured row, without those that only `--wide` shows."""
    if row.kind == "published":
        return ()
    return (remark for remark in row.remarks if not remark.startswith(_ELSEWHERE))


def _weights_mark(row: Row) -> str:
    if not row.weights or row.kind == "published":
        return ""
    return WEIGHTS.get(row.weights, FILE)


def _legend(rows: Iterable[Row]) -> str:
    there = {_weights_mark(row) for row in rows}
    words = {"o": "official", "s": "synthetic: ours, trained on rendered defocus", FILE: "a file or program of yours"}
    said = [f"{mark} {text}" for mark, text in words.items() if mark in there]
    return f"W, the weights: {'; '.join(said)}." if said else ""


def _number(notes: list[str], note: str) -> int:
    if note not in notes:
        notes.append(note)
    return notes.index(note) + 1
