"""The log of a training: losses and validation figures, as a CSV table and for TensorBoard."""

import csv
import functools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from realdof.common.errors import InputError
from realdof.common.files import write_text

LONGEST_STRETCH, ROWS = 50, 100
"""Largest number of steps between two rows, and smallest number of rows of a short run."""


def is_logged(step: int, steps: int) -> bool:
    """Return whether the regular interval logs a step; validations and the last step are logged too."""
    return step % max(1, min(LONGEST_STRETCH, steps // ROWS)) == 0


class TrainingLog:
    """``log.csv`` and the folder ``events`` of a run; a continued run continues both.

    Parameters
    ----------
    folder
        The run's folder.
    step
        Number of finished iterations. Later rows and events, which a killed process left behind, are dropped.

    Raises
    ------
    InputError
        The folder cannot be written to.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self.table = folder / "log.csv"
        with _one_sentence(self.table):
            self._drop_rows_after(step)
        _leave_their_errors_to_us()
        with _one_sentence(folder):
            self.events = SummaryWriter(str(folder / "events"), purge_step=step + 1)

    def write(
        self, step: int, rate: float, losses: Mapping[str, float], validated: Mapping[str, float] | None = None
    ) -> None:
        """Add a row.

        Parameters
        ----------
        step
            Number of finished iterations.
        rate
            The learning rate of the last iteration.
        losses
            Its loss terms by name.
        validated
            The validation's figures by name, if there was one.

        Raises
        ------
        InputError
            The disk is full, or the folder cannot be written to.
        """
        figures = validated or {}
        row = {"step": step, "rate": f"{rate:.3e}"} | {name: f"{value:.6f}" for name, value in losses.items()}
        row["validation"] = " ".join(f"{name}={value:.4f}" for name, value in figures.items())
        new = not self.table.exists()
        with _one_sentence(self.table), self.table.open("a", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            if new:
                writer.writeheader()
            writer.writerow(row)
        scalars = {"rate": rate}
        scalars |= {f"loss/{name}": value for name, value in losses.items()}
        scalars |= {f"validation/{name}": value for name, value in figures.items()}
        with _one_sentence(self.table.parent / "events"):
            for name, value in scalars.items():
                self.events.add_scalar(name, value, step)
            self.events.flush()

    def close(self) -> None:
        """Close the file of events."""
        with _one_sentence(self.table.parent / "events"):
            self.events.close()

    def _drop_rows_after(self, step: int) -> None:
        if not self.table.is_file():
            return
        header, *rows = self.table.read_text(encoding="utf-8").splitlines(keepends=True) or [""]
        kept = [row for row in rows if row.endswith("\n") and row.partition(",")[0].isdigit()]
        kept = [row for row in kept if int(row.partition(",")[0]) <= step]
        if kept != rows:
            write_text(self.table, header + "".join(kept))


@functools.cache
def _leave_their_errors_to_us() -> None:
    """Silence the traceback of TensorBoard's thread on a full disk; the next flush raises the error in this thread."""
    before = threading.excepthook

    def told(arguments: threading.ExceptHookArgs) -> None:
        of_tensorboard = type(arguments.thread).__module__.startswith("tensorboard.")
        if not (of_tensorboard and isinstance(arguments.exc_value, OSError)):
            before(arguments)

    threading.excepthook = told


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; the run up to the last save is kept") from error
