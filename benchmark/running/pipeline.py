"""Process the images of a run in this process, in order, reading ahead and scoring behind.

A timed method has the machine to itself: only reading the next image, scoring the last one and encoding it overlap.
If nothing is timed, or times are not wanted, all three overlap.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch

from benchmark.bands.budget import available_bytes
from benchmark.datasets.base import Entry
from benchmark.method import Image, Sample
from benchmark.results.record import Record
from benchmark.running.job import FAILURES, CannotWrite, Ready, failed
from benchmark.running.timing import Measured

SHARE_AHEAD = 0.05
"""Share of the free memory above which an image is not read ahead or encoded beside its scores: either takes copies."""

T = TypeVar("T")


@dataclass(frozen=True)
class Failed:
    """The record of an image that could not be read or computed."""

    record: Record


def compute_here(entries: Sequence[Entry], ready: Ready, *, untimed: bool = False) -> Generator[Record, None, None]:
    """Process the images and yield the record of each, in order.

    Parameters
    ----------
    ready
        The loaded job.
    untimed
        Whether other images may be read and scored while the method runs; this affects its times, so the records are
        marked. Existing outputs are always scored in this way.

    Raises
    ------
    CannotWrite
        The results folder cannot be written to.
    """
    if ready.method is not None and not untimed:
        yield from _alone(entries, ready)
        return
    for record in _beside(entries, ready):
        yield record.model_copy(update={"beside": True}) if ready.method is not None else record


def _alone(entries: Sequence[Entry], ready: Ready) -> Iterator[Record]:
    with _thread("reads") as reading, _thread("encodes") as encoding:
        read = _Reads(entries, ready, reading)
        for entry in entries:
            sample = read.next()
            made = _attempt(entry, partial(_deblurred, ready, sample, entry))
            # Nothing runs in parallel to the method; only now do reading ahead, scoring and encoding share processors.
            read.ahead()
            yield _finished(ready, entry, sample, made, encoding if read.spare() else None)


def _beside(entries: Sequence[Entry], ready: Ready) -> Iterator[Record]:
    with _thread("reads") as reading, _thread("scores") as scoring:
        read = _Reads(entries, ready, reading)
        waiting: deque[Future[Record]] = deque()
        try:
            for entry in entries:
                sample = read.next()
                read.ahead()
                made = _attempt(entry, partial(_deblurred, ready, sample, entry))
                if waiting:
                    yield waiting.popleft().result()
                waiting.append(scoring.submit(_in_thread, partial(_finished, ready, entry, sample, made)))
        except KeyboardInterrupt:
            # Record all images already computed before the run ends.
            yield from _results(waiting)
            raise
        yield from _results(waiting)


class _Reads:
    """A reader of images in order, at most one image ahead."""

    def __init__(self, entries: Sequence[Entry], ready: Ready, thread: ThreadPoolExecutor) -> None:
        self._left, self._ready, self._thread = deque(entries), ready, thread
        self._coming: Future[Sample | Failed] | None = None
        self._bytes = 0

    def next(self) -> Sample | Failed:
        """Return the next image's sample."""
        found = self._read(self._left.popleft()) if self._coming is None else self._coming.result()
        self._coming = None
        if isinstance(found, Sample):
            self._bytes = _bytes_of(found)
        return found

    def ahead(self) -> None:
        """Start reading the next image in the background, if there is one and enough memory."""
        if self._left and self.spare():
            entry = self._left.popleft()
            self._coming = self._thread.submit(_in_thread, partial(self._read, entry))

    def spare(self) -> bool:
        """Return whether there is memory for more than one image of the last one's size at once."""
        free = available_bytes(torch.device("cpu"))
        return free is None or self._bytes <= SHARE_AHEAD * free

    def _read(self, entry: Entry) -> Sample | Failed:
        return _attempt(entry, partial(self._ready.read, entry))


def _deblurred(ready: Ready, sample: Sample | Failed, entry: Entry) -> Measured | Image | Failed:
    return sample if isinstance(sample, Failed) else ready.deblur(sample, entry)


def _finished(
    ready: Ready,
    entry: Entry,
    sample: Sample | Failed,
    made: Measured | Image | Failed,
    helper: ThreadPoolExecutor | None = None,
) -> Record:
    if isinstance(made, Failed):
        return made.record
    assert not isinstance(sample, Failed)
    found = _attempt(entry, partial(ready.finish, sample, made, helper))
    return found.record if isinstance(found, Failed) else found


def _attempt(entry: Entry, work: Callable[[], T]) -> T | Failed:
    """Return the result of the work, or `Failed` if the image failed; the run continues with the others."""
    try:
        return work()
    except CannotWrite:
        raise
    except FAILURES as error:
        return Failed(failed(entry, f"{type(error).__name__}: {error}"))


def _in_thread(work: Callable[[], T]) -> T:
    # Gradient recording is set for each thread separately.
    with torch.inference_mode():
        return work()


def _results(waiting: deque[Future[Record]]) -> Iterator[Record]:
    while waiting:
        yield waiting.popleft().result()


@contextmanager
def _thread(name: str) -> Iterator[ThreadPoolExecutor]:
    """Yield an executor of one thread; on exit the running call is finished and waiting calls are dropped."""
    executor = ThreadPoolExecutor(1, name)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _bytes_of(sample: Sample) -> int:
    images = (sample.image, sample.left, sample.right, sample.target)
    return sum(image.nbytes for image in images if image is not None)
