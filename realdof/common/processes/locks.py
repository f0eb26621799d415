"""A lock between processes that ends with the process that holds it, on every system."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


class Locked(OSError):
    """Another process holds the lock."""


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock for the length of a ``with`` block.

    Parameters
    ----------
    path
        A file of its own, made if need be; its content does not matter.
    wait
        Whether to wait for another process, for as long as it takes.

    Raises
    ------
    Locked
        Another process holds it, and this one does not wait.
    OSError
        The file cannot be made.
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
