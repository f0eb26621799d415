"""A run on disk: the only way to write results and to read them.

results/<data set>/<method>/<run id>/
    run.json         settings, facts about method and metrics, attempts, and the summary
    records.jsonl    one line an image, appended when it is done
    outputs/*.png    what the method returned, clipped, 16-bit

Several processes may write to one results folder, even to one run.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from benchmark.method import Image
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
from realdof.common.files import inside
from realdof.images.depth import pixels_from_image
from realdof.images.files import write_pixels

OUTPUT_BITS: Literal[16] = 16
"""Outputs keep 16 bits whatever the protocol reads, so that scoring them again gives the run's figures."""
OUTPUTS, LOGS = "outputs", "logs"


class Run:
    """One run that exists.

    Parameters
    ----------
    path
        Its folder, ``results/<data set>/<method>/<run id>``.

    Attributes
    ----------
    description
        The content of ``run.json`` when it was last read or written here.

    Raises
    ------
    InputError
        The folder is no run, or its ``run.json`` is damaged.
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
        """Open the run that belongs to settings; begin it if there is none.

        Parameters
        ----------
        environment
            Of the first attempt, if the run is new.
        metrics
            Cards of the metrics; a run that exists keeps its own and gains those it lacks.
        total
            Images in the data set.
        of_papers
            Whether they are the images that published figures are about.
        measured
            Attempts of the run whose outputs are scored.

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
        """Open the run with another run's settings in a results folder; a new one has its attempts, but no records."""
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
        """What determines the figures."""
        return self.description.settings

    @property
    def id(self) -> str:
        """The id in ``run.json``."""
        return self.description.id

    @property
    def method(self) -> MethodFacts:
        """What tables say of the method."""
        return self.description.method

    @property
    def weights(self) -> WeightsFacts | None:
        """Name and label of the weights; None for a method without."""
        return self.description.weights

    @property
    def complexity(self) -> ComplexityFacts | None:
        """Parameters and multiply-accumulates; None where nothing is counted."""
        return self.description.complexity

    @property
    def columns(self) -> dict[str, MetricCard]:
        """Card of each metric that the run was scored by; none in runs of the first release."""
        return self.description.metrics

    @property
    def attempts(self) -> list[Attempt]:
        """All attempts at the run, oldest first."""
        return self.description.attempts

    @property
    def total(self) -> int:
        """Images in the data set."""
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
        """Folder for what programs print."""
        return self.path / LOGS

    def begin(self, environment: Environment, *, again: bool) -> None:
        """Note that images are computed from now on: a new attempt if asked for or if the environment differs.

        Parameters
        ----------
        environment
            What computes now; the command line alone makes no new attempt.
        again
            Whether every image is computed anew.
        """

        def noted(description: Description) -> Description:
            last = description.attempts[-1] if description.attempts else None
            fresh = not (self.path / RECORDS).stat().st_size
            same = last is not None and not environment.differs(Environment(**last.model_dump(exclude={"date"})))
            if same and (fresh or not again):
                return description
            attempt = Attempt(date=_now(), **environment.model_dump())
            # An attempt that made no record is replaced.
            kept = [] if fresh else description.attempts
            return description.model_copy(update={"attempts": [*kept, attempt]})

        self._update(noted)

    def append(self, record: Record) -> Record:
        """Append an image's record, as one of the last attempt, and see it on disk."""
        stamped = record.model_copy(update={"attempt": max(0, len(self.attempts) - 1)})
        self.bring(stamped)
        return stamped

    def bring(self, record: Record) -> None:
        """Append a record as it is, such as one of another results folder."""
        append_record(self.path, record)

    def records(self) -> dict[str, Record]:
        """Every image's last record, by name.

        Raises
        ------
        InputError
            A line is damaged.
        """
        return read_records(self.path)

    def summary(self) -> Summary:
        """The figures of the records as they are now, over the whole data set."""
        return summarise(self.records().values(), self.total)

    def output(self, name: str) -> Path:
        """Where an image's result is; a rescored run shares the outputs of the run it was scored from."""
        origin = self.settings.rescored
        folder = self.path if origin is None else inside(self.path.parent, origin)
        return inside(folder / OUTPUTS, f"{name}.png")

    def own_output(self, name: str) -> Path:
        """Where an image's result would be in this run's own folder."""
        return inside(self.path / OUTPUTS, f"{name}.png")

    def keep_output(self, name: str, image: Image) -> None:
        """Write a result, float32 (3, H, W), clipped to [0, 1], 16-bit, whole or not at all."""
        write_pixels(self.own_output(name), pixels_from_image(image, OUTPUT_BITS))

    def note_doubts(self, doubts: Sequence[str]) -> None:
        """Note what looks wrong with the data set, in place of what was noted before."""
        self._update(lambda description: description.model_copy(update={"doubts": list(doubts)}))

    def finish(self, summary: Summary) -> None:
        """Note the summary and that every image has been tried."""
        self._update(lambda description: description.model_copy(update={"summary": summary, "finished": True}))

    def add_attempts(self, attempts: Sequence[Attempt]) -> list[int]:
        """Note attempts made elsewhere that are not noted yet; return the number of each here."""
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
