"""The work on each image of a run: read it, run the method or read an existing output, score and write.

A `Job` is picklable; `Job.load` makes it ready, once in this process or once in each worker.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import cv2
import torch

from benchmark import registry
from benchmark.datasets.base import Entry
from benchmark.loading import load_method
from benchmark.method import Context, Image, Method, MethodFactory, Sample
from benchmark.metrics.base import Metric
from benchmark.protocols.base import Protocol
from benchmark.results.record import Record
from benchmark.results.run import OUTPUT_BITS, Run
from benchmark.running.environment import device_name, package_versions
from benchmark.running.gpus import device_of_worker
from benchmark.running.timing import Measured, deblur_timed, ready, warm_up
from benchmark.suspicion.signs import signs_of
from realdof.common.errors import InputError
from realdof.common.machine.memory import keep_blocks
from realdof.images.depth import image_from_pixels, pixels_from_image
from realdof.images.files import encoded, read_pixels

FAILURES = (
    InputError, RuntimeError, ValueError, ArithmeticError, MemoryError, TypeError, LookupError, AttributeError,
    AssertionError, OSError, cv2.error,
)  # fmt: skip
"""Exceptions that fail one image while the run continues with the others."""


T = TypeVar("T")


class CannotWrite(InputError):
    """The results folder cannot be written to."""


@dataclass(frozen=True)
class Upcoming:
    """A picklable function that returns the samples of entries, read one at a time, without all-in-focus images."""

    protocol: Protocol
    entries: tuple[Entry, ...]

    def __call__(self) -> Iterator[Sample]:
        """Return an iterator over the samples."""
        return (replace(self.protocol.load(entry), target=None) for entry in self.entries)


@dataclass(frozen=True)
class Use:
    """A method and how a run uses it.

    Parameters
    ----------
    factory, weights
        The method to load, and its weights.
    sha256
        Hash of the weights recorded in the run; other weights are refused.
    context
        Context passed to the method.
    """

    factory: MethodFactory
    weights: str | None
    sha256: str | None
    context: Context


@dataclass(frozen=True)
class Job:
    """The work to do on each image of a run.

    Parameters
    ----------
    protocol, metrics
        The protocol, and the columns to measure.
    folder
        Folder of the run.
    versions
        Versions of the libraries recorded in the run; other versions are refused.
    use
        The method to run; None to score existing outputs.
    """

    protocol: Protocol
    metrics: tuple[str, ...]
    folder: Path
    versions: Mapping[str, str | None]
    use: Use | None

    @property
    def timed(self) -> bool:
        """Whether the job measures times, which parallel work on other images would change."""
        return self.use is not None

    def load(self, method: Method | None = None) -> Ready:
        """Load metrics and method in this process.

        Parameters
        ----------
        method
            The job's method, if it is already loaded.

        Raises
        ------
        InputError
            Weights or libraries are missing, or differ from those recorded in the run.
        """
        _check_versions(self.versions)
        if self.use is None:
            keep_blocks()
            return Ready(self.protocol, self._loaded_metrics(), Run(self.folder), None, Context())
        context = self.use.context
        if method is None:
            method = load_method(self.use.factory, self.use.weights)
            context = replace(context, device=device_of_worker(context.device))
        found = None if method.weights is None else method.weights.sha256
        if found != self.use.sha256:
            raise InputError(
                f"a worker found other weights {self.use.weights} for {self.use.factory.card.name} than the run began "
                "with; give every machine the same file"
            )
        ready(method, context)
        return Ready(self.protocol, self._loaded_metrics(), Run(self.folder), method, context)

    def _loaded_metrics(self) -> dict[str, Metric]:
        return {name: registry.metric(self.protocol.registered(name)) for name in self.metrics}


class Ready:
    """A loaded job; call `read`, `deblur` and `finish` separately, or call the object to do all three.

    Parameters
    ----------
    protocol, metrics
        The protocol, and the metrics by column.
    run
        The run that keeps the outputs.
    method, context
        The method to run and its context; the method is None to score existing outputs.
    """

    def __init__(
        self, protocol: Protocol, metrics: Mapping[str, Metric], run: Run, method: Method | None, context: Context
    ) -> None:
        self.protocol, self.metrics, self.run, self.method, self.context = protocol, metrics, run, method, context
        self.read = protocol.load
        """Read an image's files as a sample."""
        self._turn = threading.Lock()
        self._warm = method is None or not method.capabilities.in_process

    def __call__(self, entry: Entry) -> Record:
        """Process an image and return its record; if the image fails, return a record of the failure."""
        try:
            sample = self.read(entry)
            return self.finish(sample, self.deblur(sample, entry))
        except CannotWrite:
            raise
        except FAILURES as error:
            return failed(entry, f"{type(error).__name__}: {error}")

    def deblur(self, sample: Sample, entry: Entry) -> Measured | Image:
        """Run the method and measure it, one image at a time in this process; or read the existing output."""
        if self.method is None:
            if entry.output is None:
                raise ValueError(f"{entry.name} has no output to score")
            return self.protocol.fit(image_from_pixels(read_pixels(entry.output)))
        with self._turn:
            if not self._warm:
                with _failures_left_to_the_timed_run():
                    warm_up(self.method, sample, self.context)
                self._warm = True
            return deblur_timed(self.method, sample, self.context)

    def finish(self, sample: Sample, made: Measured | Image, helper: Executor | None = None) -> Record:
        """Score the output, save it if the method made it, and return the record.

        Parameters
        ----------
        helper
            A thread that encodes the output and takes its signs meanwhile; None to do so afterwards.

        Raises
        ------
        ValueError
            A score is NaN.
        CannotWrite
            The output cannot be written, which would fail every other image too.
        """
        measured = made if isinstance(made, Measured) else None
        output = made.result.image if isinstance(made, Measured) else made
        with _beside(partial(self.examine, output, sample, encodes=measured is not None), helper) as examine:
            scores = self.protocol.score(output, sample, self.metrics)
            for name, value in scores.items():
                if value != value:
                    raise ValueError(f"{name} is NaN")
            signs, content = examine()
        size = (int(sample.image.shape[-2]), int(sample.image.shape[-1]))
        if measured is None or content is None:
            return _about(sample, status="ok", scores=scores, size=size, signs=signs)
        try:
            self.run.keep_output(sample.name, content)
        except InputError as error:
            raise CannotWrite(str(error)) from error
        result = measured.result
        return _about(
            sample,
            status="ok",
            scores=scores,
            size=size,
            signs=signs,
            seconds=measured.seconds,
            peak_memory=measured.memory,
            stages=dict(result.stages),
            tiling=None if result.bands is None else str(result.bands),
            device=device_name(torch.device(self.context.device)),
        )

    def examine(self, output: Image, sample: Sample, *, encodes: bool) -> tuple[dict[str, float], bytes | None]:
        """Take the signs of an output, and encode it as it is kept: clipped, with 16 bits."""
        with torch.inference_mode():
            signs = signs_of(output, sample)
            if not encodes:
                return signs, None
            return signs, encoded(pixels_from_image(output, OUTPUT_BITS), self.run.own_output(sample.name))


