"""``ifan-bench results merge``: copy another results folder's runs into this one."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import RESULTS, Results
from realdof.common.console import say


def merge(
    source: Annotated[Path, typer.Argument(help="The results folder to take runs from; it stays as it is.")],
    results: Results = RESULTS,
) -> None:
    """Copy the runs of another results folder into this one; images that are already here are kept."""
    from benchmark.results.merge import merge as merge_runs

    for merged in merge_runs(source, results):
        say(f"{merged.run.path}: {merged.records} records and {merged.outputs} outputs brought")
