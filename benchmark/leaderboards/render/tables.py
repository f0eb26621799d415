"""A table of text cells, and its Markdown, LaTeX, HTML and CSV: leaderboards, the papers' tables, comparisons."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import pandas as pd
from jinja2 import Environment, PackageLoader
from tabulate import tabulate

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
        Its text; may be empty.
    mark
        Best and second best are told apart from the rest.
    detail
        Printed smaller after the text: an interval.
    claim
        Printed smaller after that: the published figure and the difference from it.
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
        """What is said smaller: the detail, and the claim with ✓ or ✗."""
        claim = f"({self.claim} {'✓' if self.met else '✗'})" if self.claim else ""
        return tuple(text for text in (self.detail, claim) if text)


@dataclass(frozen=True)
class Table:
    """Headings, rows of as many cells, and numbered notes.

    Parameters
    ----------
    title
        What stands above it.
    columns
        Headings.
    rows
        Each of one cell a column.
    notes
        One sentence each.
    words
        Positions of columns that hold words; figures stand to the right.
    muted
        Positions of rows that are not the reader's own: published figures.
    extra
        Positions of columns that a terminal shows only if asked for.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    words: frozenset[int] = frozenset({0})
    muted: frozenset[int] = field(default_factory=frozenset)
    extra: frozenset[int] = frozenset()


def to_markdown(table: Table) -> str:
    """GitHub Markdown: best in bold, second best underlined, notes as a list."""
    headings = [_markdown(column) for column in table.columns]
    cells = [[_markdown_cell(cell) for cell in row] for row in table.rows]
    alignment = ["left" if at in table.words else "right" for at in range(len(table.columns))]
    # Figures are text already, with the digits that are to be seen.
    body = tabulate(cells, headings, "pipe", colalign=alignment if cells else None, disable_numparse=True)
    notes = "".join(f"{number}. {_markdown(note)}\n" for number, note in enumerate(table.notes, 1))
    return f"**{_markdown(table.title)}**\n\n{body}\n" + (f"\n{notes}" if notes else "")


def to_latex(table: Table) -> str:
    """A ``tabular`` for the package booktabs: best in bold, second best underlined, notes below."""
    frame = _frame(table, _latex_cell).rename(columns=escape_latex)
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
    """One page that needs nothing else, with every table on it."""
    return templates(__package__).get_template("tables.html").render(tables=tables)


def to_csv(table: Table) -> str:
    """The cells' texts, details left out."""
    return _frame(table, lambda cell: cell.text).to_csv(index=False, lineterminator="\n")


def to_json(table: Table) -> str:
    """Title, columns, notes, and every cell with its text, mark and detail."""
    rows = [
        [{"text": cell.text, "mark": cell.mark, "detail": " ".join(cell.details)} for cell in row] for row in table.rows
    ]
    content = {"title": table.title, "columns": list(table.columns), "rows": rows, "notes": list(table.notes)}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _frame(table: Table, text: Callable[[Cell], str]) -> pd.DataFrame:
    return pd.DataFrame([[text(cell) for cell in row] for row in table.rows], columns=pd.Index(table.columns))


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
    """Text as LaTeX prints it."""
    return "".join(_LATEX.get(letter, letter) for letter in text.replace("\n", " "))


@cache
def templates(package: str) -> Environment:
    """The templates of a package's pages."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


SUFFIXES = {"csv": "csv", "markdown": "md", "latex": "tex", "html": "html", "json": "json"}
"""Suffix of the file by format."""


def rendered(table: Table, format: str) -> str:
    """A table in one of the formats that files have."""
    writers: dict[str, Callable[[Table], str]] = {
        "csv": to_csv, "markdown": to_markdown, "latex": to_latex, "html": to_html, "json": to_json,
    }  # fmt: skip
    return writers[format](table)
