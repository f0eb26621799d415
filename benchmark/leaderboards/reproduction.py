"""Whether a run reproduces what is published of its model: measured, published, difference, within rounding or not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmark.leaderboards.column import FIXED_METRICS, PUBLISHED_DECIMALS, Column
from benchmark.leaderboards.published import PublishedFigure

_SLACK = 1e-9
"""What a difference of two decimal figures is off by."""


@dataclass(frozen=True)
class Claim:
    """One published figure and what was measured.

    Parameters
    ----------
    measured, published
        In the metric's unit.
    tolerance
        Largest difference that reproduces it: half a unit of the last printed digit, or what the method's card allows.
    """

    measured: float
    published: float
    tolerance: float

    @property
    def difference(self) -> float:
        """Measured minus published."""
        return self.measured - self.published

    @property
    def met(self) -> bool:
        """Whether the published figure is reproduced."""
        return abs(self.difference) <= self.tolerance + _SLACK


def claims(
    figures: Mapping[str, float | None],
    printed: PublishedFigure,
    columns: Iterable[Column],
    tolerance: Mapping[str, float],
) -> dict[str, Claim]:
    """Measured figures beside the published ones, by a column's key, where there are both.

    Parameters
    ----------
    tolerance
        What the method's card allows, by metric.
    """
    found = {}
    for column in columns:
        ours, theirs = figures.get(column.key), printed.comparable.get(column.key)
        if column.key in FIXED_METRICS and ours is not None and theirs is not None:
            found[column.key] = Claim(ours, theirs, tolerance.get(column.key, rounding(column)))
    return found


def rounding(column: Column) -> float:
    """Half a unit of the last digit that papers print of a metric."""
    return 0.5 * 10 ** -min(column.decimals, PUBLISHED_DECIMALS.get(column.key, 9))


def claim_on(printed: Iterable[PublishedFigure], method: str, inputs: str) -> PublishedFigure | None:
    """What the paper, or else the method's author, prints of a method; None if nothing, or several different things.

    Parameters
    ----------
    printed
        Figures on one data set under one protocol.
    inputs
        Kind of input of the method: ``single`` or ``dual``.
    """
    of_method = [figure for figure in printed if (figure.method, figure.input) == (method, inputs)]
    for kind in ("paper", "author"):
        found = [figure for figure in of_method if figure.source_kind == kind]
        if found:
            return found[0] if all(one.figures == found[0].figures for one in found) else None
    return None
