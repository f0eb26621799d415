"""What a hostile case may not do, watched by Python's audit events: write outside its folder, or start a program."""

import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from realdof.common.errors import InputError

SECONDS, BYTES = 10.0, 4 * 2**30
"""No case takes longer, or more memory; the processor's time, as others may use the machine too."""
LONGEST = 4000
"""Letters of a message; the command line cuts it further."""
COUNTS: Counter[str] = Counter()
"""Cases by kind of file, and how many of each were read or refused."""
_STARTS = ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "subprocess.Popen", "pty.spawn", "os.fork")
_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "shutil.rmtree")
_allowed: Path | None = None
_seen: list[str] = []


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if _allowed is None:
        return
    if event in _STARTS:
        _seen.append(f"{event} {arguments[:1]}")
    elif event == "open" and isinstance(arguments[0], str | bytes) and _writes(arguments[1], arguments[2]):
        _check(event, arguments[0])
    elif event in _CHANGES and not (isinstance(arguments[-1], int) and arguments[-1] >= 0):
        # With a folder's descriptor the name is relative to that folder, which was opened within the one allowed.
        for place in arguments[: 2 if event in ("os.rename", "os.link") else 1]:
            if isinstance(place, str | bytes | os.PathLike):
                _check(event, place)


def _writes(mode: Any, flags: Any) -> bool:
    return (isinstance(mode, str) and any(letter in mode for letter in "wax+")) or (
        isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    )


def _check(event: str, place: Any) -> None:
    absolute = Path(os.path.abspath(os.fsdecode(place)))  # noqa: PTH100
    if _allowed is not None and not absolute.is_relative_to(_allowed) and "__pycache__" not in absolute.parts:
        _seen.append(f"{event} {absolute}")


sys.addaudithook(_heard)


@contextmanager
def watched(folder: Path) -> Iterator[None]:
    """Fail if anything below writes outside a folder, starts a program, takes too long or too much memory."""
    global _allowed
    _seen.clear()
    _allowed, begin = folder.absolute(), time.process_time()
    try:
        yield
    finally:
        _allowed = None
    assert not _seen, f"a file made the program do this: {_seen}"
    assert time.process_time() - begin < SECONDS, "it took too long"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 < BYTES, "it took too much memory"


def outcome(kind: str, folder: Path, call: Callable[[], object]) -> bool:
    """Whether a case was read, rather than refused in one sentence; anything else fails."""
    COUNTS[kind] += 1
    try:
        with watched(folder):
            call()
    except InputError as error:
        said = str(error)
        assert said, "it was refused without a word"
        assert len(said) < LONGEST, said[:300]
        COUNTS[f"{kind}, refused"] += 1
        return False
    return True
