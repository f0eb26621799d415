"""Build leaderboards of measured and published figures from result files; no image is computed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark import registry
from benchmark.leaderboards.column import FIXED_METRICS, MACS, PARAMETERS, TIME, Column, cost_columns, metric_columns
from benchmark.leaderboards.notes import elsewhere, notes_of
from benchmark.leaderboards.published import PublishedFigure, published_figures
from benchmark.leaderboards.rows import Row, measured_row, published_row
from benchmark.results.cards import KnownCard
from benchmark.results.choice import every_run
from benchmark.results.record import Record
from benchmark.results.run import Run
from realdof.common.errors import InputError


@dataclass(frozen=True)
class Leaderboard:
    """The leaderboard of a data set under one protocol.

    Parameters
    ----------
    dataset, protocol, version
        The data set and the protocol of every measured row, and the protocol's version.
    metrics, costs
        The columns of figures; the rows can be sorted by any of them.
    sorted_by
        Key of the column by which the rows are sorted.
    rows
        Ranked rows from best to worst, then rows that are not ranked, then published ones.
    notes
        Notes on the whole table, one sentence each.
    warnings
        The first of these notes, which apply whichever columns are shown.
    """

    dataset: str
    protocol: str
    version: int
    metrics: tuple[Column, ...]
    costs: tuple[Column, ...]
    sorted_by: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns of figures."""
        return (*self.metrics, *self.costs)

    def places(self, column: Column) -> list[int | None]:
        """Return each row's rank in a column, from 1; None for rows that are not ranked."""
        return column.places([row.figures.get(column.key) if row.ranked else None for row in self.rows])


def build(results: Path, dataset: str, protocol: str, *, sort: str = "psnr", images: str | None = None) -> Leaderboard:
    """Build the leaderboard of a data set under a protocol: its runs, and the published figures beside them.

    Parameters
    ----------
    protocol
        Name of the protocol; it need not be installed.
    sort
        Key of any column of the leaderboard.
    images
        First digits of the images' identity, needed if the name of the data set stands for several sets of images.

    Raises
    ------
    InputError
        There are no such runs, they are on different images, or no column has the key ``sort``.
    """
    every = every_run(results, dataset)
    under = [run for run in every if run.settings.protocol == protocol]
    version = _version(protocol, under)
    current = [run for run in under if run.settings.protocol_version == version]
    chosen = _on_one_set_of_images(current, dataset, images)
    if not chosen:
        others = sorted({run.settings.protocol for run in every} - {protocol})
        advice = f"; there are runs under {', '.join(others)}: give --protocol" if others else ""
        raise InputError(f"{results} has no run on {dataset} under {protocol}, version {version}{advice}")
    printed = published_figures(dataset, protocol)
    records = [run.records() for run in chosen]
    possible = _possible_metrics(protocol, chosen, records)
    measured = [measured_row(run, one, possible, printed) for run, one in zip(chosen, records, strict=True)]
    beside = printed or _of_another_data_set({row.method for row in measured}, protocol)
    shown = [published_row(figure) for figure in beside]
    metrics, costs = (_with_figures(columns, [*measured, *shown]) for columns in (possible, cost_columns()))
    by = _column_to_sort_by(sort, (*metrics, *costs))
    notes = [_protocol_note(protocol, version)]
    if len(under) > len(current):
        notes.append(f"Runs under an older version of {protocol} are left out: {len(under) - len(current)}.")
    notes += elsewhere(dataset, shown)
    warnings = tuple(notes)
    notes += notes_of(metrics, measured, shown)
    rows = (*_in_order(measured, by), *_in_order(shown, by))
    return Leaderboard(dataset, protocol, version, metrics, costs, sort, rows, tuple(notes), warnings)


def _version(protocol: str, runs: Sequence[Run]) -> int:
    installed = registry.find_protocol(protocol)
    if installed is not None:
        return installed.version
    if not runs:
        # Raises an error that names the installed protocols, or a package that is broken.
        return registry.protocol(protocol).version
    return max(run.settings.protocol_version for run in runs)


def _protocol_note(protocol: str, version: int) -> str:
    installed = registry.find_protocol(protocol)
    about = "it is not installed, so its runs are shown as they were scored" if installed is None else installed.summary
    return f"Protocol {protocol}, version {version}: {about}."


def _possible_metrics(protocol: str, runs: Sequence[Run], records: Sequence[Mapping[str, Record]]) -> list[Column]:
    """Return the columns of all metrics that the runs have scores for, and of those that papers print."""
    scored = {name for one in records for record in one.values() for name in record.scores}
    kept = {column: card for run in reversed(runs) for column, card in run.columns.items()}
    found = metric_columns(protocol, scored, kept)
    missing = [key for key in FIXED_METRICS if key not in {column.key for column in found}]
    printed = [Column.of(key, KnownCard(registry.metric_card(key), True)) for key in missing]
    return sorted([*found, *printed], key=lambda column: _place_of(column.key))


def _place_of(key: str) -> int:
    return FIXED_METRICS.index(key) if key in FIXED_METRICS else len(FIXED_METRICS)


def _with_figures(columns: Iterable[Column], rows: Sequence[Row]) -> tuple[Column, ...]:
    """Return the columns that papers print, and other columns in which at least one row has a figure."""
    fixed = {*FIXED_METRICS, PARAMETERS.key, MACS.key, TIME.key}
    return tuple(
        column
        for column in columns
        if column.key in fixed or any(row.figures.get(column.key) is not None for row in rows)
    )


def _column_to_sort_by(key: str, columns: Sequence[Column]) -> Column:
    for column in columns:
        if column.key == key:
            return column
    raise registry.unknown("column to sort by", key, [column.key for column in columns])


def _in_order(rows: Iterable[Row], by: Column) -> list[Row]:
    """Sort the rows: ranked ones from best to worst, then those that are not ranked or lack the figure."""

    def place(row: Row) -> tuple[bool, float, str]:
        value = row.figures.get(by.key)
        last = value is None or (row.kind == "measured" and not row.ranked)
        return last, 0.0 if value is None else by.ascending(value), row.method

    return sorted(rows, key=place)


def _on_one_set_of_images(runs: list[Run], dataset: str, images: str | None) -> list[Run]:
    chosen = [run for run in runs if images is None or run.settings.images.startswith(images)]
    found = sorted({run.settings.images for run in chosen})
    if len(found) > 1:
        raise InputError(
            f"there are runs on {len(found)} different sets of images named {dataset}, which share no table; "
            f"choose one with --images: {', '.join(identity[:8] for identity in found)}"
        )
    return chosen


def _of_another_data_set(methods: set[str], protocol: str) -> list[PublishedFigure]:
    """Return the papers' figures of the methods on DPDD, shown for a data set that no paper has used."""
    figures = published_figures("dpdd", protocol)
    return [figure for figure in figures if figure.method in methods and figure.source_kind == "paper"]
