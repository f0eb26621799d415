"""Code shared by the three command lines: one sentence for bad input (exit status 2) and for Ctrl-C (status 130)."""

import errno
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from importlib.metadata import requires
from importlib.metadata import version as version_of
from io import TextIOWrapper
from typing import Annotated, NoReturn, ParamSpec, TypeVar

import typer
from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from realdof.common.errors import InputError, Stopped
from realdof.common.help_pages import GroupedCommands, example
from realdof.common.machine.threads import settle_threads
from realdof.common.megapixels import MEGAPIXELS, MOST_MEGAPIXELS, most_megapixels
from realdof.common.plain import plain
from realdof.common.processes.interrupt import no_interrupt_dropped

P = ParamSpec("P")
Result = TypeVar("Result")
STOPPED = 130
"""Exit status after Ctrl-C, as in shells: 128 plus the number of the signal."""
OUTPUT_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What becomes of output to a file on a full or damaged disk."""
LONGEST_SENTENCE = 1200
"""Largest number of characters of an error that are printed, because it may quote a long value from a file."""


UNLIMITED = 10_000
"""Width of a line in a pipe, characters."""
PLAIN = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
"""Style of a table in a pipe: a line of dashes below the headings."""


class PlainConsole(Console):
    """A console that keeps control characters in names and messages from the terminal, but allows styles and bars."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Strip control characters from all text that is printed."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(plain(segment.text), segment.style)

    def on_broken_pipe(self) -> NoReturn:
        """Leave it to `run_app`, where a reader of the output that has read enough is no error.

        Messages that nobody can read end the command with status 1, because its work may be unfinished.
        """
        if self.stderr:
            super().on_broken_pipe()
        raise BrokenPipeError


stdout = PlainConsole()
stderr = PlainConsole(stderr=True)


def new_app(summary: str, command: str) -> typer.Typer:
    """Make a command line or a group of commands: ``--help`` ends with an example, ``--version`` prints the version."""
    app = typer.Typer(
        help=f"{summary}\n\nEvery command takes --debug, which shows the traceback of an error, and --megapixels N, "
        f"the largest image that is read ({MOST_MEGAPIXELS:.0f} if not given).",
        epilog=example(command),
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        cls=GroupedCommands,
        rich_markup_mode=None,
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


def stopping(kept: str) -> Callable[[Callable[P, Result]], Callable[P, Result]]:
    """Decorate a command so that Ctrl-C ends it with one sentence on what is kept and how to continue.

    Parameters
    ----------
    kept
        The sentence.
    """

    def of(command: Callable[P, Result]) -> Callable[P, Result]:
        @wraps(command)
        def run(*arguments: P.args, **options: P.kwargs) -> Result:
            try:
                return command(*arguments, **options)
            except KeyboardInterrupt as error:
                raise Stopped(kept) from error

        return run

    return of


def run_app(app: typer.Typer) -> NoReturn:
    """Run a command line; bad input prints one sentence to standard error and exits with status 2."""
    settle_threads()
    debug = "--debug" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--debug"]
    for stream in (sys.stdout, sys.stderr):
        # Output that cannot be encoded must not stop a command after its work is done.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        _take_megapixels()
        with no_interrupt_dropped():
            app()
    except InputError as error:
        if debug:
            raise
        _end_with(str(error))
    except Stopped as error:
        if debug:
            raise
        _end_at_the_next_ctrl_c()
        _end_with(str(error), STOPPED, before="stopped:", style="bold yellow")
    except SystemExit as error:
        # Typer raises this for Ctrl-C in a command that keeps nothing.
        if error.code == STOPPED:
            _end_at_the_next_ctrl_c()
            say("by Ctrl-C.", before="stopped", style="bold yellow", console=stderr)
        raise
    except ModuleNotFoundError as error:
        extra = extra_with(error.name or "")
        if debug or extra is None:
            raise
        _end_with(f"this needs {error.name}; install ifan-bench[{extra}]")
    except BrokenPipeError:
        # `ifan-bench leaderboard | head` closes our output early; that is no error.
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        # Files are named in the error; only our output is not.
        if debug or error.filename is not None or error.errno not in OUTPUT_ERRORS:
            raise
        _end_with(f"the output cannot be written: {error.strerror}")
    sys.exit(0)


def _end_at_the_next_ctrl_c() -> None:
    """Make a second Ctrl-C end the process at once, without a traceback."""
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(STOPPED))


def _take_megapixels() -> None:
    """Move ``--megapixels N`` from the command line to the environment, which worker processes inherit."""
    for at, word in enumerate(sys.argv):
        name, equals, value = word.partition("=")
        if name != "--megapixels":
            continue
        if not equals:
            value = sys.argv[at + 1] if at + 1 < len(sys.argv) else ""
        os.environ[MEGAPIXELS] = value or "nothing"
        most_megapixels()
        del sys.argv[at : at + (1 if equals else 2)]
        return


def _end_with(sentence: str, status: int = 2, before: str = "error:", style: str = "bold red") -> NoReturn:
    if len(sentence) > LONGEST_SENTENCE:
        half = LONGEST_SENTENCE // 2
        sentence = f"{sentence[:half]} ... {sentence[-half:]}"
    say(" ".join(sentence.split()), before=before, style=style, console=stderr)
    sys.exit(status)


def extra_with(module: str) -> str | None:
    """Return the extra of this package that installs a module; None if no extra does."""
    wanted = module.partition(".")[0].replace("_", "-")
    for line in requires("ifan-bench") or []:
        found = re.fullmatch(r"([\w-]+).*;\s*extra == [\"']([\w-]+)[\"']", line)
        if found and found[1].replace("_", "-") == wanted and found[2] != "test":
            return found[2]
    return None


def draw(table: Table) -> None:
    """Print a table: fitted to the window in a terminal; plain and in its full width in a pipe."""
    if stdout.is_terminal:
        stdout.print(table)
        return
    table.box, table.expand = PLAIN, False
    PlainConsole(file=stdout.file, width=UNLIMITED).print(table)


def say(sentence: str, *, before: str = "", style: str = "", console: Console = stdout) -> None:
    """Print one sentence on one line, without interpreting names in it as markup.

    Parameters
    ----------
    before, style
        A word to print before it, and the style of that word.
    """
    line = Text.assemble((before, style), " ", sentence) if before else Text(sentence)
    console.print(line, soft_wrap=True, highlight=False)
