"""Many items, one function, one thread a process: on this machine's processes or on a Dask cluster's workers.

Callers see a ``concurrent.futures.Executor`` either way. This module imports nothing that computes, so that a worker
knows of its one thread before anything starts others.
"""

import importlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Generic, ParamSpec, TypeVar

from realdof.common.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")
P = ParamSpec("P")

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
"""What keeps numerical libraries from starting threads of their own, if it is set before they are loaded."""

_ATTEMPTS = 2
_CONNECT_SECONDS = 30


class WorkerDied(Exception):
    """The process that worked on an item ended without a result, and so did the one that tried again."""


@dataclass(frozen=True)
class Outcome(Generic[Item, Result]):
    """An item and what became of it: ``result``, or the ``error`` that the function raised or ``WorkerDied``."""

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
    try:
        for future in as_completed(futures):
            error = future.exception()
            result = None if error is not None else future.result()
            yield Outcome(futures[future], result, _told_as_here(error))
    finally:
        for future in futures:
            future.cancel()


def _with_one_thread(function: Callable[[Item], Result], item: Item) -> Result:
    # OpenCV heeds no environment variable, and on a cluster nothing but the call itself is ours.
    importlib.import_module("cv2").setNumThreads(1)
    return function(item)


def _told_as_here(error: BaseException | None) -> BaseException | None:
    distributed = sys.modules.get("distributed")
    if distributed is not None and isinstance(error, distributed.KilledWorker):
        return WorkerDied("the cluster's workers died of it again and again, perhaps for want of memory")
    return error


class ProcessWorkers(Executor):
    """Spawned processes, of which one that dies is replaced and its item tried again once.

    Unlike ``ProcessPoolExecutor`` it knows which item a process died of, and its processes end with this one,
    however that ends.

    Parameters
    ----------
    count
        How many; each starts when it is first needed.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._threads = ThreadPoolExecutor(count)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._started: list[_Worker] = []
        self._killed = False

    def submit(self, fn: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs) -> Future[Result]:
        """As every executor's."""
        return self._threads.submit(self._run, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As every executor's; the processes end once their last item is done."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        if wait:
            for worker in self._started:
                worker.end()

    def kill(self) -> None:
        """End the processes at once; items in progress come back as ``WorkerDied``."""
        with self._lock:
            self._killed = True
            for worker in self._started:
                worker.kill()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, function: Callable[..., Result], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Result:
        for _ in range(_ATTEMPTS):
            worker = self._worker()
            outcome = worker.call(function, args, kwargs)
            if outcome is not None:
                succeeded, value = outcome
                if not succeeded:
                    raise value
                result: Result = value
                return result
            self._local.worker = None
            worker.end()
        raise WorkerDied("the process that worked on it died twice, perhaps for want of memory; try fewer workers")

    def _worker(self) -> "_Worker":
        worker: _Worker | None = getattr(self._local, "worker", None)
        if worker is None:
            with self._lock:
                if self._killed:
                    raise WorkerDied("the work was given up")
                self._local.worker = worker = _Worker()
                self._started.append(worker)
        return worker


class _Worker:
    """One process and our end of the pipe to it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        # With our copy closed, the process's death closes the pipe.
        theirs.close()

    def call(self, *task: Any) -> tuple[bool, Any] | None:
        """Whether the function returned, and what it returned or raised; nothing if the process died."""
        try:
            self._pipe.send(task)
            outcome: tuple[bool, Any] = self._pipe.recv()
        except (EOFError, OSError):
            return None
        return outcome

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def end(self) -> None:
        """Let the process end."""
        self._pipe.close()
        self._process.join()


def _serve(pipe: Connection) -> None:
    """Call what comes through the pipe until it closes; the process ends with its parent, whatever it is doing."""
    # Ctrl-C reaches the whole process group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            function, args, kwargs = pipe.recv()
        except EOFError:
            return
        outcome = _outcome(function, args, kwargs)
        try:
            pipe.send(outcome)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            pipe.send((False, error))


def _outcome(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[bool, Any]:
    try:
        return True, function(*args, **kwargs)
    # Whatever it is, it is raised again where the result is asked for.
    except Exception as error:
        error.add_note("".join(traceback.format_exception(error)))
        return False, error


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


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
