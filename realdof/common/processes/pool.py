"""An executor of processes on this machine that survives the death of one of them.

This module imports no numerical library, so that a worker is limited to one thread before any library starts more.
"""

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, ParamSpec, TypeVar

from realdof.common.machine.memory import keep_blocks

Result = TypeVar("Result")
P = ParamSpec("P")

_ATTEMPTS = 2
_KILLED = 9
"""Number of SIGKILL, which Windows does not name."""


class WorkerDied(Exception):
    """The process that worked on an item ended without a result, and so did the one that repeated it."""


class ProcessWorkers(Executor):
    """An executor of spawned processes that replaces a process that died and repeats its item once.

    Unlike ``ProcessPoolExecutor`` it knows which item a process was working on, and its processes end with this one,
    even if this one is killed.

    Parameters
    ----------
    count
        Largest number of processes; each starts when it is first needed.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._threads = ThreadPoolExecutor(count)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._started: list[_Worker] = []
        self._killed = False

    def submit(self, fn: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs) -> Future[Result]:
        """Schedule a call; see ``concurrent.futures.Executor.submit``."""
        return self._threads.submit(self._run, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes after their last item; see ``concurrent.futures.Executor.shutdown``."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        if wait:
            for worker in self._started:
                worker.end()

    def kill(self) -> None:
        """End the processes at once; items in progress raise ``WorkerDied``."""
        with self._lock:
            self._killed = True
            for worker in self._started:
                worker.kill()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, function: Callable[..., Result], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Result:
        end = ""
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
            end = worker.end()
        raise WorkerDied(f"the process that worked on it ended twice without a result: {end}")

    def _worker(self) -> "_Worker":
        worker: _Worker | None = getattr(self._local, "worker", None)
        if worker is None:
            with self._lock:
                if self._killed:
                    raise WorkerDied("the work was given up")
                self._local.worker = worker = _Worker()
                self._started.append(worker)
        return worker


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Start processes within this block with SIGINT blocked, so that Ctrl-C never stops them, even during imports.

    A terminal sends Ctrl-C to the whole process group; only the parent process should react to it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # The first process would start multiprocessing's resource tracker, which unblocks the signal; so start that first.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Worker:
    """One worker process and the parent's end of the pipe to it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with deaf_to_ctrl_c():
            self._process.start()
        # Once the parent's copy is closed, the death of the process closes the pipe.
        theirs.close()

    def call(self, *task: Any) -> tuple[bool, Any] | None:
        """Call a function in the process: return success and its result or error; return None if the process died."""
        question = ForkingPickler.dumps(task)
        try:
            self._pipe.send_bytes(question)
            answer = self._pipe.recv_bytes()
        except (EOFError, OSError):
            return None
        # Our own worker wrote the data into a pipe that no other process can open.
        outcome: tuple[bool, Any] = pickle.loads(answer)  # nosec B301
        return outcome

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def end(self) -> str:
        """Let the process end, and describe how it ended."""
        self._pipe.close()
        self._process.join()
        status = self._process.exitcode
        if status == -_KILLED:
            return "it was killed, perhaps for want of memory; try fewer workers"
        if status is not None and status < 0:
            return f"it was ended by signal {-status} ({signal.strsignal(-status)}); report it with the item"
        return f"it ended with status {status}; its own message tells why"


def _serve(pipe: Connection) -> None:
    """Run the calls that come through the pipe until it closes; end at once if the parent process ends."""
    # For systems on which signals cannot be blocked from the start.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    keep_blocks()
    while True:
        try:
            question = pipe.recv_bytes()
        except EOFError:
            return
        pipe.send_bytes(_answer(question))


def _answer(question: bytes) -> bytes:
    """Run a pickled call; return, pickled, whether it succeeded and its result or error, including pickling errors."""
    try:
        # Our own parent wrote the data.
        function, args, kwargs = pickle.loads(question)  # nosec B301
        return bytes(ForkingPickler.dumps((True, function(*args, **kwargs))))
    # Any error is raised again in the parent.
    except Exception as error:
        error.add_note("".join(traceback.format_exception(error)))
        return _portable(error)


def _portable(error: Exception) -> bytes:
    """Pickle a failure; an error that cannot be pickled and unpickled is replaced by its type and message."""
    try:
        answer = bytes(ForkingPickler.dumps((False, error)))
        pickle.loads(answer)  # nosec B301
    # The class of an error may raise anything when it is pickled or unpickled.
    except Exception:
        stand_in = RuntimeError(f"{type(error).__name__}: {error}")
        for note in error.__notes__:
            stand_in.add_note(note)
        return bytes(ForkingPickler.dumps((False, stand_in)))
    return answer


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
