"""Ctrl-C ends a command wherever it comes."""

import subprocess
import sys
import time

import pytest

from realdof.common.processes.interrupt import no_interrupt_dropped

PROGRAM = """
import signal, time
import typer
from realdof.common.console import run_app, stopping

# A shell's background job, such as these tests may be, ignores Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

class Fragile:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

app = typer.Typer()

@app.command()
@stopping("everything is kept")
def command():
    Fragile()
    time.sleep(60)

run_app(app)
"""


class Broken:
    def __del__(self) -> None:
        raise KeyError("unexpected")


@pytest.mark.skipif(sys.platform == "win32", reason="was not tried on Windows")
def test_ctrl_c_while_an_object_is_taken_down_stops_the_command_even_if_it_waits() -> None:
    start = time.monotonic()
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (130, "stopped: everything is kept\n")
    assert time.monotonic() - start < 50


def test_other_exceptions_without_a_caller_are_printed_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = []
    monkeypatch.setattr(sys, "unraisablehook", printed.append)
    with no_interrupt_dropped():
        Broken()
    assert [str(one.exc_value) for one in printed] == ["'unexpected'"]
    assert sys.unraisablehook == printed.append
