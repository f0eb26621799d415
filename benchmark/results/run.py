"""A run on disk: all results are written and read through this module.

results/<data set>/<method>/<run id>/
    run.json         settings, facts about method and metrics, attempts, and the summary
    records.jsonl    one line for each image, appended when it is done
    outputs/*.png    the method's outputs, clipped, 16-bit

Several processes may write to one results folder, even to one run.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from benchmark.metrics.card import MetricCard
from benchmark.results.description import (
    Attempt,
    ComplexityFacts,
    Description,
    Environment,
    MethodFacts,
    WeightsFacts,
)
from benchmark.results.record import Record
from benchmark.results.settings import Settings
from benchmark.results.storage import (
    DESCRIPTION,
    RECORDS,
    append_record,
    check_same_metrics,
    claimed,
    read_description,
    read_records,
    write_description,
)
from benchmark.results.summary import Summary, summarise
from realdof.common.files import atomic_path, inside

OUTPUT_BITS: Literal[16] = 16
"""Depth of saved outputs, whatever the protocol reads, so that rescoring them gives the run's figures."""
OUTPUTS, LOGS = "outputs", "logs"


class Run:
    """An existing run.

    Parameters
    ----------
    path
        Folder of the run, ``results/<data set>/<method>/<run id>``.

    Attributes
    ----------
    description
        The content of ``run.json`` when this object last read or wrote it.

    Raises
    ------
    InputError
        The folder is not a run, or its ``run.json`` is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.description = read_description(path)

    @classmethod
    def open(
        cls,
        results: Path,
        settings: Settings,
        *,
        method: MethodFacts,
        weights: WeightsFacts | None,
        complexity: ComplexityFacts | None,
        metrics: Mapping[str, MetricCard],
        total: int,
        environment: Environment,
        of_papers: bool = True,
        measured: Sequence[Attempt] = (),
    ) -> "Run":
        """Open the run with the given settings; create it if it does not exist.

        Parameters
        ----------
        environment
            Environment of the first attempt, if the run is new.
        metrics
            Cards of the metrics; an existing run keeps its own and gains those it lacks.
        total
            Number of images in the data set.
        of_papers
            Whether published figures were measured on these images.
        measured
            For rescoring, the attempts of the run whose outputs are scored.

        Raises
        ------
        InputError
            The folder cannot be written to, or holds a damaged run.
        """
        now = _now()
        return cls._opened(
            results,
            Description(
                schema=2,
                id=settings.id,
                created=now,
                settings=settings,
                method=method,
                weights=weights,
                complexity=complexity,
                metrics=dict(metrics),
                total=total,
                of_papers=of_papers,
                attempts=[Attempt(date=now, **environment.model_dump())],
                measured=list(measured),
            ),
        )

    @classmethod
    def adopt(cls, results: Path, other: "Run") -> "Run":
        """Open the run with another run's settings; a new one is created with that run's attempts, but no records."""
        return cls._opened(results, other.description.model_copy(update={"finished": False, "summary": None}))

    @classmethod
    def _opened(cls, results: Path, description: Description) -> "Run":
        settings = description.settings
        path = inside(results, settings.dataset, settings.method, settings.id)
        with claimed(path):
            if not (path / DESCRIPTION).exists():
                write_description(path, description)
            run = cls(path)
            check_same_metrics(path, run.description, description)
            word = description.weights is not None and description.weights.claimed
            if word and run.weights is not None and not run.weights.of_paper:
                weights = run.weights.model_copy(update={"claimed": True})
                run._write(run.description.model_copy(update={"weights": weights}))
            if not description.metrics.keys() <= run.columns.keys():
                run._write(run.description.model_copy(update={"metrics": {**description.metrics, **run.columns}}))
        return run

    @property
    def settings(self) -> Settings:
        """The settings that determine the figures."""
        return self.description.settings

    @property
    def id(self) -> str:
        """The id in ``run.json``."""
        return self.description.id

    @property
    def method(self) -> MethodFacts:
        """The facts about the method that tables show."""
        return self.description.method

    @property
    def weights(self) -> WeightsFacts | None:
        """The facts about the weights; None for a method without weights."""
        return self.description.weights

    @property
    def complexity(self) -> ComplexityFacts | None:
        """Parameters and multiply-accumulates; None if they are not counted."""
        return self.description.complexity

    @property
    def columns(self) -> dict[str, MetricCard]:
        """Card of each metric that scored the run, by column; empty in runs of the first release."""
        return self.description.metrics

    @property
    def attempts(self) -> list[Attempt]:
        """All attempts at the run, oldest first."""
        return self.description.attempts

    @property
    def total(self) -> int:
        """Number of images in the data set."""
        return self.description.total

    @property
    def finished(self) -> bool:
        """Whether every image has been tried."""
        return self.description.finished

    @property
    def label(self) -> str:
        """Method, weights and id, for messages."""
        named = f" ({self.weights.name})" if self.weights else ""
        return f"{self.settings.method}{named} {self.id}"

    @property
    def logs(self) -> Path:
        """Folder for the output that programs print."""
        return self.path / LOGS

    def begin(self, environment: Environment, *, again: bool) -> None:
        """Record the start of computing; add an attempt if asked for or if the environment differs.

        Parameters
        ----------
        environment
            The current environment; a different command line alone does not add an attempt.
        again
            Whether every image is computed again.
        """

        def noted(description: Description) -> Description:
            last = description.attempts[-1] if description.attempts else None
            fresh = not (self.path / RECORDS).stat().st_size
            same = last is not None and not environment.differs(Environment(**last.model_dump(exclude={"date"})))
            if same and (fresh or not again):
                return description
            attempt = Attempt(date=_now(), **environment.model_dump())
            # Attempts without records are replaced.
            kept = [] if fresh else description.attempts
            return description.model_copy(update={"attempts": [*kept, attempt]})

        self._update(noted)

    def append(self, record: Record) -> Record:
        """Append an image's record to the last attempt, flush it to disk, and return it."""
        stamped = record.model_copy(update={"attempt": max(0, len(self.attempts) - 1)})
        self.bring(stamped)
        return stamped

    def bring(self, record: Record) -> None:
        """Append a record unchanged, such as one from another results folder."""
        append_record(self.path, record)

    def records(self) -> dict[str, Record]:
        """Read the last record of every image, by name.

        Raises
        ------
        InputError
            A line is damaged.
        """
        return read_records(self.path)

    def summary(self) -> Summary:
        """Compute the figures of the current records, over the whole data set."""
        return summarise(self.records().values(), self.total)

    def output(self, name: str) -> Path:
        """Return the path of an image's output; a rescored run uses the outputs of the original run."""
        origin = self.settings.rescored
        folder = self.path if origin is None else inside(self.path.parent, origin)
        return inside(folder / OUTPUTS, f"{name}.png")

    def own_output(self, name: str) -> Path:
        """Return the path of an image's output in this run's own folder."""
        return inside(self.path / OUTPUTS, f"{name}.png")

    def keep_output(self, name: str, content: bytes) -> None:
        """Write the file of an output atomically; its content is a PNG file of `OUTPUT_BITS` bits."""
        with atomic_path(self.own_output(name)) as temporary:
            temporary.write_bytes(content)

    def note_doubts(self, doubts: Sequence[str]) -> None:
        """Record the doubts about the data set, and replace earlier ones."""
        self._update(lambda description: description.model_copy(update={"doubts": list(doubts)}))

    def finish(self, summary: Summary) -> None:
        """Record the summary, and that every image has been tried."""
        self._update(lambda description: description.model_copy(update={"summary": summary, "finished": True}))

    def add_attempts(self, attempts: Sequence[Attempt]) -> list[int]:
        """Add attempts made elsewhere unless already listed; return the index of each in this run."""
        self._update(
            lambda description: description.model_copy(
                update={
                    "attempts": [
                        *description.attempts,
                        *(attempt for attempt in attempts if attempt not in description.attempts),
                    ]
                }
            )
        )
        return [self.attempts.index(attempt) for attempt in attempts]

    def _update(self, change: Callable[[Description], Description]) -> None:
        with claimed(self.path):
            before = read_description(self.path)
            self._write(change(before), unless=before)

    def _write(self, description: Description, unless: Description | None = None) -> None:
        if description != unless:
            write_description(self.path, description)
        self.description = description


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
