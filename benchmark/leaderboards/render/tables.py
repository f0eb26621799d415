"""Tables of text cells, rendered as Markdown, LaTeX, HTML, CSV or JSON.

Commands that print a table to the terminal use its types alone, so what only a format needs is imported there.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from jinja2 import Environment

Mark = Literal["best", "second"]
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "↑": r"$\uparrow$", "↓": r"$\downarrow$",
    "×": r"$\times$", "σ": r"$\sigma$", "−": "$-$", "✓": r"$\checkmark$", "✗": r"$\times$", "±": r"$\pm$",
    "–": "--", "…": r"\ldots{}", "≥": r"$\geq$", "⁻": "$^{-}$", "¹": "$^{1}$",
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Parameters
    ----------
    text
        Text of the cell; may be empty.
    mark
        ``best``, ``second``, or None for the other cells.
    detail
        Interval, printed smaller after the text.
    claim
        Published figure and the difference from it, printed smaller after the interval.
    met
        Whether the published figure is reproduced; None without a claim.
    notes
        Numbers of the table's notes, from one.
    """

    text: str = ""
    mark: Mark | None = None
    detail: str = ""
    claim: str = ""
    met: bool | None = None
    notes: tuple[int, ...] = ()

    @property
    def details(self) -> tuple[str, ...]:
        """The parts printed smaller: the detail, and the claim with ✓ or ✗."""
        claim = f"({self.claim} {'✓' if self.met else '✗'})" if self.claim else ""
        return tuple(text for text in (self.detail, claim) if text)


@dataclass(frozen=True)
class Table:
    """A table with headings, rows of cells, and numbered notes.

    Parameters
    ----------
    title
        Title above the table.
    columns
        Headings.
    rows
        Rows with one cell per column.
    notes
        One sentence each.
    words
        Positions of columns with words, aligned left; figures are aligned right.
    muted
        Positions of rows shown less prominently, such as published figures.
    extra
        Positions of columns that a terminal shows only with ``--wide``.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    words: frozenset[int] = frozenset({0})
    muted: frozenset[int] = field(default_factory=frozenset)
    extra: frozenset[int] = frozenset()


def to_markdown(table: Table) -> str:
    """Render as GitHub Markdown: best in bold, second best underlined, notes as a list."""
    from tabulate import tabulate

    headings = [_markdown(column) for column in table.columns]
    cells = [[_markdown_cell(cell) for cell in row] for row in table.rows]
    alignment = ["left" if at in table.words else "right" for at in range(len(table.columns))]
    # Figures are already text with the right number of decimals.
    body = tabulate(cells, headings, "pipe", colalign=alignment if cells else None, disable_numparse=True)
    notes = "".join(f"{number}. {_markdown(note)}\n" for number, note in enumerate(table.notes, 1))
    return f"**{_markdown(table.title)}**\n\n{body}\n" + (f"\n{notes}" if notes else "")


def to_latex(table: Table) -> str:
    """Render as a LaTeX ``tabular`` for the package booktabs: best in bold, second best underlined, notes below."""
    import pandas as pd

    cells = [[_latex_cell(cell) for cell in row] for row in table.rows]
    frame = pd.DataFrame(cells, columns=pd.Index([escape_latex(column) for column in table.columns]))
    text = frame.to_latex(
        index=False,
        escape=False,
        column_format="".join("l" if at in table.words else "r" for at in range(len(table.columns))),
        caption=escape_latex(table.title),
    )
    if not table.notes:
        return text
    notes = [rf"$^{{{number}}}$~{escape_latex(note)}" for number, note in enumerate(table.notes, 1)]
    end = "\\end{table}\n"
    return "\n".join([text.removesuffix(end) + r"\par\smallskip\footnotesize", r" \\ ".join(notes), end])


def to_html(*tables: Table) -> str:
    """Render tables as one HTML page without external files."""
    return templates(__package__).get_template("tables.html").render(tables=tables)


def to_csv(table: Table) -> str:
    """Render the texts of the cells as CSV, without details."""
    return csv_text(table.columns, [[cell.text for cell in row] for row in table.rows])


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write rows as CSV as pandas does, which takes longer to load than all tables to write: None and NaN are empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(["" if value is None or value != value else value for value in row] for row in rows)
    return text.getvalue()


def to_json(table: Table) -> str:
    """Render as JSON: title, columns, notes, and every cell with its text, mark and detail."""
    rows = [
        [{"text": cell.text, "mark": cell.mark, "detail": " ".join(cell.details)} for cell in row] for row in table.rows
    ]
    content = {"title": table.title, "columns": list(table.columns), "rows": rows, "notes": list(table.notes)}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _markdown_cell(cell: Cell) -> str:
    text = _markdown(cell.text)
    if cell.mark and text:
        text = f"**{text}**" if cell.mark == "best" else f"<u>{text}</u>"
    numbers = ",".join(map(str, cell.notes))
    details = "".join(f" {_markdown(detail)}" for detail in cell.details)
    return text + details + (f"<sup>{numbers}</sup>" if numbers else "")


def _markdown(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
    return escaped.replace("\n", " ")


def _latex_cell(cell: Cell) -> str:
    text = escape_latex(cell.text)
    if cell.mark and text:
        text = rf"\textbf{{{text}}}" if cell.mark == "best" else rf"\underline{{{text}}}"
    numbers = ",".join(map(str, cell.notes))
    detail = "".join(rf" {{\scriptsize {escape_latex(detail)}}}" for detail in cell.details)
    return text + detail + (f"$^{{{numbers}}}$" if numbers else "")


def escape_latex(text: str) -> str:
    """Escape text for LaTeX."""
    return "".join(_LATEX.get(letter, letter) for letter in text.replace("\n", " "))


@cache
def templates(package: str) -> Environment:
    """Return the environment with the HTML templates of a package."""
    from jinja2 import Environment, PackageLoader

    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


SUFFIXES = {"csv": "csv", "markdown": "md", "latex": "tex", "html": "html", "json": "json"}
"""File suffix by format."""


def rendered(table: Table, format: str) -> str:
    """Render a table in one of the formats of `SUFFIXES`."""
    writers: dict[str, Callable[[Table], str]] = {
        "csv": to_csv, "markdown": to_markdown, "latex": to_latex, "html": to_html, "json": to_json,
    }  # fmt: skip
    return writers[format](table)
