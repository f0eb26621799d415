"""One table over all data sets: a row per method, a column per data set, and the mean rank of complete methods."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from benchmark import registry
from benchmark.datasets.subset import whole_name
from benchmark.leaderboards.build import Leaderboard, build
from benchmark.leaderboards.column import Column
from benchmark.leaderboards.render.tables import Cell, Mark, Table
from benchmark.leaderboards.rows import Row
from benchmark.results.choice import every_run
from realdof.common.errors import InputError

MISSING = "missing"


@dataclass(frozen=True)
class AcrossRow:
    """One method with one set of weights, or a method's published figures.

    Parameters
    ----------
    method, weights, kind
        See `benchmark.leaderboards.rows.Row`.
    figures
        Figure by data set; data sets without a figure are absent.
    mean_rank
        Mean of the ranks among the measured methods that have a figure on every data set; None for the others.
    """

    method: str
    weights: str
    kind: str
    figures: Mapping[str, float]
    mean_rank: float | None = None


@dataclass(frozen=True)
class Across:
    """The table of one metric over several data sets.

    Parameters
    ----------
    column
        The metric.
    protocols
        Protocol by data set, in the order of the columns.
    rows
        Methods with every data set, sorted by mean rank; then methods that lack some; then published figures.
    left_out
        Data sets without a column and the reason, one sentence each.
    """

    column: Column
    protocols: Mapping[str, str]
    rows: tuple[AcrossRow, ...]
    left_out: tuple[str, ...]


def build_across(results: Path, protocol: str | None = None, sort: str = "psnr") -> Across:
    """Collect one metric over every data set that has runs.

    Parameters
    ----------
    protocol
        Name of the protocol; None for each data set's own.
    sort
        Key of the metric.

    Raises
    ------
    InputError
        No data set has runs with this metric.
    """
    boards: dict[str, Leaderboard] = {}
    left_out = []
    for dataset in sorted({run.settings.dataset for run in every_run(results)}):
        try:
            boards[dataset] = build(results, dataset, protocol or _own_protocol(dataset), sort=sort)
        except InputError as error:
            left_out.append(f"{dataset} is left out: {error}")
    if not boards:
        raise InputError(f"{results} has no data set to compare over; {'; '.join(left_out) or 'make runs first'}")
    columns = {name: _column(board) for name, board in boards.items()}
    measured = _collected(boards, "measured")
    published = _collected(boards, "published")
    complete = [row for row in measured if row.figures.keys() == boards.keys()]
    means = _mean_ranks(complete, columns)
    ranked = [
        AcrossRow(row.method, row.weights, row.kind, row.figures, mean)
        for row, mean in sorted(zip(complete, means, strict=True), key=lambda pair: (pair[1], pair[0].method))
    ]
    partial = [row for row in measured if row.figures.keys() != boards.keys()]
    rows = [*ranked, *_most_first(partial), *_most_first(published)]
    protocols = {name: board.protocol for name, board in boards.items()}
    return Across(next(iter(columns.values())), protocols, tuple(rows), tuple(left_out))


def across_table(found: Across) -> Table:
    """Make the table for readers: it marks the best and second best of each data set, and missing figures."""
    measured = [row.figures if row.kind == "measured" else {} for row in found.rows]
    marks = {name: _marks(found.column.places([figures.get(name) for figures in measured])) for name in found.protocols}
    ranks = _marks([None if row.mean_rank is None else _place(row, found.rows) for row in found.rows])
    rows = []
    for at, row in enumerate(found.rows):
        figures = [
            Cell(found.column.text(row.figures[name], published=row.kind == "published"), marks[name][at])
            if name in row.figures
            else Cell(MISSING)
            for name in found.protocols
        ]
        rank = Cell("" if row.mean_rank is None else f"{row.mean_rank:.2f}", ranks[at])
        have = Cell(f"{len(row.figures)} of {len(found.protocols)}")
        rows.append((Cell(row.method), Cell(row.weights), Cell(row.kind), *figures, rank, have))
    protocols = ", ".join(f"{name} under {protocol}" for name, protocol in found.protocols.items())
    notes = [
        f"{found.column.heading} on each data set: {protocols}.",
        "The mean rank is over all data sets, among the methods that were measured on every one of them; "
        "a method that lacks a data set has none.",
        *(f"{sentence}." for sentence in found.left_out),
    ]
    return Table(
        f"{found.column.heading} across data sets",
        ("Method", "Weights", "Kind", *found.protocols, "Mean rank ↓", "Data sets"),
        tuple(rows),
        tuple(notes),
        frozenset({0, 1, 2}),
        frozenset(at for at, row in enumerate(found.rows) if row.kind == "published"),
    )


def _own_protocol(dataset: str) -> str:
    return registry.dataset(whole_name(dataset)).card.protocol


def _column(board: Leaderboard) -> Column:
    return next(column for column in board.columns if column.key == board.sorted_by)


def _collected(boards: Mapping[str, Leaderboard], kind: str) -> list[AcrossRow]:
    """Return a row per method and weights; of several runs on a data set, the best figure counts."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for name, board in boards.items():
        for row in board.rows:
            value = row.figures.get(board.sorted_by)
            if row.kind != kind or row.dataset != name or value is None or not _counts(row):
                continue
            # Rows are sorted from best to worst, so the first one has the best figure.
            found.setdefault((row.method, row.weights), {}).setdefault(name, value)
    return [AcrossRow(method, weights, kind, figures) for (method, weights), figures in found.items()]


def _counts(row: Row) -> bool:
    return row.ranked or row.kind == "published"


def _mean_ranks(rows: list[AcrossRow], columns: Mapping[str, Column]) -> list[float]:
    ranks = {name: column.places([row.figures[name] for row in rows]) for name, column in columns.items()}
    return [fmean(ranks[name][at] or 0 for name in columns) for at in range(len(rows))]


def _most_first(rows: Iterable[AcrossRow]) -> list[AcrossRow]:
    return sorted(rows, key=lambda row: (-len(row.figures), row.method, row.weights))


def _place(row: AcrossRow, rows: Iterable[AcrossRow]) -> int:
    means = sorted(other.mean_rank for other in rows if other.mean_rank is not None)
    return means.index(row.mean_rank or 0.0) + 1


def _marks(places: list[int | None]) -> list[Mark | None]:
    if sum(place is not None for place in places) < 2:
        return [None] * len(places)
    marks: dict[int | None, Mark] = {1: "best", 2: "second"}
    return [marks.get(place) for place in places]
