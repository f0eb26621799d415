"""Columns of figures for metrics and costs: how each column is headed, formatted and ranked."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmark.metrics.card import Averaging, MetricCard, OverPixels, ShareHarmed
from benchmark.results.cards import KnownCard, known_cards
from benchmark.results.record import Record
from benchmark.results.summary import Summary

NOT_INSTALLED = "of a metric that is not installed"
PUBLISHED_DECIMALS = {"ssim": 3, "lpips": 3}
"""Number of decimals that papers print, where it is less than ours."""


@dataclass(frozen=True)
class Column:
    """One column of figures.

    Parameters
    ----------
    key
        Name on the command line, in CSV and in JSON.
    title, unit
        Text of the heading; only costs show ``unit``, because a metric's unit is well known or in its title.
    better
        Whether ``higher`` or ``lower`` values rank first.
    decimals
        Number of decimals in tables.
    kind
        ``metric``, or ``cost`` for parameters, operations, time and memory.
    averaged
        How the scores of the images are averaged; see `MetricCard`.
    source
        Source of the metric's definition.
    installed
        Whether the metric is installed here; if not, the column is made from the card in ``run.json``.
    """

    key: str
    title: str
    unit: str
    better: Literal["higher", "lower"]
    decimals: int
    kind: Literal["metric", "cost"] = "metric"
    averaged: Averaging = "images"
    source: str = ""
    installed: bool = True

    @classmethod
    def of(cls, key: str, known: KnownCard) -> "Column":
        """Make the column of a metric from its card."""
        card: MetricCard = known.card
        return cls(
            key, card.title, card.unit, card.better, card.decimals,
            averaged=card.averaged, source=card.source, installed=known.installed,
        )  # fmt: skip

    @property
    def heading(self) -> str:
        """The title, with an arrow for a metric or the unit for a cost."""
        if self.kind == "cost":
            return f"{self.title} ({self.unit})"
        arrow = "↑" if self.better == "higher" else "↓"
        return f"{self.title} {arrow}" if self.installed else f"{self.title} {arrow} (not installed)"

    def text(self, value: float | None, *, published: bool = False) -> str:
        """Format a figure with the column's number of decimals, or with that of papers; empty for None."""
        decimals = min(self.decimals, PUBLISHED_DECIMALS.get(self.key, 9)) if published else self.decimals
        return figure(value, decimals)

    def change(self, value: float) -> str:
        """Format a difference with its sign."""
        return f"{value:+.{self.decimals}f}".replace("-", "−")

    def ascending(self, value: float) -> float:
        """Return a sort key that is smaller for better values."""
        return -value if self.better == "higher" else value

    def places(self, values: Sequence[float | None]) -> list[int | None]:
        """Return the rank of each value, from 1; equal values share a rank, and None has none."""
        ordered = sorted(self.ascending(value) for value in values if value is not None)
        return [None if value is None else ordered.index(self.ascending(value)) + 1 for value in values]

    def measured(self, summary: Summary, records: Iterable[Record]) -> float | None:
        """Return a run's figure; None unless every image of the data set has this metric."""
        if self.averaged == "images":
            return summary.scores.get(self.key)
        if not summary.complete:
            return None
        return pooled(records, self.averaged)


# The costs of a method.
PARAMETERS = Column("params_m", "Params", "M", "lower", 2, "cost")
MACS = Column("macs_g", "MACs", "B", "lower", 1, "cost")
TIME = Column("time_s", "Time", "s", "lower", 3, "cost")
MEMORY = Column("memory_gb", "Memory", "GB", "lower", 2, "cost")
COSTS = (PARAMETERS, MACS, TIME)
FIXED_METRICS = ("psnr", "ssim", "mae", "lpips")
"""The metrics that papers print; every leaderboard has a column for each."""
CSV_COLUMNS = (
    "method", "dataset", "protocol", "kind", *FIXED_METRICS, *(cost.key for cost in COSTS), "n", "total", "weights",
    "source",
)  # fmt: skip
"""The first columns of every leaderboard's CSV, always the same so that scripts can rely on them; others follow."""


def figure(value: float | None, decimals: int) -> str:
    """Format a figure with a number of decimals; empty for None and NaN."""
    return "" if value is None or math.isnan(value) else f"{value:.{decimals}f}"


def metric_columns(protocol: str, scored: Iterable[str], kept: Mapping[str, MetricCard]) -> list[Column]:
    """Return the metric columns of runs under one protocol, those that papers print first.

    Parameters
    ----------
    protocol, scored, kept
        See `known_cards`.
    """
    found = {key: Column.of(key, known) for key, known in known_cards(protocol, scored, kept).items()}
    printed = [found[key] for key in FIXED_METRICS if key in found]
    return [*printed, *(column for key, column in found.items() if key not in FIXED_METRICS)]


def cost_columns() -> list[Column]:
    """Return the cost columns in the order of the tables."""
    return [*COSTS, MEMORY]


def pooled(records: Iterable[Record], of: OverPixels | ShareHarmed) -> float | None:
    """Return the figure of a metric that pools pixels or images; None if no image has such pixels."""
    return share_harmed(records, of) if isinstance(of, ShareHarmed) else over_pixels(records, of)


def over_pixels(records: Iterable[Record], of: OverPixels) -> float | None:
    """Return the PSNR over the data set's pixels of one kind, or its gain over the input; None without such pixels."""
    scores = [record.scores for record in records]
    names = of.scores
    found = [one for one in scores if names <= one.keys()]
    area = sum(one[of.share] for one in found)
    if area <= 0:
        return None
    squared = sum(one[of.share] * one[of.error] for one in found)
    before = area if of.against is None else sum(one[of.share] * one[of.against] for one in found)
    return decibels(before, squared)


def share_harmed(records: Iterable[Record], of: ShareHarmed) -> float | None:
    """Return the percentage of images with such pixels that lose more than the limit there; None if there are none."""
    scores = [record.scores for record in records]
    gains = [decibels(one[of.against], one[of.error]) for one in scores if of.scores <= one.keys()]
    return 100 * sum(gain < -of.limit for gain in gains) / len(gains) if gains else None


def decibels(before: float, after: float) -> float:
    """Return 10 log10 of the ratio of two squared errors; 0 if they are equal."""
    if before == after:
        return 0.0
    if after == 0:
        return math.inf
    return -math.inf if before == 0 else 10 * math.log10(before / after)
