"""Claim a folder, so that only one process at a time writes to it, on this or any machine that sees the same files.

A claim is a small file that only one process can create (``O_EXCL``). Unlike kernel locks, which end at the node, this
works on network file systems. The file names the machine, the process and the time when the process started, and its
owner increments a counter in it every few seconds. A claim is abandoned if its process is dead. If the process ran on
another machine, the claim is abandoned if the counter has not changed for a minute of the observer's own clock.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import ValidationError

from realdof.common.decode import Strict
from realdof.common.errors import InputError
from realdof.common.processes.owner import Owner, is_alive, this_machine, this_process
from realdof.common.temporary import remove_abandoned, temporary_name

CLAIM = ".claim"
"""Name of the file in the claimed folder; during a takeover there are further files whose names begin with it."""

BEAT_SECONDS = 5.0
"""Time between two increments of the counter."""

STILL_SECONDS = 60.0
"""Time without an increment after which a claim of another machine is abandoned."""

_LOOK_SECONDS = 1.0
_RETRY_SECONDS = 0.01
_COUNTER_DIGITS = 12


class _Seen(Strict):
    """The content of a claim's file; ``owner`` is None if the file does not (yet) name one."""

    counter: str
    owner: Owner | None
    token: str


class Claim:
    """The right to write a folder; see ``claimed``."""

    def __init__(self, path: Path, file: int, owner: Owner) -> None:
        self._path, self._file, self._owner = path, file, owner
        self._count = 0
        self._ended = threading.Event()
        self._lost: str | None = None
        self._thread = threading.Thread(target=self._keep_beating, name=f"claim of {path.parent}", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Check that this process still holds the folder; call it before writing a file that another might write.

        Raises
        ------
        InputError
            This process was suspended so long that another one took over the folder, or the claim's file was removed.
        """
        self._look()
        if self._lost is not None:
            raise InputError(self._lost)

    def release(self) -> None:
        """Release the folder."""
        self._ended.set()
        # A forked child has a copy of the claim, but neither its thread nor the right to release it.
        if self._owner.process != os.getpid():
            return
        self._thread.join()
        os.close(self._file)
        try:
            _end(self._path, self._owner.token)
        except OSError:
            # On a full disk the mark cannot be written; in a removed folder it is not needed.
            with contextlib.suppress(OSError):
                seen = _read(self._path)
                if seen is not None and seen.token == self._owner.token:
                    self._path.unlink(missing_ok=True)

    def _keep_beating(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            self._count += 1
            # A brief network failure is ignored; a failure of a minute loses the claim.
            with contextlib.suppress(OSError):
                _write_counter(self._file, self._count)
            self._look()

    def _look(self) -> None:
        try:
            seen = _read(self._path)
        except OSError:
            return
        if seen is None:
            self._lost = f"{self._path} was removed while this process was writing; start again to go on"
        elif seen.token != self._owner.token:
            self._lost = (
                f"{self._path.parent} was taken over by {_who(seen)} while this process was halted; "
                "wait for that one, or give another folder"
            )


@contextlib.contextmanager
def claimed(folder: Path, report: Callable[[str], None] = lambda sentence: None) -> Iterator[Claim]:
    """Claim a folder for the duration of a ``with`` block; take over an abandoned claim.

    Parameters
    ----------
    folder
        An existing folder.
    report
        Callback for one sentence if another machine's claim must be watched, which takes up to a minute.

    Raises
    ------
    InputError
        Another process holds the folder, or it cannot be written to.
    """
    path = folder.absolute() / CLAIM
    try:
        file, owner = _acquired(path, report)
        _remove_litter(path, owner.token)
        remove_abandoned(path.parent)
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror}; give a folder that can be written to") from error
    claim = Claim(path, file, owner)
    try:
        yield claim
    finally:
        claim.release()


def _acquired(path: Path, report: Callable[[str], None]) -> tuple[int, Owner]:
    """Create the claim's file, taking over an abandoned claim; raise InputError if another process holds it."""
    while True:
        created = _created(path)
        if created is not None:
            return created
        seen = _read(path)
        if seen is None:
            continue
        if not _is_abandoned(path, seen, report):
            raise InputError(
                f"{path.parent} is in use by {_who(seen)}; wait until it is done, stop it, or give another folder"
            )
        if not _end(path, seen.token):
            time.sleep(_RETRY_SECONDS)


def _end(path: Path, token: str) -> bool:
    """Remove a claim's file if it still has that token and no other process is removing it; return whether it did."""
    with _right_to_end(path, token) as has_right:
        if has_right:
            path.unlink(missing_ok=True)
    return has_right


@contextlib.contextmanager
def _right_to_end(path: Path, token: str) -> Iterator[bool]:
    """Acquire the exclusive right to remove a claim's file that has that token.

    Only one process may end a claim: a second one could remove the new claim that follows the first removal. The right
    is itself a claim, on a file named after the token, so that it can be taken over from a process that died.
    """
    mark = path.with_name(f"{path.name}.{token}")
    try:
        file, owner = _acquired(mark, lambda sentence: None)
    except InputError:
        yield False
        return
    os.close(file)
    try:
        seen = _read(path)
        yield seen is not None and seen.token == token
    finally:
        kept = _read(mark)
        if kept is not None and kept.token == owner.token:
            mark.unlink(missing_ok=True)


def _created(path: Path) -> tuple[int, Owner] | None:
    """Create the claim's file and return it, open, with its owner; return None if it already exists."""
    owner = this_process()
    content = f"{0:0{_COUNTER_DIGITS}}\n{owner.model_dump_json()}\n".encode()
    try:
        file = _linked(path, content)
    except FileExistsError:
        return None
    try:
        seen = _read(path)
    except OSError:
        os.close(file)
        path.unlink(missing_ok=True)
        raise
    if seen is None or seen.token != owner.token:
        # Another process watched the empty file for a minute and took it over.
        os.close(file)
        return None
    return file, owner


def _linked(path: Path, content: bytes) -> int:
    """Create a file with its content in one step, so that a killed process never leaves a file without an owner.

    On file systems without hard links, the file is created first and then written.

    Raises
    ------
    FileExistsError
        The file already exists.
    """
    with contextlib.ExitStack() as made:
        place = path.with_name(temporary_name(path.name))
        file = _written(place, content)
        made.callback(place.unlink, missing_ok=True)
        try:
            os.link(place, path)
        except FileExistsError:
            os.close(file)
            raise
        except OSError:
            os.close(file)
            file = _written(path, content)
        return file


def _written(path: Path, content: bytes) -> int:
    file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o644)
    try:
        os.write(file, content)
        os.fsync(file)
    except OSError:
        os.close(file)
        path.unlink(missing_ok=True)
        raise
    return file


