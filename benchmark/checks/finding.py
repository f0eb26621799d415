"""The result of one check, and a guard that turns a plug-in's exception into a problem."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmark.registry import PLUGIN_FAILURES


@dataclass(frozen=True)
class Finding:
    """The result of one check.

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
    """Run a check and return its problem; an exception raised by the plug-in is the problem."""
    try:
        return check()
    except PLUGIN_FAILURES as error:
        return told(error)


def told(error: BaseException) -> str:
    """Describe an exception in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
