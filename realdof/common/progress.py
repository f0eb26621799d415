"""Show the progress of a long command: a bar in a terminal, occasional lines in a log."""

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
"""A log gets a line after SECONDS, or after a SHARE of the work but at least AT_LEAST seconds after the last line."""
Unit = Literal["items", "bytes"]


@dataclass
class _Told:
    """The state of a task when its last line was logged."""

    when: float
    completed: float


class Bar(Progress):
    """A progress bar on standard error; without a terminal, a line every ten seconds or 5 % and at the end.

    Parameters
    ----------
    columns
        Columns of the bar.
    unit
        Unit of the count.
    """

    def __init__(self, *columns: ProgressColumn, unit: Unit = "items") -> None:
        self.unit = unit
        self._told: dict[TaskID, _Told] = {}
        super().__init__(*columns, console=stderr, disable=not (stderr.is_terminal and not stderr.is_dumb_terminal))

    def update(self, task_id: TaskID, **changes: Any) -> None:
        """Update the progress of a task; see ``rich.progress.Progress.update``."""
        super().update(task_id, **changes)
        if self.disable:
            with self._lock:
                self._tell(self._tasks[task_id])

    def begin(self, task_id: TaskID, **changes: Any) -> None:
        """Show the start of a task: like `update`, but always write a line to a log."""
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
    """Describe the progress of a task in one line for a log."""
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
    """Make a bar over items that shows their count, the elapsed time and the remaining time."""
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
    """Make a bar over bytes that shows their count, the speed and the remaining time."""
    return Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        unit="bytes",
    )
