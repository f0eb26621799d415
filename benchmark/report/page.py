"""A leaderboard as a web page: a table to sort and pictures to compare, in a page and a folder without a network."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmark import registry
from benchmark.datasets.base import Dataset
from benchmark.leaderboards.build import Leaderboard, Row
from benchmark.leaderboards.render.formats import TITLES, has_memory, shown_bands, to_table
from benchmark.leaderboards.render.tables import Cell, templates
from benchmark.report.pictures import Scene, draw_scenes
from realdof.common.errors import InputError
from realdof.common.files import write_text

SCENES = 20
"""How many scenes have pictures unless others are asked for: with five methods, some 20 MB."""


@dataclass(frozen=True)
class _Line:
    """A row of the page: its cells, each with the value it is sorted by, empty where it has none."""

    kind: str
    cells: tuple[tuple[Cell, str], ...]


def write_page(
    board: Leaderboard,
    path: Path,
    dataset: Callable[[], Dataset] | None,
    scenes: int = SCENES,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> str:
    """Write the page, and its pictures into a folder beside it; give the page's text.

    Parameters
    ----------
    path
        The page; the folder has its name with ``-pictures``, and is made anew.
    dataset
        Opens the data set, whose images the pictures are compared with; None for no pictures.
    scenes
        How many scenes have pictures at most.
    report
        Told how many of how many scenes are drawn.

    Returns
    -------
    str
        A page without pictures says why in one sentence.
    """
    folder = path.with_name(f"{path.stem}-pictures")
    # Pictures of an earlier page may be of runs that are gone.
    if folder.is_dir():
        shutil.rmtree(folder)
    drawn: list[Scene] = []
    missing = "No pictures were asked for."
    if dataset is not None and scenes > 0:
        try:
            drawn = draw_scenes(board.rows, dataset(), registry.protocol(board.protocol), folder, scenes, report)
        except InputError as error:
            missing = f"There are no pictures: {error}."
    text = render(board, drawn, "" if drawn else missing)
    write_text(path, text)
    return text


def render(board: Leaderboard, scenes: list[Scene], missing: str) -> str:
    """The page's text; ``missing`` says why there are no scenes."""
    table = to_table(board)
    lines = [
        _Line(row.kind, tuple(zip(cells, _values(board, row), strict=True)))
        for row, cells in zip(board.rows, table.rows, strict=True)
    ]
    sorted_by = list(TITLES).index(board.sorted_by)
    return templates(__package__).get_template("leaderboard.html").render(
        table=table, lines=lines, sorted_by=sorted_by, scenes=scenes, missing=missing, titles=TITLES
    )  # fmt: skip


def _values(board: Leaderboard, row: Row) -> list[str]:
    values = [row.figures[name] if name in row.figures else getattr(row, name) for name in TITLES]
    if has_memory(board):
        values.append(row.peak_memory)
    values += [row.bands.get(band) for band in shown_bands(board)]
    return ["" if value is None else repr(value) if isinstance(value, float) else str(value) for value in values]
