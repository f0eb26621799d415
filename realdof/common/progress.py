"""How far a long command is: a bar in a terminal, now and then a line in a log."""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from realdof.common.console import say, stderr

SECONDS, SHARE, AT_LEAST = 10.0, 0.05, 1.0
"""A log gets a line after so many seconds, or so large a part of the whole, but not within a second of the last one."""
Unit = Literal["items", "bytes"]


@dataclass
class _Told:
    """State of a task at its last line in the log."""

    when: float
    completed: float


class Bar(Progress):
    """A bar on standard error; where that is no terminal, a line every ten seconds or twentieth, and at the end.

    Parameters
    ----------
    columns
        What the bar shows.
    unit
        What is counted.
    """

    def __init__(self, *columns: ProgressColumn, unit: Unit = "items") -> None:
        self.unit = unit
        self._told: dict[TaskID, _Told] = {}
        super().__init__(*columns, console=stderr, disable=not (stderr.is_terminal and not stderr.is_dumb_terminal))

    def update(self, task_id: TaskID, **changes: Any) -> None:
        """Say how far a task is; see ``rich.progress.Progress.update``."""
        super().update(task_id, **changes)
        if self.disable:
            with self._lock:
                self._tell(self._tasks[task_id])

    def begin(self, task_id: TaskID, **changes: Any) -> None:
        """Say where a task begins: `update`, but a line in a log in any case."""
        super().update(task_id, **changes)
        if self.disable:
            with self._lock:
                self._write(self._tasks[task_id])

    def _tell(self, task: Task) -> None:
        if not task.visible or (task.total is None and self.unit == "items"):
            return
        now = self.get_time()
        last = self._told.setdefault(task.id, _Told(now if task.start_time is None else task.start_time, 0))
        waited, further = now - last.when, task.completed - last.completed
        due = waited >= SECONDS or (further >= SHARE * (task.total or math.inf) and waited >= AT_LEAST)
        if further and (due or task.finished):
            self._write(task)

    def _write(self, task: Task) -> None:
        self._told[task.id] = _Told(self.get_time(), task.completed)
        say(line_of(task, self.unit), console=stderr)


def line_of(task: Task, unit: Unit) -> str:
    """How far a task is, in a line for a log."""
    total = task.total or 0
    of = f" of {total / 1e6:.1f}" if total else ""
    counts = f"{task.completed / 1e6:.1f}{of} MB" if unit == "bytes" else f"{int(task.completed)} of {int(total)}"
    share = f" ({task.completed / total:.0%})" if total else ""
    times = [f"{_clock(task.elapsed or 0)} gone"] if task.completed else []
    if task.completed and task.completed < total and task.time_remaining is not None:
        times.append(f"{_clock(task.time_remaining)} left")
    detail = str(task.fields.get("detail", ""))
    return f"{task.description}: {', '.join(filter(None, [f'{counts}{share}', *times, detail]))}"


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))


def progress_bar() -> Bar:
    """A bar over items with what is done, how long it took and how long it will take."""
    return Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )


def byte_bar() -> Bar:
    """A bar over bytes with how many come in a second and how long it will take."""
    return Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        unit="bytes",
    )
