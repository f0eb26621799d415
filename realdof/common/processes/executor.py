"""Apply a function to many items with one thread per process, in processes on this machine or on a Dask cluster.

Callers see a ``concurrent.futures.Executor`` either way. This module imports no numerical library, so that a worker is
limited to one thread before any library starts more.
"""

import importlib
import os
import queue
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from realdof.common.megapixels import MEGAPIXELS
from realdof.common.processes.cluster import ClusterWorkers, cluster_workers
from realdof.common.processes.pool import ProcessWorkers, WorkerDied

Item = TypeVar("Item")
Result = TypeVar("Result")

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
"""Environment variables that limit numerical libraries to one thread if they are set before these are loaded."""

LOOK_SECONDS = 5.0
"""Interval between checks of the workers while no result comes."""


@dataclass(frozen=True)
class Outcome(Generic[Item, Result]):
    """An item with the ``result`` of the function, or with the ``error`` that it raised, or with ``WorkerDied``."""

    item: Item
    result: Result | None
    error: BaseException | None


@contextmanager
def workers(count: int, cluster: str | None = None) -> Iterator[Executor]:
    """Start workers for the duration of a ``with`` block; an exception in it drops work in progress.

    Parameters
    ----------
    count
        Number of processes to start on this machine; ignored for a cluster, which has its own workers.
    cluster
        Address of a Dask scheduler, e.g. ``tcp://scheduler:8786``. Its workers must see the same files, have this
        package installed and have ``OMP_NUM_THREADS=1``, which Dask sets by default.

    Raises
    ------
    InputError
        The cluster cannot be reached, or Dask is not installed.
    """
    if cluster is not None:
        with cluster_workers(cluster) as theirs:
            yield theirs
        return
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    processes = ProcessWorkers(count)
    try:
        yield processes
    except BaseException:
        processes.kill()
        raise
    finally:
        processes.shutdown()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def capacity(executor: Executor) -> int:
    """Return how many items the workers compute at once, at least 1; for a cluster, the current number."""
    if isinstance(executor, ProcessWorkers):
        return executor.count
    assert isinstance(executor, ClusterWorkers)
    return max(1, executor.threads)


def completed(
    executor: Executor, function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Outcome[Item, Result]]:
    """Apply a function to every item and yield each outcome as soon as it is finished.

    Parameters
    ----------
    function
        A function that workers can import from a module.

    Raises
    ------
    InputError
        The cluster's scheduler ended, or it has had no worker for a long time.
    """
    call = _Call(function, os.environ.get(MEGAPIXELS))
    futures = {executor.submit(call, item): item for item in items}
    suspects = []
    try:
        for future in _as_they_end(executor, futures):
            # Dask computes the results of a worker that is lost again unless their futures are forgotten.
            item = futures.pop(future)
            if _lost_its_workers(future):
                suspects.append(item)
            else:
                yield _outcome(item, future)
        # Dask blames a worker's death on every item that the worker held; running each alone finds the culprit.
        for item in suspects:
            future = executor.submit(call, item)
            futures[future] = item
            for ended in _as_they_end(executor, [future]):
                yield _outcome(item, ended)
    finally:
        for future in futures:
            future.cancel()


def _as_they_end(executor: Executor, futures: Iterable[Future[Result]]) -> Iterator[Future[Result]]:
    """Yield each future as soon as it has ended, and check the workers meanwhile."""
    ended: queue.SimpleQueue[Future[Result]] = queue.SimpleQueue()
    count = 0
    for future in futures:
        future.add_done_callback(ended.put)
        count += 1
    while count:
        try:
            future = ended.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            if isinstance(executor, ClusterWorkers):
                executor.look()
            continue
        if future.cancelled() and isinstance(executor, ClusterWorkers):
            raise executor.lost()
        count -= 1
        yield future


def _outcome(item: Item, future: Future[Result]) -> Outcome[Item, Result]:
    error = future.exception()
    if _lost_its_workers(future):
        error = WorkerDied("the cluster's workers died of it again and again, perhaps for want of memory")
    return Outcome(item, None if error is not None else future.result(), error)


def _lost_its_workers(future: Future[Any]) -> bool:
    distributed = sys.modules.get("distributed")
    return distributed is not None and isinstance(future.exception(), distributed.KilledWorker)


@dataclass(frozen=True)
class _Call(Generic[Item, Result]):
    """A function with the settings of this process's environment, which a cluster's workers lack."""

    function: Callable[[Item], Result]
    megapixels: str | None

    def __call__(self, item: Item) -> Result:
        # OpenCV ignores the environment variables, and on a cluster only the call itself can set this.
        importlib.import_module("cv2").setNumThreads(1)
        if self.megapixels is None:
            return self.function(item)
        before = os.environ.get(MEGAPIXELS)
        os.environ[MEGAPIXELS] = self.megapixels
        try:
            return self.function(item)
        finally:
            # A cluster's worker also works for others.
            if before is None:
                del os.environ[MEGAPIXELS]
            else:
                os.environ[MEGAPIXELS] = before
