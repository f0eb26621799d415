"""What all three programs promise: they tell their version, and what they can do when they are asked nothing."""

import ast
import importlib
import os
import subprocess
import sys
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from realdof.common.console import run_app

APPS = {"ifan": "ifan.cli.app", "ifan-bench": "benchmark.commands.app", "realdof": "realdof.cli"}
"""The module of each program's command line."""


def app_of(program: str) -> typer.Typer:
    """A program's command line."""
    found: typer.Typer = vars(importlib.import_module(APPS[program]))["app"]
    return found


@pytest.mark.parametrize("program", APPS)
def test_a_program_is_also_a_package_that_python_runs(program: str) -> None:
    (point,) = entry_points(group="console_scripts", name=program)
    package = point.module.removesuffix(".__main__")
    told = subprocess.run([sys.executable, "-m", package, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"ifan-bench {version('ifan-bench')}\n"


@pytest.mark.parametrize("program", APPS)
def test_the_help_ends_with_an_example_that_no_narrow_terminal_breaks_in_two(program: str) -> None:
    told = CliRunner().invoke(app_of(program), ["--help"], env={"COLUMNS": "60", "TERMINAL_WIDTH": "60"})
    last = told.output.rstrip().splitlines()[-1].strip()
    assert last.startswith(f"Example: {program} ")
    assert len(last) > 40


@pytest.mark.parametrize("program", APPS)
def test_a_program_tells_its_version_and_without_a_command_what_it_can_do(program: str) -> None:
    told = CliRunner().invoke(app_of(program), ["--version"])
    assert (told.exit_code, told.output) == (0, f"ifan-bench {version('ifan-bench')}\n")
    asked_nothing = CliRunner().invoke(app_of(program), [])
    assert {"ifan": "Photographs", "ifan-bench": "Measure", "realdof": "Look at shots"}[program] in asked_nothing.output
    assert "Example: " in asked_nothing.output


COMPLETED = {
    "ifan-bench lea": {"leaderboard"},
    "ifan-bench run --method hyper": {"hyper-laplacian"},
    "ifan-bench run --method ifan --dataset dpdd-": {"dpdd-val", "dpdd-train", "dpdd-native"},
    "ifan-bench run --precision b": {"bfloat16"},
    "ifan-bench methods restormer": {"restormer", "restormer-dual"},
    "ifan de": {"deblur"},
    "realdof build --rec": {"--recipe"},
}


@pytest.mark.parametrize("line", COMPLETED)
def test_a_shell_completes_commands_options_and_names(line: str) -> None:
    words = line.split()
    variable = f"_{words[0]}_COMPLETE".replace("-", "_").upper()
    code = f"import sys; sys.argv[0] = {words[0]!r}; from {APPS[words[0]]} import main; main()"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {variable: "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert set(told.stdout.split()) == COMPLETED[line], told.stderr


COMPUTING = ("torch", "skimage", "matplotlib")
"""What takes long to import and is needed to compute only."""
NOT_FOR_HELP = ("pandas", "numpy", "typer.rich_utils", "markdown_it")
"""What a help page can do without."""
TERSE = ("ifan --help", "realdof --help", "ifan-bench --help", "ifan-bench methods", "ifan-bench datasets",
         "ifan-bench metrics", "ifan-bench protocols", "ifan-bench leaderboard")  # fmt: skip


@pytest.mark.parametrize("line", TERSE)
def test_what_computes_nothing_imports_nothing_that_computes(line: str, tmp_path: Path) -> None:
    program, *words = line.split()
    code = (
        f"import sys; from typer.testing import CliRunner; from {APPS[program]} import app; "
        f"CliRunner().invoke(app, {words!r}); "
        f"print([name for name in {(*COMPUTING, *NOT_FOR_HELP)!r} if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    imported = set(ast.literal_eval(told.stdout.splitlines()[-1]))
    assert not imported & set(COMPUTING)
    if words == ["--help"]:
        assert not imported, "a help page needs no arrays, no tables and no Markdown"


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("lightning_fabric.utilities", "train"),
        ("tensorboard", "train"),
        ("onnxscript", "export"),
        ("spandrel", "models"),
    ],
)
def test_what_an_extra_would_bring_is_asked_for_in_one_sentence(
    module: str, extra: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run_app(needing(module, monkeypatch))
    assert ended.value.code == 2
    assert f"this needs {module}; install ifan-bench[{extra}]" in capsys.readouterr().err


def test_a_module_that_no_extra_brings_is_a_fault_of_ours_and_shows_where(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModuleNotFoundError):
        run_app(needing("nowhere_to_be_had", monkeypatch))


def needing(module: str, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """A command line whose only command cannot import something."""
    monkeypatch.setattr("sys.argv", ["program"])
    app = typer.Typer()

    @app.command()
    def command() -> None:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    return app


def begun(*words: str, stdout: int) -> subprocess.Popen[str]:
    """`ifan-bench`, from its entry point on, with buffered output."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    program = "from benchmark.__main__ import program; program()"
    return subprocess.Popen(
        [sys.executable, "-c", program, *words], env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("command", ["methods", "published"])
def test_a_reader_that_has_read_enough_is_no_error(command: str) -> None:
    reader, writer = os.pipe()
    process = begun(command, stdout=writer)
    os.close(writer)
    os.close(reader)
    assert process.communicate() == (None, "")
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", ["methods", "published"])
def test_output_to_a_full_disk_is_one_sentence(command: str) -> None:
    with Path("/dev/full").open("wb") as full:
        process = begun(command, stdout=full.fileno())
    assert process.communicate() == (None, "error: the output cannot be written: No space left on device\n")
    assert process.returncode == 2


def test_messages_that_nobody_can_read_end_a_command_with_a_status_that_says_so() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    program = (
        "import typer\nfrom realdof.common.console import run_app, stderr\napp = typer.Typer()\n"
        "@app.command()\ndef work() -> None:\n    stderr.print('1 of 2')\n    print('done')\nrun_app(app)"
    )
    with os.fdopen(writer, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=gone, text=True, check=False
        )
    assert (done.returncode, done.stdout) == (1, "")
