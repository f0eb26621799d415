"""Keep messages of C image libraries from appearing beside our own sentence, and return them instead.

libpng, libjpeg and LibRaw write to the process's standard error, which replacing ``sys.stderr`` does not catch.
"""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

STDERR = 2
_THEIRS = re.compile(
    r"(libpng |Corrupt JPEG data|Premature end of |Unsupported marker|Invalid (JPEG|SOS|component)|Warning: unknown "
    r"|Inconsistent progression|.*: data corrupted at \d|.*[Uu]nexpected end of file)"
)
"""Beginnings of the lines of these libraries; all other lines are passed on."""


class _Caught:
    """Standard error while a thread is within `hushed`: a file in memory; lines of other origin are passed on."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._within = 0
        self._file = self._real = -1
        self._read = 0

    def enter(self, alone: bool) -> int:
        """Start catching unless it already runs; return the position in the file at which the caller's lines begin."""
        with self._free:
            self._free.wait_for(lambda: self._within == 0 if alone else self._within >= 0)
            if self._within == 0:
                self._real = os.dup(STDERR)
                if self._file < 0:
                    self._file = os.memfd_create("said")
                os.dup2(self._file, STDERR)
            self._within = -1 if alone else self._within + 1
            return os.lseek(self._file, 0, os.SEEK_END)

    def leave(self, begin: int) -> list[str]:
        """Pass on other lines, stop catching with the last thread, and return the libraries' lines since ``begin``."""
        with self._free:
            self._within = 0 if self._within < 0 else self._within - 1
            if self._within == 0:
                os.dup2(self._real, STDERR)
            end = os.lseek(self._file, 0, os.SEEK_END)
            for line in self._lines(self._read, end):
                if not _THEIRS.match(_text(line)):
                    _write(self._real, line)
            said = [_text(line).strip() for line in self._lines(begin, end) if _THEIRS.match(_text(line))]
            self._read = end
            if self._within == 0:
                os.close(self._real)
                os.ftruncate(self._file, 0)
                self._read = os.lseek(self._file, 0, os.SEEK_SET)
            self._free.notify_all()
            return said

    def _lines(self, begin: int, end: int) -> list[bytes]:
        return os.pread(self._file, end - begin, begin).splitlines(keepends=True)


_caught = _Caught()
_here = threading.local()


@contextmanager
def hushed(*, alone: bool = False) -> Iterator[list[str]]:
    """Catch the messages of these libraries during a block; the yielded list holds their lines after the block.

    Other lines written meanwhile appear at the end of the block. Nothing is caught on systems other than Linux, which
    have no files in memory, in processes without standard error, and within another such block.

    Parameters
    ----------
    alone
        Whether to exclude other threads from such blocks, so that every line in the list is from this thread.
    """
    said: list[str] = []
    begin = None
    if hasattr(os, "memfd_create") and not getattr(_here, "within", False):
        with suppress(OSError):
            begin = _caught.enter(alone)
    if begin is None:
        yield said
        return
    _here.within = True
    try:
        yield said
    finally:
        _here.within = False
        said += _caught.leave(begin)


def _write(handle: int, content: bytes) -> None:
    while content:
        content = content[os.write(handle, content) :]


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
