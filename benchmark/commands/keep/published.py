"""``ifan-bench published lint``: the figures that papers print."""

from pathlib import Path
from typing import Annotated

import typer

from realdof.common.console import say


def lint(
    file: Annotated[Path | None, typer.Argument(help="The file; the package's own if not given.")] = None,
) -> None:
    """Check a file of published figures; exit status 1 if anything is wrong with it."""
    from benchmark.leaderboards import published as figures

    path = file or figures.published_file()
    problems = figures.lint(path)
    for problem in problems:
        say(problem)
    if problems:
        raise typer.Exit(1)
    say(f"{path.name}: {len(figures.read_figures(path))} figures, no fault")
