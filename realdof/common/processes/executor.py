"""Apply one function to many items, one thread a process: in processes of this machine or on a Dask cluster.

Callers see a ``concurrent.futures.Executor`` either way. This module imports nothing that computes, so that a worker
knows of its one thread before anything starts others.
"""

import importlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from realdof.common.errors import InputError
from realdof.common.processes.pool import ProcessWorkers, WorkerDied

Item = TypeVar("Item")
Result = TypeVar("Result")

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
"""What keeps numerical libraries from starting threads of their own, if it is set before they are loaded."""

_CONNECT_SECONDS = 30


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
        with _cluster_client(cluster) as client:
            yield client.get_executor(pure=False)
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
    """How many items the workers take on at once; a cluster's as far as it is known now."""
    if isinstance(executor, ProcessWorkers):
        return executor.count
    threads: dict[str, int] = executor._client.nthreads()  # type: ignore[attr-defined]
    return sum(threads.values())


def completed(
    executor: Executor, function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Outcome[Item, Result]]:
    """Apply a function to every item; each outcome comes as soon as it is there.

    Parameters
    ----------
    function
        Importable from a module: workers look it up there.
    """
    futures = {executor.submit(_with_one_thread, function, item): item for item in items}
    suspects = []
    try:
        for future in as_completed(futures):
            if _lost_its_workers(future):
                suspects.append(futures[future])
            else:
                yield _outcome(futures[future], future)
        # Dask blames a worker's death on every item that the worker held. Of an item on its own it is the fault.
        for item in suspects:
            future = executor.submit(_with_one_thread, function, item)
            futures[future] = item
            yield _outcome(item, future)
    finally:
        for future in futures:
            future.cancel()


def _outcome(item: Item, future: Future[Result]) -> Outcome[Item, Result]:
    error = future.exception()
    if _lost_its_workers(future):
        error = WorkerDied("the cluster's workers died of it again and again, perhaps for want of memory")
    return Outcome(item, None if error is not None else future.result(), error)


def _lost_its_workers(future: Future[Any]) -> bool:
    distributed = sys.modules.get("distributed")
    return distributed is not None and isinstance(future.exception(), distributed.KilledWorker)


def _with_one_thread(function: Callable[[Item], Result], item: Item) -> Result:
    # OpenCV heeds no environment variable, and on a cluster nothing but the call itself is ours.
    importlib.import_module("cv2").setNumThreads(1)
    return function(item)


@contextmanager
def _cluster_client(address: str) -> Iterator[Any]:
    try:
        distributed = importlib.import_module("distributed")
    except ModuleNotFoundError as error:
        raise InputError("a cluster needs Dask; install ifan-bench[cluster], or use --workers") from error
    try:
        client = distributed.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(f"no Dask scheduler answers at {address} ({error}); give e.g. tcp://scheduler:8786") from error
    with client:
        yield client
