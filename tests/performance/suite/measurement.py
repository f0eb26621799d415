"""What a measurement is, how forms take turns, and how a table is written."""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmark.running.environment import package_versions, processor_name

MARK = "<!-- suite: {} -->"
END = "<!-- end of suite: {} -->"


@dataclass(frozen=True)
class Spent:
    """What one form took: wall-clock and CPU seconds of every turn, children included."""

    wall: tuple[float, ...]
    cpu: tuple[float, ...]

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """First quartile, median and third quartile of the wall clock, s."""
        if len(self.wall) == 1:
            return self.wall * 3
        first, middle, third = statistics.quantiles(self.wall, n=4, method="inclusive")
        return first, middle, third


@dataclass(frozen=True)
class Measurement:
    """One line of a table: what a user would use otherwise, what nothing can beat, and ours, in one run.

    Parameters
    ----------
    piece, what
        The table, and the line.
    ours
        What the shipped default takes.
    peer, floor
        What is used otherwise, and the least that the work can take; None where there is none.
    note
        Names the peer and the floor, and how far results are apart.
    """

    piece: str
    what: str
    ours: Spent
    peer: Spent | None = None
    floor: Spent | None = None
    note: str = ""

    def row(self) -> str:
        """A line of Markdown: what, peer, floor, us (median and quartiles; CPU), ratios of the medians of the CPU."""
        cells = [self.what, _cell(self.peer), _cell(self.floor), _cell(self.ours)]
        cells += [_ratio(self.peer, self.ours), _ratio(self.floor, self.ours), self.note]
        return f"| {' | '.join(cells)} |"


HEAD = (
    "| what | peer | floor | us | peer / us, CPU | floor / us, CPU | how |\n| --- | --- | --- | --- | --- | --- | --- |"
)


def in_turns(forms: Mapping[str, Callable[[], object]], rounds: int, warm: int = 1) -> dict[str, Spent]:
    """Let every form run once a round, so that whatever else the machine does weighs on all; the first do not count."""
    wall: dict[str, list[float]] = {name: [] for name in forms}
    cpu: dict[str, list[float]] = {name: [] for name in forms}
    for turn in range(warm + rounds):
        for name, form in forms.items():
            start, used = time.perf_counter(), _cpu()
            form()
            if turn >= warm:
                wall[name].append(time.perf_counter() - start)
                cpu[name].append(_cpu() - used)
    return {name: Spent(tuple(wall[name]), tuple(cpu[name])) for name in forms}


def machine(threads: int) -> dict[str, Any]:
    """What the figures are from: processor, threads, versions, load."""
    return {
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "threads": threads,
        "load": [round(value, 1) for value in os.getloadavg()],
        "packages": package_versions(),
        "date": time.strftime("%Y-%m-%d"),
    }


def as_table(found: Iterable[Measurement], about: Mapping[str, Any]) -> str:
    """One piece's table with a sentence on the machine."""
    packages = about["packages"]
    said = (
        f"{about['processor']}, {about['cores']} cores, {about['threads']} threads, load {about['load'][0]} before, "
        f"torch {packages['torch']}, {about['date']}; in turns, median (quartiles) of the wall clock, then CPU seconds."
    )
    return "\n".join([said, "", HEAD, *(line.row() for line in found)])


def rewrite(page: Path, tables: Mapping[str, str]) -> list[str]:
    """Put tables between their marks in a page; the names of those that have none."""
    text, missing = page.read_text(encoding="utf-8"), []
    for name, table in tables.items():
        start, end = MARK.format(name), END.format(name)
        if start not in text or end not in text:
            missing.append(name)
            continue
        before, _, rest = text.partition(start)
        text = f"{before}{start}\n{table}\n{end}{rest.partition(end)[2]}"
    page.write_text(text, encoding="utf-8")
    return missing


def as_json(found: Sequence[Measurement]) -> list[dict[str, Any]]:
    """Measurements as plain values."""
    return [asdict(line) for line in found]


def _cpu() -> float:
    # os.times counts in hundredths of a second.
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _cell(spent: Spent | None) -> str:
    if spent is None:
        return ""
    low, middle, high = spent.quartiles
    return f"{_seconds(middle)} ({_seconds(low)} to {_seconds(high)}), {_seconds(statistics.median(spent.cpu))}"


def _seconds(value: float) -> str:
    return f"{value:.3g} s" if value >= 1 else f"{value * 1e3:.3g} ms"


def _ratio(other: Spent | None, ours: Spent) -> str:
    used = statistics.median(ours.cpu)
    return "" if other is None or not used else f"{statistics.median(other.cpu) / used:.2f}"
