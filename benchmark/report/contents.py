"""Collect the contents of a report: the tables of a results folder, and the image sets whose pictures it shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark import registry
from benchmark.datasets.base import Dataset
from benchmark.leaderboards import build as boards
from benchmark.leaderboards.build import Leaderboard
from benchmark.leaderboards.rows import Row
from benchmark.protocols.base import Protocol
from benchmark.report.layers import INPUT, TARGET
from benchmark.report.slugs import slug
from benchmark.results.choice import every_run
from benchmark.results.record import Record
from benchmark.results.run import Run
from realdof.common.errors import InputError

INPUT_METHOD = "input"
"""Name of the method whose result is the defocused image itself."""
OpenDataset = Callable[[str], Dataset]
"""Function that opens a data set by its name in results; raises `InputError` if it is not available."""


@dataclass(frozen=True)
class Entrant:
    """One run in one table.

    Parameters
    ----------
    row, run, records
        The run, its row of the leaderboard, and its records by image.
    label
        Label for readers: method and weights, with the first digits of the run's id if two runs share both.
    key
        Name in links and file names, the same in every table that scores the same outputs.
    page
        File name of the method's page, without suffix.
    """

    row: Row
    run: Run
    records: Mapping[str, Record]
    label: str
    key: str
    page: str

    def output(self, image: str) -> Path | None:
        """Return the path of the result for an image, or None if it was not kept."""
        record = self.records.get(image)
        path = self.run.output(image)
        return path if record is not None and record.status == "ok" and path.is_file() else None


@dataclass(frozen=True)
class Board:
    """One leaderboard and the runs in it."""

    slug: str
    table: Leaderboard
    entrants: tuple[Entrant, ...]

    @property
    def title(self) -> str:
        """Name of the data set and the protocol."""
        return f"{self.table.dataset}, protocol {self.table.protocol}"


@dataclass(frozen=True)
class ImageSet:
    """The images that several tables share: one data set, read in the same way.

    Parameters
    ----------
    slug, title
        Name of its folder in the report, and of the data set.
    boards
        The tables that share these images.
    dataset, protocol
        The data set, and the protocol that reads its images; None if not available.
    missing
        Why there are no pictures; empty if there are some.
    """

    slug: str
    title: str
    boards: tuple[Board, ...]
    dataset: Dataset | None
    protocol: Protocol | None
    missing: str

    @property
    def outputs(self) -> dict[str, Entrant]:
        """One entrant for each set of outputs, by key, from best to worst; without the row of the input itself."""
        found: dict[str, Entrant] = {}
        for board in self.boards:
            for entrant in board.entrants:
                if entrant.key != INPUT:
                    found.setdefault(entrant.key, entrant)
        return found

    def covers(self, image: str) -> bool:
        """Return whether any run has a record of an image."""
        return any(image in entrant.records for board in self.boards for entrant in board.entrants)


@dataclass(frozen=True)
class Contents:
    """The contents of a report: all sets of images, and the tables left out, one sentence each."""

    sets: tuple[ImageSet, ...]
    left_out: tuple[str, ...]

    @property
    def boards(self) -> list[Board]:
        """All tables."""
        return [board for one in self.sets for board in one.boards]


def collect(
    results: Path, open_dataset: OpenDataset, dataset: str | None = None, protocol: str | None = None
) -> Contents:
    """Collect the tables of a results folder.

    Parameters
    ----------
    open_dataset
        Called once for each data set.
    dataset, protocol
        Include only runs on this data set and under this protocol; None for all.

    Raises
    ------
    InputError
        There is no run, or a run is damaged.
    """
    runs = every_run(results, dataset, protocol)
    if not runs:
        asked = "".join(f" {word} {name}" for word, name in (("on", dataset), ("under", protocol)) if name)
        raise InputError(f"{results} has no run{asked}; make one with ifan-bench run")
    tables, left_out = _tables(results, runs)
    by_set: dict[tuple[object, ...], list[Leaderboard]] = {}
    for (dataset_name, _, identity), table in tables.items():
        known = registry.find_protocol(table.protocol)
        reading: object = table.protocol if known is None else known.reading
        by_set.setdefault((dataset_name, identity, reading), []).append(table)
    pages, slugs = _Names(), set[str]()
    sets = []
    for key, found in by_set.items():
        name, images = str(key[0]), str(key[1])
        keys = _Names()
        made = tuple(_board(table, keys, pages, slugs) for table in found)
        read = registry.find_protocol(found[0].protocol)
        opened, missing = _opened(name, images, open_dataset, made)
        if read is None:
            missing = f"protocol {found[0].protocol} is not installed, so its images cannot be read"
        # Two sets of images may share a data set's name.
        sets.append(ImageSet(slug(str(name), slugs), str(name), made, opened, read, missing))
    return Contents(tuple(sets), tuple(left_out))


class _Names:
    """Unique slugs by key; the same key always gets the same slug."""

    def __init__(self) -> None:
        self._found: dict[object, str] = {}
        self._taken: set[str] = {INPUT, TARGET, "blur"}

    def of(self, thing: object, text: str) -> str:
        if thing not in self._found:
            self._found[thing] = slug(text, self._taken)
        return self._found[thing]


def _tables(results: Path, runs: Sequence[Run]) -> tuple[dict[tuple[str, str, str], Leaderboard], list[str]]:
    tables: dict[tuple[str, str, str], Leaderboard] = {}
    left_out: list[str] = []
    for key in sorted({(run.settings.dataset, run.settings.protocol, run.settings.images) for run in runs}):
        name, protocol, images = key
        try:
            tables[key] = boards.build(results, name, protocol, images=images)
        except InputError as error:
            # For example if all runs are under an older version of the protocol; the other tables are still shown.
            left_out.append(f"{name} under {protocol} is left out: {error}.")
    if not tables:
        raise InputError(f"{results} has no run that can be shown: {left_out[0]}")
    return tables, left_out


def _board(table: Leaderboard, keys: _Names, pages: _Names, slugs: set[str]) -> Board:
    measured = [(row, Run(row.folder)) for row in table.rows if row.folder is not None]
    plain = [_label(row) for row, _ in measured]
    entrants = []
    for (row, run), label in zip(measured, plain, strict=True):
        unique = label if plain.count(label) == 1 else f"{label}, run {run.id[:6]}"
        origin = run.settings.rescored or run.id
        page = pages.of((row.method, row.weights), label)
        # The row `input` shows the defocused image, which every set of pictures already contains.
        key = INPUT if row.method == INPUT_METHOD else keys.of(origin, unique)
        entrants.append(Entrant(row, run, run.records(), unique, key, page))
    return Board(slug(f"{table.dataset} {table.protocol}", slugs), table, tuple(entrants))


def _label(row: Row) -> str:
    return f"{row.method} ({row.weights})" if row.weights else row.method


def _opened(name: str, images: str, open_dataset: OpenDataset, made: Sequence[Board]) -> tuple[Dataset | None, str]:
    kept = any(entrant.output(image) for board in made for entrant in board.entrants for image in entrant.records)
    if not kept:
        return None, "no run has kept its outputs"
    try:
        dataset = open_dataset(name)
        if dataset.identity() != images:
            return None, f"the images in {dataset.root} are not those that the runs are on; give their --root"
    except InputError as error:
        return None, str(error)
    return dataset, ""