def _read(path: Path) -> _Seen | None:
    """Read a claim's file; return None if it does not exist."""
    try:
        with path.open("rb") as file:
            state = os.fstat(file.fileno())
            content = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    counter, _, rest = content.partition("\n")
    try:
        owner = Owner.model_validate_json(rest)
    except ValidationError:
        return _Seen(counter=counter, owner=None, token=f"{state.st_ino:x}-{state.st_mtime_ns:x}")
    return _Seen(counter=counter, owner=owner, token=owner.token)


def _write_counter(file: int, count: int) -> None:
    os.lseek(file, 0, os.SEEK_SET)
    os.write(file, f"{count:0{_COUNTER_DIGITS}}".encode())
    os.fsync(file)


def _is_abandoned(path: Path, seen: _Seen, report: Callable[[str], None]) -> bool:
    if seen.owner is not None and seen.owner.machine == this_machine():
        return not is_alive(seen.owner)
    report(f"{path.parent} is claimed by {_who(seen)}; watching for up to {STILL_SECONDS:.0f} s whether it still works")
    begin = time.monotonic()
    while time.monotonic() - begin < STILL_SECONDS:
        now = _read(path)
        if now is None or now.token != seen.token:
            # It was released or taken over meanwhile; ending it now finds another claim or none.
            return True
        if now.counter != seen.counter:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def _who(seen: _Seen) -> str:
    if seen.owner is None:
        return "a process that has not yet said who it is"
    return f"process {seen.owner.process} on {seen.owner.host} since {seen.owner.since}"


def _remove_litter(path: Path, token: str) -> None:
    """Remove the obsolete marks of processes that died while they were ending earlier claims."""
    for mark in path.parent.glob(f"{path.name}.*"):
        if not mark.name.startswith(f"{path.name}.{token}"):
            mark.unlink(missing_ok=True)
