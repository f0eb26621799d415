"""A help page lists commands by group with what they do, and ends with an example to copy."""

import typer
from typer.testing import CliRunner

from realdof.common.help_pages import GroupedCommands, example

LONG = "Develop a raw file and write what it shows to a file of sixteen bits, with the profile of the colour space."


def app() -> typer.Typer:
    made = typer.Typer(cls=GroupedCommands, rich_markup_mode=None, epilog=example(f"program develop {'x' * 100}"))

    @made.command(rich_help_panel="Raw files", help=LONG)
    def develop() -> None: ...

    @made.command(help="Another.")
    def other() -> None: ...

    @made.command(rich_help_panel="Raw files", help="The first sentence. The second.")
    def inspect() -> None: ...

    @made.command(hidden=True)
    def secret() -> None: ...

    return made


def test_a_group_holds_its_commands_in_the_order_of_its_first_one() -> None:
    told = CliRunner().invoke(app(), ["--help"]).output
    places = [told.index(word) for word in ("Raw files:", "\n  develop", "\n  inspect", "Commands:", "\n  other")]
    assert places == sorted(places)
    assert "secret" not in told


def test_a_command_is_described_by_its_whole_first_sentence() -> None:
    told = " ".join(CliRunner().invoke(app(), ["--help"]).output.split())
    assert LONG in told
    assert "The first sentence." in told
    assert "The second." not in told


def test_the_example_stays_on_one_line() -> None:
    told = CliRunner().invoke(app(), ["--help"]).output
    assert told.splitlines()[-1].strip() == f"Example: program develop {'x' * 100}"
