"""What all three programs promise: they tell their version, and what they can do when they are asked nothing."""

import importlib
from importlib.metadata import entry_points, version

import pytest
import typer
from typer.testing import CliRunner

PROGRAMS = ("ifan", "ifan-bench", "realdof")


def app_of(program: str) -> typer.Typer:
    """The command line behind a program's entry point."""
    (point,) = entry_points(group="console_scripts", name=program)
    found: typer.Typer = vars(importlib.import_module(point.module))["app"]
    return found


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_tells_its_version_and_without_a_command_what_it_can_do(program: str) -> None:
    told = CliRunner().invoke(app_of(program), ["--version"])
    assert (told.exit_code, told.output) == (0, f"ifan-bench {version('ifan-bench')}\n")
    asked_nothing = CliRunner().invoke(app_of(program), [])
    assert "Commands" in asked_nothing.output
    assert "Example: " in asked_nothing.output
