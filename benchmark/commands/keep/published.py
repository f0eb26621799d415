"""``ifan-bench published`` and ``ifan-bench published lint``: show and check the figures that papers print."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import Wide
from realdof.common.console import say

FORMATS = ("table", "markdown", "latex", "html", "csv", "json")


def published(
    context: typer.Context,
    dataset: Annotated[str | None, typer.Option("--dataset", help="Only figures on this data set.")] = None,
    input: Annotated[str | None, typer.Option("--input", help="single or dual; both if not given.")] = None,
    protocol: Annotated[str | None, typer.Option("--protocol", help="Only figures under this protocol.")] = None,
    format: Annotated[str, typer.Option("--format", help=f"What is printed: {', '.join(FORMATS)}.")] = "table",
    wide: Wide = False,
) -> None:
    """Print the figures of papers: a table for each data set, kind of input, resolution and protocol."""
    if context.invoked_subcommand is not None:
        return
    from benchmark import registry
    from benchmark.commands.tables import print_table
    from benchmark.leaderboards.published import every_figure
    from benchmark.leaderboards.render.published import as_csv, as_json, chosen, published_tables
    from benchmark.leaderboards.render.tables import rendered, to_html

    if format not in FORMATS:
        raise registry.unknown("format", format, FORMATS)
    figures = chosen(every_figure(), dataset=dataset, input=input, protocol=protocol)
    tables = published_tables(figures)
    whole = {"html": lambda: to_html(*tables), "csv": lambda: as_csv(figures), "json": lambda: as_json(figures)}
    if format in whole:
        typer.echo(whole[format](), nl=False)
        return
    for table in tables:
        if format == "table":
            print_table(table, wide=wide)
        else:
            typer.echo(rendered(table, format))


def lint(
    file: Annotated[Path | None, typer.Argument(help="The file; the package's own if not given.")] = None,
) -> None:
    """Check a file of published figures; exit status 1 if anything is wrong with it."""
    from benchmark.leaderboards.published import published_file, read_figures
    from benchmark.leaderboards.published_lint import lint as find_faults

    path = file or published_file()
    problems = find_faults(path)
    for problem in problems:
        say(problem)
    if problems:
        raise typer.Exit(1)
    say(f"{path.name}: {len(read_figures(path))} figures, no fault")
