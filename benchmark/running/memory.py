"""How much memory one image takes: the process's high-water mark since a moment, not since its start."""

import ctypes
import sys
from pathlib import Path

import psutil

STATUS, CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
"""What proc(5) resets the mark with."""


class PeakMemory:
    """Watches the resident set of this process, or of the programs it starts, from when it is made.

    Linux resets this process's mark (``/proc/self/clear_refs``). Where that is not possible, and for programs, the mark
    counts only if it rises: a mark that an earlier image or method left says nothing.

    Parameters
    ----------
    in_process
        False to watch programs that are started and end.
    """

    def __init__(self, in_process: bool = True) -> None:
        self._in_process = in_process
        self._reset = in_process and _reset_peak()
        self._before = _largest_resident(in_process)

    def bytes(self) -> int | None:
        """The largest resident set since; None if it cannot be told from an earlier one."""
        if self._reset:
            return _peak_from_status(STATUS)
        now = _largest_resident(self._in_process)
        return now if now > self._before else None


def peak_of_program(pid: int) -> int | None:
    """Largest resident set so far, bytes, of a running program or of any process that it started; None if unknown.

    Linux counts the memory of the process that starts a program as the program's own in ``getrusage``, so each process
    is asked for its own mark.
    """
    marks = [_peak_from_status(Path("/proc") / str(pid) / "status"), *map(peak_of_program, _children(pid))]
    return max((mark for mark in marks if mark is not None), default=None)


def _children(pid: int) -> list[int]:
    try:
        lists = [path.read_text() for path in (Path("/proc") / str(pid) / "task").glob("*/children")]
    except OSError:
        # The process has ended meanwhile.
        return []
    return [int(word) for text in lists for word in text.split()]


def release_memory() -> None:
    """Give freed blocks back to the system, so that the next method does not start with an earlier one's memory."""
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        # Another C library than glibc keeps no such blocks.
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
    """Largest resident set of this process, or of its ended child programs, bytes; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        # Windows tells of a running process only.
        return int(getattr(psutil.Process().memory_info(), "peak_wset", 0)) if in_process else 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF if in_process else resource.RUSAGE_CHILDREN).ru_maxrss * unit
