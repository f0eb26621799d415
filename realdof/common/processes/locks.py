"""A lock between processes that is released when its process ends, on every system."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


class Locked(OSError):
    """Another process holds the lock."""


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock for the duration of a ``with`` block.

    Parameters
    ----------
    path
        A file used only for the lock, created if needed; its content does not matter.
    wait
        Whether to wait for another process, without a time limit.

    Raises
    ------
    Locked
        Another process holds the lock, and ``wait`` is False.
    OSError
        The file cannot be created.
    """
    lock = FileLock(path, timeout=-1 if wait else 0)
    try:
        lock.acquire(poll_interval=0.01)
    except Timeout as error:
        raise Locked(f"{path} is held by another process") from error
    try:
        yield
    finally:
        lock.release()
