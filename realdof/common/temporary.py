"""Temporary file names that record their process, so that the files of a killed process can be removed."""

import functools
import hashlib
import os
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path

_STEM = 40
"""Number of characters of a file's name that its temporary name keeps, so that it stays below 255 bytes."""
_OLD_SECONDS = 24 * 3600.0
"""Age in seconds at which a temporary file of another machine counts as abandoned."""
_MARK = re.compile(r"^\..*-([0-9a-f]{8})x([0-9a-f]+)-[0-9a-f]{8}(\.[^.]*)?$", re.DOTALL)


def temporary_name(name: str) -> str:
    """Return a hidden temporary name for ``name`` that records this machine and process and keeps the suffix."""
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        stem, dot, suffix = name, "", ""
    return f".{stem[:_STEM]}-{_machine()}x{os.getpid():x}-{secrets.token_hex(4)}{dot}{suffix}"


def remove_abandoned(folder: Path) -> None:
    """Remove the temporary files of dead processes from a folder, at most once per process."""
    _remove_once(str(folder.absolute()), os.getpid())


@functools.lru_cache(maxsize=4096)
def _remove_once(folder: str, process: int) -> None:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            mark = _MARK.match(entry.name)
            if mark is not None and _is_abandoned(entry, mark[1], int(mark[2], 16)):
                with suppress(OSError):
                    Path(entry.path).unlink(missing_ok=True)


def _is_abandoned(entry: "os.DirEntry[str]", machine: str, process: int) -> bool:
    import psutil

    if machine == _machine():
        return not psutil.pid_exists(process)
    try:
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > _OLD_SECONDS
    except FileNotFoundError:
        return False


@functools.cache
def _machine() -> str:
    from realdof.common.processes.owner import this_machine

    return hashlib.sha256(this_machine().encode()).hexdigest()[:8]
