"""Progress bars, summaries and lists that `ifan-bench` shows in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from benchmark.commands.tables import print_table, tell
from realdof.common.console import draw, stderr, stdout
from realdof.common.progress import byte_bar, progress_bar

if TYPE_CHECKING:
    from benchmark.commands.look.method_groups import Listed
    from benchmark.complexity import Complexity
    from benchmark.datasets.card import DatasetCard
    from benchmark.datasets.get.start import Start
    from benchmark.leaderboards.published import PublishedFigure
    from benchmark.method import MethodCard
    from benchmark.metrics.card import MetricCard
    from benchmark.results.run import Run
    from benchmark.results.summary import Summary
    from benchmark.running.runner import Progress
    from benchmark.running.timing import Timing


@contextmanager
def showing_progress(title: str) -> Iterator[Callable[[Progress], None]]:
    """Show a progress bar over a run's images; yield the function that updates it."""
    with progress_bar() as bar:
        task = bar.add_task(title, total=None, detail="")

        def report(progress: Progress) -> None:
            record = progress.record
            detail = ""
            if record is not None:
                detail = record.name if record.status == "ok" else f"{record.name} failed"
            elif progress.resumed:
                detail = f"{progress.resumed} already done"
            tell = bar.begin if record is None else bar.update
            tell(task, total=progress.total, completed=progress.done, detail=detail)

        yield report


def saying_once() -> Callable[[str], None]:
    """Return a function that prints each distinct line once, above the progress bar."""
    said: set[str] = set()

    def say(line: str) -> None:
        if line not in said:
            said.add(line)
            stderr.print(line, highlight=False, markup=False)

    return say


