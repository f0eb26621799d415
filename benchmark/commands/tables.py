"""Print tables: fitted to the window in a terminal, in full width in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table as Drawn
from rich.text import Text

from realdof.common.console import UNLIMITED, draw, stdout

if TYPE_CHECKING:
    from benchmark.leaderboards.render.tables import Cell, Table

GAP = 2
"""Characters between two columns."""
NARROWEST, LONGEST = 12, 24
"""Smallest width of a column of words, and longest word that is not broken, in characters."""


@dataclass(frozen=True)
class _Column:
    """A column's cells, heading first, and how narrow it may be.

    Parameters
    ----------
    cells
        Texts with rich markup; a cell may have several lines.
    words
        Whether the column holds words, which may wrap.
    """

    cells: tuple[str, ...]
    words: bool

    @property
    def natural(self) -> int:
        """Width of the widest cell, characters."""
        return max(map(_width, self.cells))

    @property
    def least(self) -> int:
        """Smallest width, characters: that of a whole number, or of a text's longest word."""
        heading = _longest(self.cells[0])
        if self.words:
            longest = max(map(_longest, self.cells[1:]), default=0)
            return min(self.natural, max(NARROWEST, heading, min(longest, LONGEST)))
        return max(heading, *map(_width, self.cells[1:])) if len(self.cells) > 1 else heading


def print_table(table: Table, files: Iterable[Path] = (), *, wide: bool = False) -> None:
    """Print a table and its notes, the best figures in bold and the second best underlined, and its files.

    In a terminal the table fits the window: headings wrap first, then columns of words. Columns that still do not fit
    go into further tables below, each of which repeats the first column. In a pipe the width is unlimited.

    Parameters
    ----------
    files
        Files to which the table was written.
    wide
        Whether to show the extra columns too.
    """
    positions = [at for at in range(len(table.columns)) if wide or at not in table.extra]
    columns = [
        _Column((escape(table.columns[at]), *(_cell(row[at]) for row in table.rows)), at in table.words)
        for at in positions
    ]
    tell(f"[bold]{escape(table.title)}[/]")
    limit = stdout.width if stdout.is_terminal else UNLIMITED
    for number, block in enumerate(_blocks(columns, limit)):
        if number:
            stdout.print()
        _draw(block, limit, table.muted)
    for number, note in enumerate(table.notes, 1):
        tell(f"{number}. {escape(note)}")
    if len(positions) < len(table.columns):
        left_out = [name for at, name in enumerate(table.columns) if at not in positions]
        tell(f"[dim]--wide shows also: {escape(', '.join(left_out))}[/]")
    for path in files:
        stdout.print(f"written: {escape(str(path))}", highlight=False, soft_wrap=True)


def tell(markup: str) -> None:
    """Print a sentence: wrapped at words in a terminal, on one line in a pipe."""
    stdout.print(markup, highlight=False, soft_wrap=not stdout.is_terminal)


def _blocks(columns: Sequence[_Column], limit: int) -> list[list[_Column]]:
    """Distribute the columns over as many tables as are needed, each with the first column."""
    first, blocks = columns[0], [[columns[0]]]
    for column in columns[1:]:
        if _least_width([*blocks[-1], column]) > limit and len(blocks[-1]) > 1:
            blocks.append([first])
        blocks[-1].append(column)
    return blocks


def _least_width(columns: Sequence[_Column]) -> int:
    return sum(column.least for column in columns) + GAP * (len(columns) - 1)


def _widths(columns: Sequence[_Column], limit: int) -> list[int]:
    """Return each column's width in characters: its natural width, reduced until the table fits, the widest first."""
    widths, least = [column.natural for column in columns], [column.least for column in columns]
    over = sum(widths) + GAP * (len(columns) - 1) - limit
    # Headings wrap before words do, because a name on one line matters more than a heading.
    for words in (False, True):
        while over > 0:
            loose = [at for at, column in enumerate(columns) if column.words == words and widths[at] > least[at]]
            if not loose:
                break
            widths[max(loose, key=lambda at: widths[at])] -= 1
            over -= 1
    return widths


def _draw(columns: Sequence[_Column], limit: int, muted: Iterable[int]) -> None:
    drawn = Drawn(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for column, width in zip(columns, _widths(columns, limit), strict=True):
        side = "left" if column.words else "right"
        drawn.add_column(column.cells[0], width=width, justify=side, overflow="fold")  # type: ignore[arg-type]
    for at, row in enumerate(zip(*(column.cells[1:] for column in columns), strict=True)):
        drawn.add_row(*row, style="dim" if at in muted else None)
    draw(drawn)


def _width(markup: str) -> int:
    return max((line.cell_len for line in Text.from_markup(markup).split("\n")), default=0)


def _longest(markup: str) -> int:
    return max((Text(word).cell_len for word in Text.from_markup(markup).plain.split()), default=0)


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    if cell.mark and text:
        text = f"[bold]{text}[/]" if cell.mark == "best" else f"[underline]{text}[/]"
    notes = f" ({','.join(map(str, cell.notes))})" if cell.notes else ""
    detail = f"\n[dim]{escape(cell.detail)}[/]" if cell.detail else ""
    colour = "green" if cell.met else "red"
    claim = f"\n[{colour}]{escape(cell.details[-1])}[/]" if cell.claim else ""
    return text + notes + detail + claim
