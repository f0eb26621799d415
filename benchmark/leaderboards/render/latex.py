"""Render a leaderboard as a LaTeX table for a paper: chosen columns, short names, comparable rows only."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchmark import registry
from benchmark.leaderboards.build import Leaderboard
from benchmark.leaderboards.column import Column
from benchmark.leaderboards.render.tables import escape_latex
from benchmark.leaderboards.rows import Row
from benchmark.results.run import Run

Names = Literal["short", "full"]


@dataclass(frozen=True)
class PaperStyle:
    """Style of a table for a paper.

    Parameters
    ----------
    columns
        Keys of the columns of figures, in order; empty for every metric that the runs have.
    names
        ``short``: the method's title, followed by the weights if two rows share it; ``full``: method and weights.
    bold, second
        Whether to print the best ranked figure in bold, and to underline the second best.
    intervals
        Whether to print bootstrap intervals of the mean below the figures.
    """

    columns: tuple[str, ...] = ()
    names: Names = "short"
    bold: bool = True
    second: bool = True
    intervals: bool = False


def paper_latex(board: Leaderboard, style: PaperStyle) -> str:
    """Return a ``table`` for the package booktabs; with intervals, a ``table*`` that spans both columns of the page.

    Published figures follow below a rule, but only those on the same data set. Incomplete or tiled runs, which are not
    ranked, are left out; a comment says how many.

    Raises
    ------
    InputError
        There is no such column.
    """
    columns = _chosen(board, style.columns)
    places = {column.key: board.places(column) for column in columns}
    ranked = [(at, row) for at, row in enumerate(board.rows) if row.ranked]
    printed = [row for row in board.rows if row.kind == "published" and row.dataset == board.dataset]
    names = _names([row for _, row in ranked], style.names)
    unranked = sum(row.kind == "measured" and not row.ranked for row in board.rows)
    rows = []
    for (at, row), name in zip(ranked, names, strict=True):
        # Costs are not marked: they may come from different machines, and few parameters are not a merit in themselves.
        marks = [places[c.key][at] if len(ranked) > 1 and c.kind == "metric" else None for c in columns]
        cells = (_cell(row, column, mark, style) for column, mark in zip(columns, marks, strict=True))
        rows.append(" & ".join([escape_latex(name), *cells]) + r" \\")
        # Below the figures, so that the table fits a page.
        if style.intervals and row.intervals:
            rows[-1] += "[-1pt]"
            rows.append(" & ".join(["", *(_interval(row, column) for column in columns)]) + r" \\[1pt]")
    if printed:
        width = len(columns) + 1
        rows += [r"\midrule", rf"\multicolumn{{{width}}}{{l}}{{\textit{{as published}}}} \\"]
        for row in printed:
            figures = (escape_latex(c.text(row.figures.get(c.key), published=True)) for c in columns)
            rows.append(" & ".join([escape_latex(row.method), *figures]) + r" \\")
    caption = f"Results on {board.dataset} under protocol {board.protocol}."
    if style.intervals:
        caption += " In brackets: 95 % bootstrap intervals of the mean over images."
    label = re.sub(r"[^a-z0-9]+", "-", f"{board.dataset} {board.protocol}".lower()).strip("-")
    left_out = [f"% {unranked} runs that are incomplete or tiled are left out."] if unranked else []
    heading = " & ".join(["Method", *(escape_latex(column.heading) for column in columns)]) + r" \\"
    # With intervals, the table is too wide for one column of a two-column paper, and nearly too wide for the page.
    wide = style.intervals and len(columns) > 1
    environment = "table*" if wide else "table"
    smaller = [r"\footnotesize", r"\setlength{\tabcolsep}{4pt}"] if wide else []
    return "\n".join([
        rf"\begin{{{environment}}}[t] % \usepackage{{booktabs}}", *left_out,
        r"\centering", *smaller, rf"\caption{{{escape_latex(caption)}}}", rf"\label{{tab:{label}}}",
        rf"\begin{{tabular}}{{l{'r' * len(columns)}}}", r"\toprule", heading, r"\midrule", *rows, r"\bottomrule",
        r"\end{tabular}", rf"\end{{{environment}}}", "",
    ])  # fmt: skip


def _chosen(board: Leaderboard, keys: Sequence[str]) -> list[Column]:
    known = {column.key: column for column in board.columns}
    wanted = keys or [column.key for column in board.metrics if column.kind == "metric"]
    for key in wanted:
        if key not in known:
            raise registry.unknown("column", key, known)
    return [known[key] for key in wanted]


def _names(rows: Sequence[Row], names: Names) -> list[str]:
    full = [f"{row.method} ({row.weights})" if row.weights else row.method for row in rows]
    if names == "full":
        return full
    titles = [row.method if row.folder is None else Run(row.folder).method.title for row in rows]
    weights = [f" ({row.weights})" if row.weights else "" for row in rows]
    return [
        title if titles.count(title) == 1 else title + weight for title, weight in zip(titles, weights, strict=True)
    ]


def _cell(row: Row, column: Column, place: int | None, style: PaperStyle) -> str:
    text = escape_latex(column.text(row.figures.get(column.key)))
    if text and place == 1 and style.bold:
        return rf"\textbf{{{text}}}"
    if text and place == 2 and style.second:
        return rf"\underline{{{text}}}"
    return text


def _interval(row: Row, column: Column) -> str:
    interval = row.intervals.get(column.key)
    if interval is None or math.isnan(interval.low):
        return ""
    return rf"{{\scriptsize [{column.text(interval.low)}, {column.text(interval.high)}]}}"
