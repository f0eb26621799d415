"""One run's records as the figures of one row."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import fmean

from benchmark.results import Record


@dataclass(frozen=True)
class Summary:
    """The figures of a run.

    Parameters
    ----------
    scores
        Mean over images by metric; only of metrics that every image of the data set has.
    seconds
        Mean wall-clock time an image; None if none was measured.
    done, total
        Images with a result, and images in the data set.
    failed
        Images that failed, with the reason.
    stages
        Mean seconds an image of each of the method's stages, by name.
    """

    scores: dict[str, float]
    seconds: float | None
    done: int
    total: int
    failed: dict[str, str]
    stages: dict[str, float] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every image has a result, so that the row may be ranked."""
        return self.done == self.total


def summarise(records: Iterable[Record], total: int) -> Summary:
    """Average a run's records; a mean over less than the whole data set is not given."""
    every = list(records)
    done = [record for record in every if record.status == "ok"]
    failed = {record.name: record.error or "" for record in every if record.status == "failed"}
    complete = len(done) == total and total > 0
    names = set.intersection(*(set(record.scores) for record in done)) if complete else set()
    scores = {name: _mean([record.scores[name] for record in done]) for name in sorted(names)}
    times = [record.seconds for record in done if record.seconds is not None]
    staged = [record.stages for record in done if record.stages]
    stages = {name: fmean(stages[name] for stages in staged) for name in (staged[0] if staged else ())}
    return Summary(scores, fmean(times) if times else None, len(done), total, failed, stages)


def _mean(values: list[float]) -> float:
    return math.inf if any(math.isinf(value) for value in values) else fmean(values)
