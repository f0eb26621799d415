"""Process the images of a run on several workers; the scores are the same as in one process."""

import importlib
import os
import secrets
import threading
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from benchmark.datasets.base import Entry
from benchmark.results.record import Record
from benchmark.running.job import Job, Ready, failed
from realdof.common.errors import InputError
from realdof.common.processes.executor import Outcome, capacity, completed, workers
from realdof.common.processes.pool import WorkerDied


@dataclass(frozen=True)
class Workers:
    """How images are distributed over processes or a cluster.

    Parameters
    ----------
    count
        Number of processes on this machine, of one thread each; with 1, images are computed in this process.
    cluster
        Address of a Dask scheduler whose workers are used instead; see ``realdof.common.processes.executor.workers``.
    memory
        Bytes that each process may allocate; an image that needs more fails, the others continue.
    untimed
        Whether this process reads and scores other images while computing one; its times are then left out of tables.
        The times of several workers are always left out.

    Raises
    ------
    InputError
        A memory limit is given for a cluster, whose workers have their own, or on a system without limits; or
        ``untimed`` is set for more than one process.
    """

    count: int = 1
    cluster: str | None = None
    memory: int | None = None
    untimed: bool = False

    def __post_init__(self) -> None:
        if self.cluster is not None and self.memory is not None:
            raise InputError(
                "--worker-memory is for processes on this machine; limit a cluster's with dask worker --memory-limit"
            )
        if self.untimed and not self.here:
            raise InputError("--untimed is for one process; times taken beside other workers stay out of tables anyway")
        if self.memory is not None and not _can_limit():
            raise InputError("--worker-memory needs a system that limits a process's memory; leave it out on this one")

    @property
    def here(self) -> bool:
        """Whether images are computed in this process, one after the other."""
        return self.count == 1 and self.cluster is None and self.memory is None


def _can_limit() -> bool:
    try:
        import resource  # noqa: F401
    except ImportError:
        return False
    return True


ALONE = Workers()
Item = tuple[Entry, tuple[Path, ...]]
"""An image, and files that the worker will probably read next."""


def compute_on_workers(entries: Sequence[Entry], job: Job, who: Workers) -> Generator[Record, None, None]:
    """Process the images on workers and yield the record of each as it is finished.

    A process that dies is replaced and its image computed again; if a second process dies of it, the image fails.
    """
    with workers(min(who.count, len(entries)), who.cluster) as executor:
        at_once = capacity(executor)
        # Each worker also receives the files of the image that it will probably get next.
        later = [*entries[at_once:], *[None] * at_once][: len(entries)]
        items = [(entry, () if soon is None else _files(soon)) for entry, soon in zip(entries, later, strict=True)]
        for outcome in completed(executor, partial(work_on, secrets.token_hex(8), job, who.memory), items):
            record = _record(outcome)
            # A cluster may grow while it works.
            at_once = max(at_once, capacity(executor))
            yield record.model_copy(update={"workers": min(at_once, len(entries))}) if job.timed else record


def _record(outcome: Outcome[Item, Record]) -> Record:
    if outcome.result is not None:
        return outcome.result
    if isinstance(outcome.error, WorkerDied):
        return failed(outcome.item[0], str(outcome.error))
    if isinstance(outcome.error, ImportError):
        raise InputError(
            f"a worker cannot import what the run needs ({outcome.error}); install the same on every machine"
        ) from outcome.error
    assert outcome.error is not None
    raise outcome.error


_loaded: dict[str, Ready] = {}
_loading = threading.Lock()


def work_on(run: str, job: Job, memory: int | None, item: Item) -> Record:
    """Process an image on a worker; the job is loaded for the first image.

    Parameters
    ----------
    run
        Identifies the job; a worker loads the job again when this changes.
    memory
        Bytes that the process may allocate; None for no limit.
    item
        The image, and the files that the worker will probably read next.
    """
    entry, soon = item
    # In a cluster's worker one thread loads the job, and the others wait for it.
    with _loading:
        if run not in _loaded:
            _loaded.clear()
            _settle(memory)
            _loaded[run] = _load(job, memory)
        ready = _loaded[run]
    read_ahead(soon)
    with torch.inference_mode():
        return ready(entry)


def _load(job: Job, memory: int | None) -> Ready:
    try:
        return job.load()
    except (MemoryError, RuntimeError) as error:
        if memory is None:
            raise
        raise InputError(
            f"method and metrics could not be loaded within {memory / 1e9:g} GB ({error}); raise --worker-memory"
        ) from error


def _settle(memory: int | None) -> None:
    torch.set_num_threads(1)
    # OpenCV's own threads would compete with the other processes.
    importlib.import_module("cv2").setNumThreads(1)
    if memory is not None:
        import resource

        # Limit writable memory rather than the address space, most of which is only reserved.
        resource.setrlimit(resource.RLIMIT_DATA, (memory, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def _files(entry: Entry) -> tuple[Path, ...]:
    return (*entry.files.values(), *(() if entry.output is None else (entry.output,)))


def read_ahead(files: Iterable[Path]) -> None:
    """Ask the kernel to read files from the disk in the background; do nothing if the system cannot."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in files:
        try:
            handle = os.open(path, os.O_RDONLY)
        except OSError:
            # The later reading of the file reports the error.
            continue
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(handle)
