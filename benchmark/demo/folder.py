"""The temporary folder of a demo: private to its user, removed when the demo ends or the next one starts."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from realdof.common.errors import InputError

LOCK = ".lock"
"""File on which a running demo holds a lock."""


@contextmanager
def demo_folder(parent: Path | None = None) -> Iterator[Path]:
    """Make a folder for uploads and results, after removing the folders of killed demos.

    Parameters
    ----------
    parent
        Parent of the demos' folders; a folder of this user in the system's temporary folder if not given.

    Raises
    ------
    InputError
        The parent cannot be created, or belongs to another user.
    """
    home = parent or Path(tempfile.gettempdir()) / f"ifan-bench-demo-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make {home}: {error.strerror}; set TMPDIR to a folder of yours") from error
    if home.is_symlink() or (hasattr(os, "getuid") and home.stat().st_uid != os.getuid()):
        raise InputError(f"{home} belongs to somebody else; set TMPDIR to a folder of yours")
    with FileLock(home / LOCK):
        for folder in home.iterdir():
            if folder.is_dir() and not folder.is_symlink():
                _remove_if_abandoned(folder)
        made = Path(tempfile.mkdtemp(dir=home))
        lock = FileLock(made / LOCK)
        lock.acquire()
    try:
        yield made
    finally:
        lock.release()
        shutil.rmtree(made, ignore_errors=True)


def _remove_if_abandoned(folder: Path) -> None:
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        # A running demo holds the lock; the system releases the lock of a killed demo.
        return
    lock.release()
    shutil.rmtree(folder, ignore_errors=True)
