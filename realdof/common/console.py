"""What the three command lines share: one sentence for bad input, exit status 2, and a progress bar with ETA."""

import re
import sys
from importlib.metadata import requires
from importlib.metadata import version as version_of
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from realdof.common.errors import InputError

stdout = Console()
stderr = Console(stderr=True)


def new_app(summary: str, example: str) -> typer.Typer:
    """A command line, or a group of its commands: ``--help`` ends with an example, ``--version`` tells the version."""
    app = typer.Typer(
        help=f"{summary}\n\nEvery command takes --debug, which shows the traceback of an error.",
        epilog=f"Example: {example}",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        rich_markup_mode="rich",
    )

    @app.callback()
    def options(
        version: Annotated[
            bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
        ] = False,
    ) -> None:
        pass

    return app


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"ifan-bench {version_of('ifan-bench')}")
        raise typer.Exit


def run_app(app: typer.Typer) -> NoReturn:
    """Run a command line; bad input is one sentence on standard error and exit status 2."""
    debug = "--debug" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--debug"]
    try:
        app()
    except InputError as error:
        if debug:
            raise
        _end_with(str(error))
    except ModuleNotFoundError as error:
        extra = extra_with(error.name or "")
        if debug or extra is None:
            raise
        _end_with(f"this needs {error.name}; install ifan-bench[{extra}]")
    except BrokenPipeError:
        # `ifan-bench leaderboard | head` closes our output early; that is no error.
        sys.stderr.close()
        sys.exit(0)
    sys.exit(0)


def _end_with(sentence: str) -> NoReturn:
    say(sentence, before="error:", style="bold red", console=stderr)
    sys.exit(2)


def extra_with(module: str) -> str | None:
    """Which of our extras installs a module; None for what none of them names."""
    wanted = module.partition(".")[0].replace("_", "-")
    for line in requires("ifan-bench") or []:
        found = re.fullmatch(r"([\w-]+).*;\s*extra == [\"']([\w-]+)[\"']", line)
        if found and found[1].replace("_", "-") == wanted and found[2] != "test":
            return found[2]
    return None


def say(sentence: str, *, before: str = "", style: str = "", console: Console = stdout) -> None:
    """Print one sentence as it is, on one line; names in it are never taken for markup.

    Parameters
    ----------
    before, style
        A word to put before it, and that word's style.
    """
    line = Text.assemble((before, style), " ", sentence) if before else Text(sentence)
    console.print(line, soft_wrap=True, highlight=False)


def progress_bar() -> Progress:
    """A bar on standard error with what is done, how long it took and how long it will take."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=stderr,
        transient=False,
    )
