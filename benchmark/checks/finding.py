"""One result of a check, and the guard that turns a plug-in's exception into one."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmark.registry import PLUGIN_FAILURES


@dataclass(frozen=True)
class Finding:
    """What was checked, and what is wrong with it.

    Parameters
    ----------
    check
        What was checked, in a few words.
    problem
        One sentence; None if nothing is wrong.
    """

    check: str
    problem: str | None


def guarded(check: Callable[[], str | None]) -> str | None:
    """Run a check; an exception of the plug-in is its problem."""
    try:
        return check()
    except PLUGIN_FAILURES as error:
        return told(error)


def told(error: BaseException) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
