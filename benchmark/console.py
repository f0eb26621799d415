"""What `ifan-bench` shows in the terminal: progress, summaries and tables."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.table import Table

from benchmark.complexity import NOT_COUNTED, PAPER, Complexity
from benchmark.datasets.base import DatasetCard
from benchmark.leaderboard import COLUMNS, Leaderboard, best_rows, display_rows
from benchmark.method import MethodCard
from benchmark.metrics.base import Metric
from benchmark.results import RunFolder
from benchmark.runner import Progress
from benchmark.summary import Summary
from realdof.console import progress_bar, stderr, stdout

SHOWN = tuple(column for column in COLUMNS if column not in ("dataset", "protocol"))
"""Columns of the printed table; data set and protocol stand above it."""


@contextmanager
def showing_progress(title: str) -> Iterator[Callable[[Progress], None]]:
    """A progress bar over a run's images."""
    with progress_bar() as bar:
        task = bar.add_task(title, total=None, detail="")

        def report(progress: Progress) -> None:
            record = progress.record
            detail = ""
            if record is not None:
                detail = record.name if record.status == "ok" else f"[red]{record.name} failed[/]"
            elif progress.resumed:
                detail = f"{progress.resumed} already done"
            bar.update(task, total=progress.total, completed=progress.done, detail=detail)

        yield report


@contextmanager
def showing_preparation(title: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar that appears only if there is something to make."""
    with progress_bar() as bar:
        task = bar.add_task(title, total=None, detail="", visible=False)

        def report(done: int, total: int) -> None:
            bar.update(task, total=total, completed=done, visible=True)

        yield report


def print_summary(folder: RunFolder, summary: Summary, metrics: Mapping[str, Metric]) -> None:
    """The run's figures in one table, then where everything is."""
    description = folder.description
    determinants, weights = description["determinants"], description["weights"]
    table = Table(title=f"{determinants['method']} on {determinants['dataset']}, protocol {determinants['protocol']}")
    table.add_column("images", justify="right")
    for metric in metrics.values():
        arrow = "↓" if metric.card.lower_is_better else "↑"
        table.add_column(f"{metric.card.title} {arrow}", justify="right")
    table.add_column("s / image", justify="right")
    for stage in summary.stages:
        table.add_column(f"{stage}, s", justify="right")
    scores = [_figure(summary.scores.get(name), metric.card.decimals) for name, metric in metrics.items()]
    times = [summary.seconds, *summary.stages.values()]
    table.add_row(f"{summary.done} of {summary.total}", *scores, *(_figure(time, 3) for time in times))
    stdout.print(table)
    if weights:
        stdout.print(f"weights: {weights['name']} ({weights['label']})", highlight=False)
    for name, reason in summary.failed.items():
        stderr.print(f"[red]failed[/] {name}: {reason}", highlight=False, soft_wrap=True)
    stdout.print(f"results: {folder.path}", highlight=False, soft_wrap=True)


def print_leaderboard(board: Leaderboard, files: Iterable[Path]) -> None:
    """The leaderboard with the best measured figures in bold, its notes and where it was written."""
    table = Table(title=f"{board.dataset}, protocol {board.protocol}")
    for column in SHOWN:
        table.add_column(column, justify="left" if column in ("method", "kind", "weights", "source") else "right")
    best = {
        column: set(best_rows(board, column, column != "psnr" and column != "ssim"))
        for column in ("psnr", "ssim", "mae", "lpips")
    }
    kind = list(board.rows["kind"])
    for position, cells in enumerate(display_rows(board)):
        shown = dict(zip(COLUMNS, cells, strict=True))
        if kind[position] == "published" and board.rows["dataset"][position] != board.dataset:
            shown["kind"] = f"published ({board.rows['dataset'][position]})"
        for column, positions in best.items():
            if position in positions:
                shown[column] = f"[bold]{shown[column]}[/]"
        table.add_row(*(shown[column] for column in SHOWN), style="dim" if kind[position] == "published" else None)
    stdout.print(table)
    for note in board.notes:
        stdout.print(f"* {note}", highlight=False, soft_wrap=True)
    for path in files:
        stdout.print(f"written: {path}", highlight=False, soft_wrap=True)


def print_methods(cards: Iterable[MethodCard]) -> None:
    """A line a method."""
    table = Table("name", "input", "what it is", "weights", title="methods")
    for card in cards:
        table.add_row(card.name, card.inputs, card.summary, ", ".join(card.weights) or "none needed")
    stdout.print(table)


def print_datasets(cards: Iterable[DatasetCard]) -> None:
    """A line a data set."""
    table = Table("name", "what it is", "protocol", "licence", title="data sets")
    for card in cards:
        table.add_row(card.name, card.summary, card.protocol, card.licence)
    stdout.print(table)


def print_complexity(counted: Mapping[str, Complexity]) -> None:
    """Parameters and MACs of each network, with convention and size named."""
    table = Table("method", title="complexity")
    for column in ("parameters, M", f"MACs, B ({PAPER})", "MACs, B (exact)"):
        table.add_column(column, justify="right")
    for name, cost in counted.items():
        figures = (cost.parameters / 1e6, cost.paper / 1e9, cost.exact / 1e9)
        table.add_row(name, f"{figures[0]:.2f}", f"{figures[1]:.1f}", f"{figures[2]:.1f}")
    stdout.print(table)
    for cost in list(counted.values())[:1]:
        stdout.print(
            f"* At {cost.width}x{cost.height}: convolutions, biases, and modules of activation, batch normalisation, "
            f"pooling and up-sampling. {PAPER} is the paper's "
            "convention (it takes a transposed convolution's bias over H x H); exact takes H x W.",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
        stdout.print(f"* Not counted: {NOT_COUNTED}.", highlight=False, soft_wrap=True)


def _figure(value: float | None, decimals: int) -> str:
    if value is None:
        return ""
    return "inf" if math.isinf(value) else f"{value:.{decimals}f}"