@contextmanager
def _beside(work: Callable[[], T], helper: Executor | None) -> Iterator[Callable[[], T]]:
    """Do work in a helper's thread during a ``with`` block, which waits for its end; without a helper, when asked.

    Yields what returns the work's result.
    """
    if helper is None:
        yield work
        return
    future = helper.submit(work)
    try:
        yield future.result
    finally:
        # Nothing of this image may still run when the next one is timed.
        wait([future])


def failed(entry: Entry, reason: str) -> Record:
    """Return the record of a failed image."""
    return _about(entry, status="failed", error=reason)


def _about(item: Sample | Entry, **found: object) -> Record:
    return Record.model_validate(
        {"name": item.name, "groups": dict(item.groups), "target": item.target_name, **found}
    )  # fmt: skip


def _check_versions(expected: Mapping[str, str | None]) -> None:
    """Check that this machine's libraries are those recorded in the run; a cluster's machines may differ."""
    for name, version in package_versions().items():
        if version != expected[name]:
            raise InputError(
                f"a worker has {name} {version or 'not at all'}, but the run was begun with {expected[name]}; install "
                "the same on every machine"
            )


@contextmanager
def _failures_left_to_the_timed_run() -> Iterator[None]:
    # The failure is repeated in the timed run, which records it with the image's name.
    try:
        yield
    except FAILURES:
        return
