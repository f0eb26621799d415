"""``ifan-bench report``: write a web report of runs that can be opened from disk, without a network."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    results: Annotated[Path, typer.Argument(help="The results folder.")] = Path("results"),
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder for the report; an earlier report is replaced.")
    ] = Path("site"),
    dataset: Annotated[str | None, typer.Option("--dataset", help="Only runs on this data set.")] = None,
    protocol: Annotated[str | None, typer.Option("--protocol", help="Only runs under this protocol.")] = None,
    root: Annotated[
        list[str] | None,
        typer.Option(
            "--root", help="The data set's folder, if not its place in the cache: DIR, or NAME=DIR for each of several."
        ),
    ] = None,
    subset: Annotated[Path | None, typer.Option("--subset", help="The list file of runs on DATASET@LIST.")] = None,
    pictures: Annotated[
        int | None,
        typer.Option(
            "--pictures", min=0, help="Largest number of images with a page, spread over the set; all if not given."
        ),
    ] = None,
    megabytes: Annotated[
        float, typer.Option("--megabytes", min=1, help="Size limit of all pictures; their quality is chosen to fit.")
    ] = 150,
) -> None:
    """Write a web report: pictures with a slider, linked zoom and error maps, leaderboards, and charts."""
    from benchmark.commands.terminal import showing_preparation
    from benchmark.report.contents import collect
    from benchmark.report.opening import opener
    from benchmark.report.site import write_site
    from realdof.common.console import say

    with showing_preparation("drawing pictures") as progress:
        contents = collect(results, opener(root or [], subset), dataset, protocol)
        home = write_site(contents, out, megabytes=megabytes, most=pictures, report=progress)
    for one in contents.sets:
        if one.missing and pictures != 0:
            say(f"{one.title} has no pictures: {one.missing}", before="note", style="yellow")
    say(str(home), before="written:")
