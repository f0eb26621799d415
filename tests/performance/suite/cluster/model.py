"""What a simulated study is made of, and what comes out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

STATES = ("idle", "load", "storage", "compute", "down")
"""What a worker does: wait for an image, load a job, wait for or use the storage, compute, or be replaced."""
SCHEDULER, STORAGE, RECORDS = "scheduler", "shared storage", "record writer"
"""What all workers share."""


@dataclass(frozen=True)
class Image:
    """An image of a run.

    Parameters
    ----------
    service
        Seconds of one worker to compute and score it.
    job
        What a worker must have loaded for it.
    fatal
        Whether it ends the first worker that computes it, at the end of its time.
    """

    service: float
    job: int = 0
    fatal: bool = False


@dataclass(frozen=True)
class Costs:
    """Seconds that are no computing; all zero for an ideal cluster.

    Parameters
    ----------
    submit
        Of the submitting process, an image.
    schedule
        Of the scheduler, an image: half when it is handed out, half when it has ended.
    delay
        From the scheduler to a worker, or back.
    load
        On a worker, before its first image of a job.
    transfer
        Of the shared storage, an image: half to read its files, half to write its output.
    record
        Of the process that writes the records, an image.
    between
        Between the end of a run and the first submission of the next.
    steal
        Until an idle worker has what another one held.
    restart
        Until a lost worker is back.
    losses_per_hour
        Of one worker, at random.
    """

    submit: float = 0.0
    schedule: float = 0.0
    delay: float = 0.0
    load: float = 0.0
    transfer: float = 0.0
    record: float = 0.0
    between: float = 0.0
    steal: float = 0.0
    restart: float = 0.0
    losses_per_hour: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What a simulated study took.

    Attributes
    ----------
    makespan
        Seconds from the first submission to the last record.
    spent
        Seconds of all workers by state; together the workers' number times the makespan.
    busy
        Seconds of the scheduler, the storage and the record writer.
    useful
        Seconds of computing that ended in a record; the rest of ``spent["compute"]`` was lost with workers.
    records
        How often each image, by run and place, was recorded.
    """

    makespan: float
    spent: dict[str, float]
    busy: dict[str, float]
    useful: float
    records: Counter[tuple[int, int]]

    @property
    def workers_seconds(self) -> float:
        """Seconds of all workers."""
        return sum(self.spent.values())

    @property
    def efficiency(self) -> float:
        """Share of the workers' time that computed what was recorded."""
        return self.useful / self.workers_seconds
