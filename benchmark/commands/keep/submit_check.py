"""``ifan-bench submit-check``: check a results folder for submission."""

from pathlib import Path
from typing import Annotated

import typer

from realdof.common.console import say


def submit_check(
    folder: Annotated[Path, typer.Argument(help="The results folder to check.")],
    without_outputs: Annotated[
        bool, typer.Option("--without-outputs", help="Do not ask for the output images.")
    ] = False,
) -> None:
    """Check a results folder before its submission; exit status 1 if anything is wrong with it."""
    from benchmark.results.submission import check_submission

    checked = check_submission(folder, needs_outputs=not without_outputs)
    for run in checked:
        say(f"{'ok' if not run.problems else 'NOT OK'}: {run.label} in {run.path}")
        for problem in run.problems:
            say(f"  {problem}")
    if any(run.problems for run in checked):
        raise typer.Exit(1)
    say(f"all is well; merge it with: ifan-bench results merge {folder}")
