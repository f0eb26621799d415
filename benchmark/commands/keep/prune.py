"""``ifan-bench results prune``: delete runs or outputs that are not needed."""

from typing import Annotated

import typer

from benchmark.commands.options import RESULTS, OnlyDataset, OnlyProtocol, Results
from realdof.common.console import say


def prune(
    results: Results = RESULTS,
    dataset: OnlyDataset = None,
    protocol: OnlyProtocol = None,
    unfinished: Annotated[bool, typer.Option("--unfinished", help="Runs that stopped or had failures.")] = False,
    outdated: Annotated[bool, typer.Option("--outdated", help="Runs under an older version of a protocol.")] = False,
    outputs: Annotated[bool, typer.Option("--outputs", help="Output images only; records stay.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it only what would go is listed.")] = False,
) -> None:
    """Delete unfinished or outdated runs, or the output images of runs."""
    from benchmark.results.choice import every_run
    from benchmark.results.prune import removable, remove

    runs = every_run(results, dataset, protocol)
    for item in removable(runs, unfinished=unfinished, outdated=outdated, outputs=outputs):
        word = "removed" if yes else "would remove"
        if yes:
            remove(item)
        say(f"{word} {item.place} ({item.run.label}, {item.size / 1e6:.1f} MB)")
    if not yes:
        say("nothing was removed; give --yes to do it")
