"""A leaderboard as a web page that needs no network: a table to sort, and a folder of pictures to compare."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmark import registry
from benchmark.datasets.base import Dataset
from benchmark.leaderboards.build import Leaderboard
from benchmark.leaderboards.render.formats import headings, to_table
from benchmark.leaderboards.render.tables import Cell, templates
from benchmark.leaderboards.rows import Row
from benchmark.report.pictures import Scene, draw_scenes
from realdof.common.errors import InputError
from realdof.common.files import write_text

SCENES = 20
"""How many scenes have pictures by default; with five methods they take some 20 MB."""


@dataclass(frozen=True)
class _Line:
    """A row of the page: its cells, each with the value that sorts it, empty where there is none."""

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
        Called with the number of scenes drawn and the number of all.

    Returns
    -------
    str
        The page; one without pictures says why in one sentence.
    """
    folder = path.with_name(f"{path.stem}-pictures")
    # Pictures of an earlier page may be of runs that are gone.
    if folder.is_dir():
        shutil.rmtree(folder)
    drawn: list[Scene] = []
    missing = "No pictures were asked for."
    if dataset is not None and scenes > 0:
        try:
            drawn = draw_scenes(
                board.rows, dataset(), registry.protocol(board.protocol), board.metrics, folder, scenes, report
            )
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
    keys = list(headings(board))
    higher = frozenset(keys.index(column.key) for column in board.columns if column.better == "higher")
    return templates(__package__).get_template("leaderboard.html").render(
        table=table, lines=lines, sorted_by=keys.index(board.sorted_by), higher=higher, scenes=scenes, missing=missing,
        titles=headings(board),
    )  # fmt: skip


def _values(board: Leaderboard, row: Row) -> list[str]:
    values = [getattr(row, key) if hasattr(row, key) else row.figures.get(key) for key in headings(board)]
    return ["" if value is None else repr(value) if isinstance(value, float) else str(value) for value in values]
