"""Commands called in this process, as hostile cases need thousands of calls, and the promise that each keeps."""

from collections.abc import Callable

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from realdof.common.errors import InputError

Call = Callable[..., str]
LONGEST = 4000
"""Letters of a message; the command line cuts it further."""


def called(app: Typer, *arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def sentence_of(result: Result) -> str:
    """What a command refuses with, one sentence; empty if it did its work. Anything else is a fault of the program."""
    error = result.exception
    if error is None or isinstance(error, SystemExit):
        return ""
    if not isinstance(error, InputError):
        raise AssertionError(f"a traceback: {type(error).__name__}: {error}") from error
    assert len(str(error)) < LONGEST, str(error)[:300]
    return str(error)


@pytest.fixture
def bench() -> Call:
    from benchmark.commands.app import app

    return lambda *arguments: sentence_of(called(app, *arguments))


@pytest.fixture
def ifan() -> Call:
    from ifan.cli.app import app

    return lambda *arguments: sentence_of(called(app, *arguments))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many cases there were, by kind; with several processes each knows of its own alone."""
    from watch import COUNTS

    for kind in sorted(kind for kind in COUNTS if not kind.endswith(", refused")):
        terminalreporter.write_line(
            f"{kind}: {COUNTS[kind]} reads of hostile files, {COUNTS[f'{kind}, refused']} refused"
        )
