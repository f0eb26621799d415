"""``ifan-bench compare A B``: compare two runs image by image."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark import registry
from benchmark.commands.options import Wide

FORMATS = ("table", "markdown", "json")


def compare(
    a: Annotated[str, typer.Argument(help="A run: its folder, the first digits of its id, or a method's name.")],
    b: Annotated[str, typer.Argument(help="The run to compare with: the baseline.")],
    dataset: Annotated[str | None, typer.Option("--dataset", help="Narrows the choice of runs.")] = None,
    protocol: Annotated[str | None, typer.Option("--protocol", help="Narrows the choice of runs.")] = None,
    results: Annotated[Path, typer.Option("--results", help="The results folder.")] = Path("results"),
    metric: Annotated[str, typer.Option("--metric", help="What wins and losses are listed by.")] = "psnr",
    top: Annotated[int, typer.Option("--top", min=1, help="How many wins and how many losses are listed.")] = 5,
    format: Annotated[str, typer.Option("--format", help=f"What is printed: {', '.join(FORMATS)}.")] = "table",
    wide: Wide = False,
    pictures: Annotated[
        Path | None, typer.Option("--pictures", help="Folder to write the listed outputs to, A left of B.")
    ] = None,
) -> None:
    """Compare two runs on the same images: means, paired tests, and the images where A wins and loses most."""
    from benchmark.commands.tables import print_table
    from benchmark.leaderboards.compare import compare as compare_runs
    from benchmark.leaderboards.compare import image_table, summary_table, to_json, write_strips
    from benchmark.leaderboards.render.tables import to_markdown
    from benchmark.results.choice import choose

    if format not in FORMATS:
        raise registry.unknown("format", format, FORMATS)
    found = compare_runs(choose(results, a, dataset, protocol), choose(results, b, dataset, protocol))
    if metric not in found.metrics:
        raise registry.unknown("metric of both runs", metric, found.metrics)
    written = [] if pictures is None else write_strips(found, metric, top, pictures)
    if format == "json":
        typer.echo(to_json(found))
        return
    for table, files in ((summary_table(found), []), (image_table(found, metric, top), written)):
        if format == "table":
            print_table(table, files, wide=wide)
        else:
            typer.echo(to_markdown(table))
