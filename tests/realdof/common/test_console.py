"""What every command line shares: one sentence and status 2, `--debug`, `--megapixels` in any form, long errors."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from realdof.common.console import LONGEST_SENTENCE, extra_with, run_app
from realdof.common.errors import InputError, Stopped
from realdof.common.megapixels import MEGAPIXELS


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[object, str]]:
    """Runs a command with words, and gives its status and what it said to standard error."""
    monkeypatch.delenv(MEGAPIXELS, raising=False)
    # Set here so that what a command sets is taken back too.
    monkeypatch.setenv(MEGAPIXELS, "200")

    def of(command: Callable[..., None], *words: str) -> tuple[object, str]:
        app = typer.Typer(pretty_exceptions_enable=False)
        app.command()(command)
        monkeypatch.setattr(sys, "argv", ["command", *words])
        with pytest.raises(SystemExit) as left:
            run_app(app)
        return left.value.code, capsys.readouterr().err

    return of


def fail() -> None:
    raise InputError("a.png is empty\nfetch it again")


def test_bad_input_is_one_line_and_status_2_and_a_traceback_only_with_debug(
    run: Callable[..., tuple[object, str]],
) -> None:
    assert run(fail) == (2, "error: a.png is empty fetch it again\n")
    with pytest.raises(InputError, match="is empty"):
        run(fail, "--debug")


def test_what_ctrl_c_kept_is_told_with_status_130(run: Callable[..., tuple[object, str]]) -> None:
    def stop() -> None:
        raise Stopped("what is done is kept")

    assert run(stop) == (130, "stopped: what is done is kept\n")
    with pytest.raises(Stopped):
        run(stop, "--debug")


def test_a_missing_package_is_told_with_the_extra_that_brings_it(run: Callable[..., tuple[object, str]]) -> None:
    def lack(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    assert run(lack, "matplotlib.pyplot") == (
        2, "error: this needs matplotlib.pyplot; install ifan-bench[figures]\n"
    )  # fmt: skip
    with pytest.raises(ModuleNotFoundError):
        run(lack, "matplotlib", "--debug")
    with pytest.raises(ModuleNotFoundError):
        run(lack, "no_such_package")
    assert extra_with("lightning_fabric.utilities") == "train"


def test_a_long_error_keeps_its_beginning_and_its_end(run: Callable[..., tuple[object, str]]) -> None:
    def fail_at_length() -> None:
        raise InputError("begin" + "x" * 5000 + "end")

    status, said = run(fail_at_length)
    assert status == 2
    assert said.startswith("error: begin")
    assert said.endswith("end\n")
    assert len(said) < LONGEST_SENTENCE + 30


@pytest.mark.parametrize("words", [("--megapixels", "350"), ("--megapixels=350",), ("--megapixels", "350", "a.png")])
def test_megapixels_are_taken_from_anywhere_on_the_line(
    run: Callable[..., tuple[object, str]], words: tuple[str, ...]
) -> None:
    seen: list[object] = []

    def look(path: str = typer.Argument("none")) -> None:
        seen.extend((os.environ[MEGAPIXELS], path))

    assert run(look, *words)[0] == 0
    assert seen == ["350", "a.png" if "a.png" in words else "none"]


@pytest.mark.parametrize(
    "words", [("--megapixels",), ("--megapixels=",), ("--megapixels", "many"), ("--megapixels=0",)]
)
def test_megapixels_that_are_no_number_are_refused(
    run: Callable[..., tuple[object, str]], words: tuple[str, ...]
) -> None:
    status, said = run(lambda: None, *words)
    assert status == 2
    assert "give a positive number" in said


def test_a_reader_that_closes_our_output_early_is_no_error(
    run: Callable[..., tuple[object, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def write() -> None:
        # It is closed then, which pytest's own must not be.
        monkeypatch.setattr(sys, "stderr", (tmp_path / "said").open("w"))
        raise BrokenPipeError

    assert run(write)[0] == 0
