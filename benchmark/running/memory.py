"""Peak memory of one image: the process's high-water mark since a given moment, not since its start."""

import ctypes
import sys
from pathlib import Path

import psutil

STATUS, CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
"""Value that resets the high-water mark, see proc(5)."""


class PeakMemory:
    """The peak resident set of this process, or of the programs it starts, since the object was created.

    On Linux this process's high-water mark is reset (``/proc/self/clear_refs``). If that is not possible, and for
    programs, the mark counts only if it rises, because it may stem from an earlier image or method.

    Parameters
    ----------
    in_process
        False to measure programs that this process starts and that have ended.
    """

    def __init__(self, in_process: bool = True) -> None:
        self._in_process = in_process
        self._reset = in_process and _reset_peak()
        self._before = _largest_resident(in_process)

    def bytes(self) -> int | None:
        """Return the largest resident set since creation; None if it cannot be distinguished from an earlier one."""
        if self._reset:
            return _peak_from_status(STATUS)
        now = _largest_resident(self._in_process)
        return now if now > self._before else None


def peak_of_program(pid: int) -> int | None:
    """Return the largest resident set, bytes, of a running program or of a process it started; None if unknown.

    ``getrusage`` on Linux counts the memory of the starting process as the program's own, so each process's own mark is
    read.
    """
    marks = [_peak_from_status(Path("/proc") / str(pid) / "status"), *map(peak_of_program, _children(pid))]
    return max((mark for mark in marks if mark is not None), default=None)


def _children(pid: int) -> list[int]:
    try:
        lists = [path.read_text() for path in (Path("/proc") / str(pid) / "task").glob("*/children")]
    except OSError:
        # The process has ended in the meantime.
        return []
    return [int(word) for text in lists for word in text.split()]


def release_memory() -> None:
    """Return freed memory to the system, so that the next method does not start with an earlier method's memory."""
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        # C libraries other than glibc do not keep freed blocks.
        return


def _reset_peak() -> bool:
    try:
        CLEAR_REFS.write_text(_RESET_PEAK)
    except OSError:
        return False
    return _peak_from_status(STATUS) is not None


def _peak_from_status(status: Path) -> int | None:
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return None
    marks = [line.split() for line in lines if line.startswith("VmHWM:")]
    return int(marks[0][1]) * 1024 if marks else None


def _largest_resident(in_process: bool) -> int:
    """Return the peak resident set of this process or its ended child programs, bytes; 0 if the system gives none."""
    try:
        import resource
    except ImportError:
        # Windows gives the peak of running processes only.
        return int(getattr(psutil.Process().memory_info(), "peak_wset", 0)) if in_process else 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF if in_process else resource.RUSAGE_CHILDREN).ru_maxrss * unit
