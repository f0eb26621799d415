"""What is done with each image of a run: deblur and score, or score alone.

A job says it in words that another process can be sent; ``load`` makes it ready, once here or once in each worker.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar
from typing import Protocol as Structure

import torch

from benchmark import registry
from benchmark.datasets.base import Entry
from benchmark.method import Method, MethodFactory
from benchmark.protocols import Protocol
from benchmark.results.run import Record, RunFolder
from benchmark.running.environment import package_versions
from benchmark.running.evaluation import FAILURES, NO_ROOM, Evaluator, failed, warm_up
from benchmark.running.gpus import device_of_worker
from benchmark.running.tiling import Tiling
from realdof.common.errors import InputError
from realdof.common.memory import keep_blocks
from realdof.images.depth import image_from_pixels
from realdof.images.files import read_pixels


@dataclass(frozen=True)
class Piece:
    """One image of a run.

    Parameters
    ----------
    entry
        Its files.
    output
        An image that exists already, to be scored.
    earlier
        The record of the run that made the output.
    """

    entry: Entry
    output: Path | None = None
    earlier: Record | None = None

    @property
    def files(self) -> list[Path]:
        """Everything that is read of it."""
        return [*self.entry.files.values(), *([] if self.output is None else [self.output])]


Work = Callable[[Piece], Record]


class Job(Structure):
    """Work that is not loaded yet.

    Attributes
    ----------
    timed
        Whether it takes times, which other images computed beside would change.
    """

    timed: ClassVar[bool]

    def load(self) -> Work:
        """Make it ready in this process.

        Raises
        ------
        InputError
            What it needs cannot be had here.
        """


@dataclass(frozen=True)
class Measures:
    """A protocol and the names of its metrics; ``load`` gives the evaluator."""

    protocol: Protocol
    metrics: tuple[str, ...]

    def load(self) -> Evaluator:
        """Load the metrics."""
        return Evaluator(
            self.protocol, {name: registry.metric(self.protocol.registered(name)) for name in self.metrics}
        )


@dataclass(frozen=True)
class Deblurring:
    """Run a method, score what it returns, keep it.

    Parameters
    ----------
    measures
        How outputs are scored.
    factory, weights, device, tiling
        The method and how it runs; see ``benchmark.running.runner.run``.
    dataset
        Name of the data set.
    folder
        The run's.
    sha256
        Of the weights that the run is described with; other weights are refused.
    versions
        Of the libraries that the run is described with; others are refused.
    """

    measures: Measures
    factory: MethodFactory
    weights: str | None
    device: str
    tiling: Tiling | None
    dataset: str
    folder: Path
    sha256: str | None
    versions: Mapping[str, str | None]
    timed: ClassVar[bool] = True

    def load(self) -> Work:
        """Load method and metrics."""
        check_versions(self.versions)
        method = self.factory.load(self.weights)
        found = None if method.weights is None else method.weights.sha256
        if found != self.sha256:
            raise InputError(
                f"a worker found other weights {self.weights} for {self.factory.card.name} than the run began with; "
                "give every machine the same file"
            )
        device = torch.device(device_of_worker(self.device))
        set_up(method, device, self.dataset, self.tiling, RunFolder(self.folder))
        return Deblur(self.measures.load(), method, device, RunFolder(self.folder))


def set_up(method: Method, device: torch.device, dataset: str, tiling: Tiling | None, folder: RunFolder) -> None:
    """Make a loaded method ready for a run, and this process for its numbers."""
    use_full_precision()
    # What the metrics free is not to be faulted in again while a method is timed.
    if method.keeps_memory or tiling is not None:
        keep_blocks()
    method.to(device)
    method.prepare_for(dataset)
    method.tiling = tiling
    method.logs = folder.path / "logs"


class Deblur:
    """From an image to record and output by running the method, warmed up once.

    Where threads share it, the method works on one image at a time.
    """

    def __init__(self, evaluator: Evaluator, method: Method, device: torch.device, folder: RunFolder) -> None:
        self.evaluator, self.method, self.device, self.folder = evaluator, method, device, folder
        self._turn = threading.Lock()
        self._warm = False

    def __call__(self, piece: Piece) -> Record:
        self._warm_up(piece.entry)
        record, output = self.evaluator.run(piece.entry, self.method, self.device, self._turn)
        if output is None:
            return record
        try:
            self.folder.keep_output(piece.entry.name, output)
        except NO_ROOM as error:
            return failed(piece.entry, error)
        return record

    def _warm_up(self, entry: Entry) -> None:
        with self._turn:
            if self._warm or not self.method.in_process:
                return
            with _failures_left_to_the_timed_run():
                warm_up(self.method, self.evaluator.protocol.load_sample(entry), self.device)
            self._warm = True


@dataclass(frozen=True)
class Scoring:
    """Score images that exist; a record of the run that made them keeps its time, memory and device."""

    measures: Measures
    versions: Mapping[str, str | None]
    timed: ClassVar[bool] = False

    def load(self) -> Work:
        """Load the metrics."""
        check_versions(self.versions)
        return Score(self.measures.load())


class Score:
    """From an image to its record by reading the output."""

    def __init__(self, evaluator: Evaluator) -> None:
        keep_blocks()
        self.evaluator = evaluator

    def __call__(self, piece: Piece) -> Record:
        protocol = self.evaluator.protocol
        if piece.output is None:
            raise ValueError(f"{piece.entry.name} has no output to score")
        output = protocol.fit(image_from_pixels(read_pixels(piece.output)))
        scores = self.evaluator.score(output, protocol.load_sample(piece.entry))
        if piece.earlier is None:
            return Record(piece.entry.name, "ok", scores)
        return replace(piece.earlier, status="ok", scores=scores, error=None)


def use_full_precision() -> None:
    """Scored CUDA runs are float32: a GPU's TF32 would change figures in the third digit."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def check_versions(expected: Mapping[str, str | None]) -> None:
    """Refuse to work with other libraries than the run is described with, as a cluster's machines may have.

    Raises
    ------
    InputError
        A version differs.
    """
    for name, version in package_versions().items():
        if version != expected[name]:
            raise InputError(
                f"a worker has {name} {version or 'not at all'}, but the run was begun with {expected[name]}; install "
                "the same on every machine"
            )


@contextmanager
def _failures_left_to_the_timed_run() -> Iterator[None]:
    # The same failure comes again in the run itself, where it is recorded with the image's name.
    try:
        yield
    except FAILURES:
        return