@contextmanager
def showing_preparation(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar that appears with the first update; yield the function (done, total) that updates it."""
    with progress_bar() as bar:
        task = bar.add_task(title, total=None, detail="", visible=False)

        def report(done: int, total: int) -> None:
            bar.update(task, total=total, completed=done, visible=True)

        yield report


@contextmanager
def showing_bytes() -> Iterator[Callable[[str, int, int | None], None]]:
    """Show a progress bar over bytes; yield the function (name, done, total) that updates it."""
    with byte_bar() as bar:
        task = bar.add_task("", total=None, visible=False)

        def report(name: str, done: int, total: int | None) -> None:
            bar.update(task, description=name, completed=done, total=total, visible=True)

        yield report


def print_summary(run: Run, summary: Summary, metrics: Mapping[str, MetricCard]) -> None:
    """Print a run's scores and times, its warnings and failures, and its folder."""
    from benchmark.leaderboards.column import Column
    from benchmark.leaderboards.render.tables import Cell
    from benchmark.leaderboards.render.tables import Table as Shown
    from benchmark.results.cards import KnownCard
    from benchmark.suspicion.of_run import doubts_about_run

    settings = run.settings
    doubts = [*run.description.doubts, *doubts_about_run(run.records().values())]
    headings = ["images", *(f"{card.title} {card.arrow}" for card in metrics.values()), "s / image"]
    headings += [f"{stage}, s" for stage in summary.stages]
    records = run.records().values()
    columns = [Column.of(name, KnownCard(card, True)) for name, card in metrics.items()]
    scores = [_figure(column.measured(summary, records), column.decimals) for column in columns]
    times = [summary.seconds, *summary.stages.values()]
    row = [f"{summary.done} of {summary.total}", *scores, *(_figure(time, 3) for time in times)]
    title = f"{settings.method} on {settings.dataset}, protocol {settings.protocol}"
    print_table(Shown(title, tuple(headings), (tuple(map(Cell, row)),), words=frozenset()))
    for line in _on_times(summary):
        tell(line)
    if run.weights:
        tell(escape(f"weights: {run.weights.name} ({run.weights.label})"))
    for doubt in doubts:
        stderr.print(f"[yellow]suspicious[/] {escape(doubt)}", highlight=False, soft_wrap=True)
    for name, reason in summary.failed.items():
        stderr.print(f"[red]failed[/] {escape(f'{name}: {reason}')}", highlight=False, soft_wrap=True)
    stdout.print(f"results: {run.path}", highlight=False, soft_wrap=True, markup=False)


def _on_times(summary: Summary) -> Iterator[str]:
    if summary.seconds is None or summary.quartiles is None:
        return
    low, high = summary.quartiles
    memory = "" if summary.peak_memory is None else f"; peak memory {summary.peak_memory / 1e9:.2f} GB"
    devices = escape("; ".join(summary.devices) or "an unknown device")
    yield f"time: median {summary.seconds:.3f} s, quartiles {low:.3f} and {high:.3f} s, on {devices}{memory}"
    if not summary.comparable_times:
        yield (
            f"[yellow]note[/] times were taken {escape(' and '.join(summary.disturbances))}, and stay out of tables; "
            "--again with one worker on one device, without --untimed, measures them"
        )


def print_methods(listed: Iterable[Listed]) -> None:
    """Print one line per method, under group headings, and the commands that get missing weights."""
    from rich import box

    from benchmark.commands.look.method_groups import GROUPS, READY, WEIGHTS

    every = list(listed)
    for group in GROUPS:
        members = [method for method in every if method.group == group]
        if not members:
            continue
        table = Table(title=group, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
        # Fixed, so that the tables of all groups line up.
        for heading, width in (("", 1), ("name", 25), ("input", 6)):
            table.add_column(heading, width=width, overflow="fold")
        table.add_column("what it is", ratio=1)
        for method in members:
            here = f" ({method.needs})" if group == READY and method.needs else ""
            mark = "[green]✓[/]" if group == READY else ""
            table.add_row(mark, *map(escape, (method.name, method.card.inputs, method.card.summary + here)))
        draw(table)
        if group == WEIGHTS:
            _print_commands(members)
    stdout.print("✓ runs on this machine. `ifan-bench methods NAME` shows a method's card.", markup=False)
    stdout.print("Repositories: git clone the address on the card, then run with --repo PATH.", markup=False)


def _print_commands(members: Iterable[Listed]) -> None:
    """Print each command that gets weights, with the methods that need it; no line is wider than the terminal."""
    by_command: dict[str, list[str]] = {}
    for method in members:
        by_command.setdefault(method.needs, []).append(method.name)
    for command, names in by_command.items():
        stdout.print(f"{', '.join(names)}:", markup=False, highlight=False)
        if not command.startswith("curl"):
            stdout.print(f"  {command}", markup=False, highlight=False)
            continue
        # Lines end in a backslash, which the shell removes together with the line break.
        room = stdout.width - 1
        pieces = [command[at : at + room] for at in range(0, len(command), room)]
        stdout.print("\\\n".join(pieces), markup=False, highlight=False, soft_wrap=True)


def print_method(name: str, card: MethodCard, needs: str, printed: Iterable[PublishedFigure]) -> None:
    """Print a method's card: description, requirements, published figures and what could not be verified."""
    parameters = "" if card.parameters_m is None else f"{card.parameters_m:g} M"
    lines = {
        "title": card.title, "input": card.inputs, "what it is": card.summary, "paper": card.paper,
        "year": "" if card.year is None else str(card.year), "parameters": parameters, "licence": card.licence,
        "repository": card.repository, "weights": "; ".join(f"{key}: {words}" for key, words in card.weights.items()),
        "weights are": card.address, "SHA-256": ", ".join(card.sha256), "to get it": needs,
        "not verified": " ".join(card.unverified),
    }  # fmt: skip
    stdout.print(f"[bold]{escape(name)}[/]")
    for heading, text in lines.items():
        if text:
            tell(escape(f"{heading}: {text}"))
    for figure in printed:
        nets = {"lpips": f" ({figure.lpips_net})"} if figure.lpips_net else {}
        found = {metric: value for metric, value in figure.figures.items() if value is not None}
        values = ", ".join(f"{metric} {value:g}{nets.get(metric, '')}" for metric, value in found.items())
        where = " ".join(filter(None, (figure.dataset, figure.subset, figure.input, figure.resolution)))
        tell(escape(f"published, {where}: {values} ({figure.source})"))


def print_datasets(cards: Iterable[DatasetCard], here: Collection[str] = ()) -> None:
    """Print one line per data set, under group headings; mark those whose names are in ``here``."""
    from rich import box

    from benchmark.datasets.card import GROUPS

    every = list(cards)
    for group in GROUPS:
        members = [card for card in every if card.group == group]
        if not members:
            continue
        table = Table(title=group, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
        # Fixed, so that the tables of all groups line up.
        for heading, width in (("", 1), ("name", 11), ("images", 6), ("protocol", 11)):
            table.add_column(heading, width=width, overflow="fold", justify="right" if heading == "images" else "left")
        table.add_column("what it is", ratio=1)
        for card in members:
            count = "any" if card.count is None else str(card.count)
            mark = "[green]✓[/]" if card.name in here else ""
            table.add_row(mark, *map(escape, (card.name, count, card.protocol, card.summary)))
        draw(table)
    stdout.print("✓ is on this machine. `ifan-bench data info NAME` says how to get it, and more.", markup=False)


def print_start(start: Start) -> None:
    """Print, before a download begins, its address, its size and the free disk space."""
    size = "a size that the server does not tell" if start.total is None else f"{start.total / 1e9:.2f} GB"
    here = f", of which {start.done / 1e9:.2f} GB are here" if start.done else ""
    stderr.print(
        f"{start.name} from {start.url}: {size}{here}; {start.free / 1e9:.1f} GB are free in {start.folder}, and "
        "unpacking needs at least as much again",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip


def print_complexity(counted: Mapping[str, Complexity]) -> None:
    """Print parameters and MACs of each network, with the counting convention and the image size."""
    from benchmark.complexity import NOT_COUNTED, PAPER

    table = Table("method", title="complexity")
    for column in ("parameters, M", f"MACs, B ({PAPER})", "MACs, B (exact)"):
        table.add_column(column, justify="right")
    for name, cost in counted.items():
        figures = (cost.parameters / 1e6, cost.paper / 1e9, cost.exact / 1e9)
        table.add_row(escape(name), f"{figures[0]:.2f}", f"{figures[1]:.1f}", f"{figures[2]:.1f}")
    draw(table)
    for cost in list(counted.values())[:1]:
        tell(
            f"* At {cost.width}x{cost.height}: convolutions, biases, and modules of activation, batch normalisation, "
            f"pooling and up-sampling. {PAPER} is the paper's "
            "convention (it takes a transposed convolution's bias over H x H); exact takes H x W."
        )
        tell(f"* Not counted: {NOT_COUNTED}.")


def print_timing(timing: Timing) -> None:
    """Print a timing in sentences: median, quartiles, memory and device."""
    weights = f", weights {timing.weights}" if timing.weights else ""
    tell(escape(f"{timing.method} at {timing.width}x{timing.height}{weights}:"))
    for line in _on_times(timing.summary):
        tell(line)
    for name, seconds in timing.summary.stages.items():
        tell(escape(f"of it {name}: median {seconds:.3f} s"))
    how = "The whole image" if timing.tiling is None else f"In tiles ({timing.tiling})"
    times = f"{timing.summary.done} times after once that does not count"
    tell(f"* {how}, {times}; synchronised, loading excluded.")


def _figure(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"
