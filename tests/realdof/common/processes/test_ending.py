"""The end of a command: nothing is lost by not taking the interpreter down."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = "import atexit, sys, threading, time\nfrom realdof.common.processes.ending import run_to_the_end\n"


def ended(program: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", f"{BEGIN}{program}\nrun_to_the_end(main)"]
    # Buffered, as a user's output in a pipe is.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(words, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)


@pytest.mark.parametrize(("code", "status"), [("", 0), ("0", 0), ("2", 2), ("130", 130)])
def test_the_status_of_a_command_is_that_of_its_process(code: str, status: int) -> None:
    assert ended(f"def main(): sys.exit({code})").returncode == status


def test_output_threads_and_functions_at_exit_are_complete() -> None:
    program = """
def late():
    time.sleep(0.3)
    print("thread")
def main():
    atexit.register(print, "at exit")
    threading.Thread(target=late).start()
    print("x" * 100_000)
    sys.exit(0)
"""
    assert ended(program).stdout == "x" * 100_000 + "\nthread\nat exit\n"


def test_objects_are_left_to_the_system() -> None:
    program = """
class Loud:
    def __del__(self): print("taken down", flush=True)
kept = Loud()
def main(): sys.exit(0)
"""
    assert ended(program).stdout == ""


def test_a_text_for_a_status_is_printed_and_an_exception_keeps_its_traceback() -> None:
    told = ended("def main(): sys.exit('sorry')")
    assert (told.returncode, told.stderr) == (1, "sorry\n")
    crashed = ended("def main(): raise KeyError('unexpected')")
    assert crashed.returncode == 1
    assert "KeyError: 'unexpected'" in crashed.stderr


def test_a_reader_that_is_gone_is_no_error_and_a_full_disk_is_one() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as gone:
        done = ended("def main():\n    print('x')\n    sys.exit(0)", stdout=gone.fileno())
    assert (done.returncode, done.stderr) == (0, "")
    with Path("/dev/full").open("wb") as full:
        done = ended("def main():\n    print('x')\n    sys.exit(0)", stdout=full.fileno())
    assert (done.returncode, done.stderr) == (2, "error: the output cannot be written: No space left on device\n")
