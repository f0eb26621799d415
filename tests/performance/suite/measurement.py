"""What a measurement is, how forms take turns, and how a table is written."""

from __future__ import annotations

import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

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
        cells = [self.what, cell(self.peer), cell(self.floor), cell(self.ours)]
        cells += [_ratio(self.peer, self.ours), _ratio(self.floor, self.ours), self.note]
        return f"| {' | '.join(cells)} |"


@dataclass(frozen=True)
class Cells:
    """One line of a table with columns of its own, which its module names in ``HEAD``."""

    piece: str
    cells: tuple[str, ...]

    def row(self) -> str:
        """A line of Markdown."""
        return f"| {' | '.join(self.cells)} |"


@dataclass(frozen=True)
class Sentence:
    """What stands under a table: what was fitted or left out."""

    piece: str
    text: str

    def row(self) -> str:
        """The sentence."""
        return self.text


Line = Measurement | Cells | Sentence
HEAD = ("what", "peer", "floor", "us", "peer / us, CPU", "floor / us, CPU", "how")
SILENT = 5.0
"""Seconds after which `in_turns` says where it is."""


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Exponent b of the power law ``cost = a * size ** b``, by least squares of the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def in_turns(forms: Mapping[str, Callable[[], object]], rounds: int, warm: int = 1) -> dict[str, Spent]:
    """Let every form run once a round, so that whatever else the machine does weighs on all; the first do not count."""
    wall: dict[str, list[float]] = {name: [] for name in forms}
    cpu: dict[str, list[float]] = {name: [] for name in forms}
    said = time.monotonic()
    for turn in range(warm + rounds):
        for name, form in forms.items():
            if time.monotonic() - said > SILENT:
                print(f"    turn {turn + 1} of {warm + rounds}: {name}", file=sys.stderr, flush=True)
                said = time.monotonic()
            children, own, start = _of_children(), time.process_time(), time.perf_counter()
            form()
            taken, used = time.perf_counter() - start, time.process_time() - own
            if turn >= warm:
                wall[name].append(taken)
                cpu[name].append(used + _of_children() - children)
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


def as_table(found: Sequence[Line], about: Mapping[str, Any], head: Sequence[str] = HEAD) -> str:
    """One piece's table with a sentence on the machine before it and its other sentences after it."""
    packages = about["packages"]
    said = (
        f"{about['processor']}, {about['cores']} cores, {about['threads']} threads, load {about['load'][0]} before, "
        f"torch {packages['torch']}, {about['date']}"
    )
    if head == HEAD:
        said += "; in turns, median (quartiles) of the wall clock, then CPU seconds"
    rows = [line.row() for line in found if not isinstance(line, Sentence)]
    after = [part for line in found if isinstance(line, Sentence) for part in ("", line.row())]
    return "\n".join([f"{said}.", "", f"| {' | '.join(head)} |", "| --- " * len(head) + "|", *rows, *after])


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


def as_json(line: Line) -> dict[str, Any]:
    """A line as plain values, with the name of its kind."""
    return {"kind": type(line).__name__, **asdict(line)}


def from_json(found: Mapping[str, Any]) -> Line:
    """The line that `as_json` made plain."""
    kind, *_ = (one for one in (Measurement, Cells, Sentence) if one.__name__ == found["kind"])
    values = {name: value for name, value in found.items() if name != "kind"}
    if kind is Measurement:
        spent = {name: values[name] for name in ("ours", "peer", "floor") if values[name] is not None}
        values |= {name: Spent(tuple(one["wall"]), tuple(one["cpu"])) for name, one in spent.items()}
    if kind is Cells:
        values["cells"] = tuple(values["cells"])
    return kind(**values)


def _of_children() -> float:
    """Seconds of CPU of this process's children, of those that have ended and of those at work."""
    # os.times counts in hundredths of a second.
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    working = 0.0
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        working += times.user + times.system
    return ended.ru_utime + ended.ru_stime + working


def cell(spent: Spent | None) -> str:
    """Median and quartiles of the wall clock, then the median of the CPU; empty for nothing."""
    if spent is None:
        return ""
    low, middle, high = spent.quartiles
    return f"{seconds(middle)} ({seconds(low)} to {seconds(high)}), {seconds(statistics.median(spent.cpu))}"


def seconds(value: float) -> str:
    """A time in s, or in ms below one."""
    return f"{value:.3g} s" if value >= 1 else f"{value * 1e3:.3g} ms"


def _ratio(other: Spent | None, ours: Spent) -> str:
    used = statistics.median(ours.cpu)
    return "" if other is None or not used else f"{statistics.median(other.cpu) / used:.2f}"
