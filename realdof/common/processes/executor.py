"""Apply one function to many items, one thread a process: in processes of this machine or on a Dask cluster.

Callers see a ``concurrent.futures.Executor`` either way. This module imports nothing that computes, so that a worker
knows of its one thread before anything starts others.
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
"""What keeps numerical libraries from starting threads of their own, if it is set before they are loaded."""

LOOK_SECONDS = 5.0
"""How often workers are looked at while no result comes."""


@dataclass(frozen=True)
class Outcome(Generic[Item, Result]):
    """An item with its ``result``, or with the ``error`` that the function raised, or ``WorkerDied``."""

    item: Item
    result: Result | None
    error: BaseException | None


@contextmanager
def workers(count: int, cluster: str | None = None) -> Iterator[Executor]:
    """Workers for the length of a ``with`` block; if it is left by an exception, work in progress is dropped.

    Parameters
    ----------
    count
        How many processes to start on this machine; without meaning for a cluster, which has its own.
    cluster
        Address of a Dask scheduler, e.g. ``tcp://scheduler:8786``, whose workers see the same files and have this
        package installed; they need ``OMP_NUM_THREADS=1`` too, which Dask sets by default.

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
    """Number of items that the workers compute at once, at least 1; of a cluster, as known now."""
    if isinstance(executor, ProcessWorkers):
        return executor.count
    assert isinstance(executor, ClusterWorkers)
    return max(1, executor.threads)


def completed(
    executor: Executor, function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Outcome[Item, Result]]:
    """Apply a function to every item; each outcome comes as soon as it is there.

    Parameters
    ----------
    function
        Importable from a module: workers look it up there.

    Raises
    ------
    InputError
        The cluster's scheduler ended, or for a long time it has had no worker.
    """
    call = _Call(function, os.environ.get(MEGAPIXELS))
    futures = {executor.submit(call, item): item for item in items}
    suspects = []
    try:
        for future in _as_they_end(executor, futures):
            if _lost_its_workers(future):
                suspects.append(futures[future])
            else:
                yield _outcome(futures[future], future)
        # Dask blames a worker's death on every item that the worker held. Of an item on its own it is the fault.
        for item in suspects:
            future = executor.submit(call, item)
            futures[future] = item
            for ended in _as_they_end(executor, [future]):
                yield _outcome(item, ended)
    finally:
        for future in futures:
            future.cancel()


def _as_they_end(executor: Executor, futures: Iterable[Future[Result]]) -> Iterator[Future[Result]]:
    """Each future as soon as it has ended, while a look is kept at the workers."""
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
    """A function with what this process was asked for by environment variables, which a cluster's workers lack."""

    function: Callable[[Item], Result]
    megapixels: str | None

    def __call__(self, item: Item) -> Result:
        # OpenCV heeds no environment variable, and on a cluster nothing but the call itself is ours.
        importlib.import_module("cv2").setNumThreads(1)
        if self.megapixels is None:
            return self.function(item)
        before = os.environ.get(MEGAPIXELS)
        os.environ[MEGAPIXELS] = self.megapixels
        try:
            return self.function(item)
        finally:
            # A cluster's worker goes on to work for others.
            if before is None:
                del os.environ[MEGAPIXELS]
            else:
                os.environ[MEGAPIXELS] = before
