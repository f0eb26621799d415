"""Plot losses and validation scores of trainings against the step, from each training's ``log.csv``."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark import registry
from benchmark.report.figures.canvas import WIDTH, figure, style
from realdof.common.decode import read_text
from realdof.common.errors import InputError

Series = dict[str, list[tuple[int, float]]]
"""Steps and values by the name of the loss or metric."""
NOT_LOSSES = ("step", "rate", "validation")
_SMOOTHED = 15
"""Number of log rows in the running mean of a loss; the unsmoothed values are drawn pale."""


@dataclass(frozen=True)
class TrainingCurves:
    """The logged losses and validation scores of one training."""

    name: str
    losses: Series
    validated: Series


def read_log(place: Path) -> TrainingCurves:
    """Read a training's ``log.csv``.

    Parameters
    ----------
    place
        The training's folder, or the file.

    Raises
    ------
    InputError
        The file does not exist, or is not the log of a training.
    """
    path = place / "log.csv" if place.is_dir() else place
    losses: Series = {}
    validated: Series = {}
    reader = csv.DictReader(read_text(path, "give the folder of a training, or its log.csv").splitlines())
    if "step" not in (reader.fieldnames or ()):
        raise InputError(f"{path} is no log of a training: its first line has no column step")
    for row in reader:
        try:
            step = int(row["step"])
            for name in [name for name in row if name not in NOT_LOSSES]:
                losses.setdefault(name, []).append((step, float(row[name])))
            for word in (row.get("validation") or "").split():
                name, _, value = word.partition("=")
                validated.setdefault(name, []).append((step, float(value)))
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}, line {reader.line_num} is no row of a log: {error}") from error
    if not losses:
        raise InputError(f"{path} has no rows; train for some steps first")
    return TrainingCurves((place if place.is_dir() else place.parent).name, losses, validated)


def draw_curves(trainings: Sequence[TrainingCurves], losses: Sequence[str], out: Path) -> None:
    """Draw a panel for each loss and each validation metric, with a line per training.

    Parameters
    ----------
    losses
        Names of the losses to draw; empty for all.

    Raises
    ------
    InputError
        No training has such a loss.
    """
    known = list(dict.fromkeys(name for one in trainings for name in one.losses))
    for name in losses:
        if name not in known:
            raise registry.unknown("loss", name, known)
    shown = list(losses) or known
    judged = list(dict.fromkeys(name for one in trainings for name in one.validated))
    panels = [(f"loss: {name}", [one.losses.get(name, []) for one in trainings], True) for name in shown]
    panels += [(f"validation: {name}", [one.validated.get(name, []) for one in trainings], False) for name in judged]
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    with figure(out, WIDTH * max(columns, 2) / 3, 1.9 * rows + 0.3) as made:
        all_axes = made.subplots(rows, columns, squeeze=False).flatten()
        for axes, (title, lines, smoothed) in zip(all_axes, panels, strict=False):
            for at, points in enumerate(lines):
                look = style(at)
                steps, values = [step for step, _ in points], [value for _, value in points]
                if smoothed and len(points) > 2 * _SMOOTHED:
                    axes.plot(steps, values, color=look["color"], alpha=0.25, linewidth=0.6)
                    values = _running_mean(values)
                every = max(1, len(points) // 8)
                axes.plot(steps, values, label=trainings[at].name, ms=3, markevery=every, linewidth=1.2, **look)
            axes.set_title(title, fontsize=7.5)
            axes.set_xlabel("step")
            axes.grid(color="0.9", linewidth=0.5)
            axes.set_axisbelow(True)
        for axes in all_axes[len(panels) :]:
            axes.set_visible(False)
        if len(trainings) > 1:
            all_axes[0].legend(frameon=False, fontsize=6)
        made.tight_layout(pad=0.6)


def _running_mean(values: Sequence[float]) -> list[float]:
    """Return the running mean over the last `_SMOOTHED` values."""
    found = []
    for at in range(len(values)):
        window = values[max(0, at - _SMOOTHED + 1) : at + 1]
        found.append(sum(window) / len(window))
    return found
