"""Summarise one run's records as the figures of one table row."""

from collections.abc import Iterable
from statistics import median, quantiles
from typing import Annotated

from pydantic import Field

from benchmark.results.numbers import Number, Seconds, mean_of
from benchmark.results.record import Record
from realdof.common.decode import Strict


class Summary(Strict):
    """The figures of a run.

    Attributes
    ----------
    scores
        Mean over images by metric, for metrics that every image has; empty unless every image has a result. A metric
        that is infinite for some images and minus infinite for others has no mean and is left out.
    seconds
        Median wall-clock time of an image, s; None if none was measured.
    done, total
        Number of images with a result, and of images in the data set.
    failed
        Reason of the failure by name of the failed image.
    stages
        Median seconds for each of the method's stages, by name, over the images that went through it.
    quartiles
        First and third quartile of the times, s; None if no time was measured.
    peak_memory
        Largest peak memory of all images, bytes; None if none was measured.
    devices
        Names of the computing devices.
    workers
        Largest number of images computed at once.
    beside
        Whether other images were read and scored during a computation.
    """

    scores: dict[str, Number]
    seconds: Seconds | None = None
    done: int
    total: int
    # Excluded from ``run.json``, because the records have the reasons.
    failed: dict[str, str] = Field(default_factory=dict, exclude=True)
    stages: dict[str, Seconds] = Field(default_factory=dict)
    quartiles: Annotated[tuple[Seconds, Seconds], Field(strict=False)] | None = None
    peak_memory: int | None = None
    devices: Annotated[tuple[str, ...], Field(strict=False)] = ()
    workers: int = 1
    beside: bool = False

    @property
    def complete(self) -> bool:
        """Whether every image has a result, so that the row may be ranked."""
        return self.done == self.total

    @property
    def comparable_times(self) -> bool:
        """Whether all times were measured on one device, with no other image processed in parallel."""
        return not self.disturbances

    @property
    def disturbances(self) -> tuple[str, ...]:
        """Why the times cannot be compared, as continuations of *they were taken*; empty if they can."""
        found = {
            f"with up to {self.workers} images computed at once": self.workers > 1,
            "while other images were read and scored": self.beside,
            f"on {len(self.devices)} devices ({'; '.join(self.devices)})": len(self.devices) > 1,
        }
        return tuple(words for words, true in found.items() if true)


def summarise(records: Iterable[Record], total: int) -> Summary:
    """Average a run's records; means are computed only if the whole data set has results."""
    every = list(records)
    done = [record for record in every if record.status == "ok"]
    complete = len(done) == total and total > 0
    names = set.intersection(*(set(record.scores) for record in done)) if complete else set()
    times = [record.seconds for record in done if record.seconds is not None]
    stages = list(dict.fromkeys(name for record in done for name in record.stages))
    memory = [record.peak_memory for record in done if record.peak_memory is not None]
    return Summary(
        scores={name: mean for name in sorted(names) if (mean := mean_of([r.scores[name] for r in done])) is not None},
        seconds=median(times) if times else None,
        done=len(done),
        total=total,
        failed={record.name: record.error or "" for record in every if record.status == "failed"},
        stages={name: median(r.stages[name] for r in done if name in r.stages) for name in stages},
        quartiles=_quartiles(times) if times else None,
        peak_memory=max(memory, default=None),
        devices=tuple(sorted({record.device for record in done if record.device is not None})),
        workers=max((record.workers for record in done), default=1),
        beside=any(record.beside for record in done),
    )


def _quartiles(values: list[float]) -> tuple[float, float]:
    """Compute the first and third quartile, interpolated as in NumPy."""
    if len(values) == 1:
        return values[0], values[0]
    low, _, high = quantiles(values, n=4, method="inclusive")
    return low, high
