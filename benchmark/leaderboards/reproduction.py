"""Check whether a run reproduces the published figures of its model, within rounding or a tolerance."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmark.leaderboards.column import FIXED_METRICS, PUBLISHED_DECIMALS, Column
from benchmark.leaderboards.published import PublishedFigure

_SLACK = 1e-9
"""Allowance for rounding errors in the difference of two decimal figures."""


@dataclass(frozen=True)
class Claim:
    """One published figure and the measured one.

    Parameters
    ----------
    measured, published
        The two figures in the metric's unit.
    tolerance
        Largest difference that counts as reproduced: that of the method's card, or half a unit of the last printed
        digit.
    """

    measured: float
    published: float
    tolerance: float

    @property
    def difference(self) -> float:
        """The measured minus the published figure."""
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
    """Pair measured with published figures, by the column's key, where both exist.

    Parameters
    ----------
    tolerance
        Tolerance in the method's card, by metric.
    """
    found = {}
    for column in columns:
        ours, theirs = figures.get(column.key), printed.comparable.get(column.key)
        if column.key in FIXED_METRICS and ours is not None and theirs is not None:
            found[column.key] = Claim(ours, theirs, tolerance.get(column.key, rounding(column)))
    return found


def rounding(column: Column) -> float:
    """Return half a unit of the last digit that papers print of a metric."""
    return 0.5 * 10 ** -min(column.decimals, PUBLISHED_DECIMALS.get(column.key, 9))


def claim_on(printed: Iterable[PublishedFigure], method: str, inputs: str) -> PublishedFigure | None:
    """Return the figure that the paper, or else the author, prints of a method; None without one or if they differ.

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
