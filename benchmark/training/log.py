"""What a training writes down as it goes: a row of a table and TensorBoard's events, every so many steps."""

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from realdof.common.errors import InputError


class TrainingLog:
    """``log.csv`` and the folder ``events`` of a run, both continued by a run that is continued.

    Parameters
    ----------
    folder
        The run's.
    step
        How far the run is; TensorBoard drops what a process that was killed wrote after it.

    Raises
    ------
    InputError
        The folder cannot be written to.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self.table = folder / "log.csv"
        with _one_sentence(folder):
            self.events = SummaryWriter(str(folder / "events"), purge_step=step)

    def write(
        self, step: int, rate: float, losses: Mapping[str, float], validated: Mapping[str, float] | None = None
    ) -> None:
        """Write what an iteration came to.

        Parameters
        ----------
        losses
            Each loss term by name.
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
        """Close the events' file."""
        with _one_sentence(self.table.parent / "events"):
            self.events.close()


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; the run up to the last save is kept") from error
