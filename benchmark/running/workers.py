"""The images of a run, one after the other here or each on a worker: the same records either way."""

import importlib
import os
import resource
import secrets
import threading
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from benchmark.results.run import Record
from benchmark.running.jobs import Job, Piece, Work
from realdof.common.errors import InputError
from realdof.common.executor import Outcome, WorkerDied, capacity, completed, workers


@dataclass(frozen=True)
class Workers:
    """Who computes.

    Parameters
    ----------
    count
        Processes on this machine, of one thread each; with one, images are computed in this process.
    cluster
        Address of a Dask scheduler whose workers are used instead; see ``realdof.common.executor.workers``.
    memory
        Bytes that each process may take; an image that needs more fails alone.

    Raises
    ------
    InputError
        A cluster is given a limit, which its workers have of their own.
    """

    count: int = 1
    cluster: str | None = None
    memory: int | None = None

    def __post_init__(self) -> None:
        if self.cluster is not None and self.memory is not None:
            raise InputError(
                "--worker-memory is for processes on this machine; limit a cluster's with dask worker --memory-limit"
            )

    @property
    def here(self) -> bool:
        """Whether images are computed in this process, one after the other."""
        return self == ALONE


ALONE = Workers()


@dataclass(frozen=True)
class _Task:
    """What a worker is sent for an image; ``run`` tells it when it must load another job."""

    run: str
    job: Job
    piece: Piece
    memory: int | None
    soon: tuple[Path, ...]


def compute_here(pieces: Sequence[Piece], work: Work) -> Generator[Record, None, None]:
    """The record of each image, in order; the next one's files are read from the disk meanwhile."""
    for piece, following in zip(pieces, [*pieces[1:], None], strict=True):
        if following is not None:
            read_ahead(following.files)
        yield work(piece)


def compute_on_workers(pieces: Sequence[Piece], job: Job, who: Workers) -> Generator[Record, None, None]:
    """The record of each image, in the order in which they are done.

    A process that dies is replaced and its image computed again; an image that two have died of is a failed record.
    """
    run = secrets.token_hex(8)
    with workers(min(who.count, len(pieces)), who.cluster) as executor:
        at_once = capacity(executor)
        later = [*pieces[at_once:], *[None] * at_once][: len(pieces)]
        tasks = [
            _Task(run, job, piece, who.memory, () if soon is None else tuple(soon.files))
            for piece, soon in zip(pieces, later, strict=True)
        ]
        for outcome in completed(executor, work_on, tasks):
            record = _record(outcome)
            # A cluster may grow while it works.
            at_once = max(at_once, capacity(executor))
            yield replace(record, workers=min(at_once, len(pieces))) if job.timed else record


def _record(outcome: Outcome[_Task, Record]) -> Record:
    if outcome.result is not None:
        return outcome.result
    if isinstance(outcome.error, WorkerDied):
        return Record(outcome.item.piece.entry.name, "failed", error=str(outcome.error))
    if isinstance(outcome.error, ImportError):
        raise InputError(
            f"a worker cannot import what the run needs ({outcome.error}); install the same on every machine"
        ) from outcome.error
    assert outcome.error is not None
    raise outcome.error


_loaded: dict[str, Work] = {}
_loading = threading.Lock()


def work_on(task: _Task) -> Record:
    """What a worker does with an image; what the run needs is loaded with its first one."""
    # Of a cluster's threads, one loads and the others wait for it.
    with _loading:
        if task.run not in _loaded:
            _loaded.clear()
            _settle(task.memory)
            _loaded[task.run] = _load(task)
        work = _loaded[task.run]
    read_ahead(task.soon)
    with torch.inference_mode():
        return work(task.piece)


def _load(task: _Task) -> Work:
    try:
        return task.job.load()
    except (MemoryError, RuntimeError) as error:
        if task.memory is None:
            raise
        raise InputError(
            f"method and metrics could not be loaded within {task.memory / 1e9:g} GB ({error}); raise --worker-memory"
        ) from error


def _settle(memory: int | None) -> None:
    torch.set_num_threads(1)
    # OpenCV's threads would come on top of the processes.
    importlib.import_module("cv2").setNumThreads(1)
    if memory is not None:
        # What the process asks for and may write to; the address space holds much more that is only reserved.
        resource.setrlimit(resource.RLIMIT_DATA, (memory, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def read_ahead(files: Iterable[Path]) -> None:
    """Ask the kernel to read files from the disk while something else is computed; none where it cannot."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in files:
        try:
            handle = os.open(path, os.O_RDONLY)
        except OSError:
            # Whoever reads it says what is wrong with it.
            continue
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(handle)
