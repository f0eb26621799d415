"""``ifan-bench leaderboard``: tables of measured and published figures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark import registry
from benchmark.commands.options import DatasetName, ProtocolName, Wide, names_in
from realdof.common.errors import InputError

if TYPE_CHECKING:
    from benchmark.leaderboards.render.tables import Table

OPTIONS_OF: dict[tuple[str, ...], tuple[str, ...]] = {
    ("table", "latex"): ("columns",),
    ("table",): ("wide",),
    ("latex",): ("names", "bold", "second", "intervals"),
}
"""Options that only some formats support."""
MORE = "--wide shows intervals, costs, published figures and sources; --columns chooses; --format csv has everything"
FORMATS = ("table", "csv", "markdown", "latex", "json")


def leaderboard(
    context: typer.Context,
    dataset: DatasetName = "sample",
    protocol: ProtocolName = None,
    results: Annotated[Path, typer.Option("--results", help="The results folder.")] = Path("results"),
    format: Annotated[str, typer.Option("--format", help=f"What is printed: {', '.join(FORMATS)}.")] = "table",
    sort: Annotated[
        str, typer.Option("--sort", help="The column to order by: any metric, params_m, macs_g, time_s, memory_gb.")
    ] = "psnr",
    images: Annotated[
        str | None, typer.Option("--images", help="First digits of the images' identity, where several share a name.")
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Figures by group: scene, f-stop ... where the data set has such groups.")
    ] = None,
    paper_table: Annotated[
        str | None, typer.Option("--paper-table", help="The paper's own table: 1 to 5, s1 to s3 of its supplement.")
    ] = None,
    across: Annotated[
        bool, typer.Option("--across", help="One metric (--sort) over every data set with runs, and mean ranks.")
    ] = False,
    columns: Annotated[
        list[str] | None,
        typer.Option("--columns", help="Columns of the terminal's and LaTeX's table, e.g. psnr,lpips,params_m,n."),
    ] = None,
    wide: Wide = False,
    names: Annotated[
        str, typer.Option("--names", help="With --format latex: short (the method's title) or full (with weights).")
    ] = "short",
    bold: Annotated[bool, typer.Option("--bold/--no-bold", help="With --format latex: the best in bold.")] = True,
    second: Annotated[
        bool, typer.Option("--second/--no-second", help="With --format latex: the second best underlined.")
    ] = True,
    intervals: Annotated[bool, typer.Option("--intervals", help="With --format latex: bootstrap intervals.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the files; a leaderboard's is the results folder if not given."),
    ] = None,
) -> None:
    """Print measured and published figures side by side, and write them as CSV, Markdown and the format asked for."""
    from benchmark.commands.tables import print_table
    from benchmark.datasets.subset import whole_name
    from benchmark.leaderboards import build as boards
    from benchmark.leaderboards.grouped import by_group
    from benchmark.leaderboards.measured import measured_in
    from benchmark.leaderboards.render import formats
    from benchmark.leaderboards.render.brief import brief_table
    from benchmark.leaderboards.render.tables import SUFFIXES, rendered
    from realdof.common.console import stdout
    from realdof.common.files import write_text

    if format == "html":
        raise InputError(f"ifan-bench report makes the page: ifan-bench report {results} -o site --dataset {dataset}")
    if format not in FORMATS:
        raise registry.unknown("format", format, FORMATS)
    shown: Table | None = None
    _refuse_unused(context, None if across or paper_table is not None or by is not None else format)
    kinds = [kind for kind in dict.fromkeys(("csv", "markdown", format)) if kind in SUFFIXES]
    if paper_table is not None and across:
        raise InputError("--across and --paper-table are two tables; give one of them")
    if paper_table is not None:
        from benchmark.leaderboards.paper_tables import render

        table = render(paper_table, measured_in(results, images))
        texts = {kind: rendered(table, kind) for kind in kinds}
        stem, folder = f"paper-table-{paper_table}", out
    elif across:
        from benchmark.leaderboards.across import across_table, build_across

        table = across_table(build_across(results, protocol, sort))
        texts = {kind: rendered(table, kind) for kind in kinds}
        stem, folder = "leaderboard-across", out or results
    else:
        # A run on a subset is of data set NAME@LIST, and only NAME is registered.
        name = protocol or registry.dataset(whole_name(dataset)).card.protocol
        board = boards.build(results, dataset, name, sort=sort, images=images)
        stem, folder = f"leaderboard-{dataset}-{board.protocol}", out or results
        if by is not None:
            table = by_group(board, by)
            texts = {kind: rendered(table, kind) for kind in kinds}
            stem = f"{stem}-by-{by}"
        else:
            chosen = tuple(names_in(columns))
            table = formats.to_table(board)
            shown = table if wide or format != "table" else brief_table(board, chosen)
            texts = {"markdown": rendered(table, "markdown")}
            texts |= {"csv": formats.to_csv(board), "json": formats.to_json(board)}
        if by is None and format == "latex":
            from benchmark.leaderboards.render.latex import PaperStyle, paper_latex

            if names not in ("short", "full"):
                raise registry.unknown("kind of names", names, ("short", "full"))
            style = PaperStyle(chosen, "short" if names == "short" else "full", bold, second, intervals)
            texts["latex"] = paper_latex(board, style)
    files = [] if folder is None else [folder / f"{stem}.{SUFFIXES[kind]}" for kind in kinds]
    for path, kind in zip(files, kinds, strict=False):
        write_text(path, texts[kind])
    if format == "table":
        print_table(table if shown is None else shown, files, wide=wide)
        if shown is not None and not wide:
            stdout.print(MORE, style="dim", highlight=False, soft_wrap=not stdout.is_terminal)
    else:
        typer.echo(texts[format], nl=False)


def _refuse_unused(context: typer.Context, format: str | None) -> None:
    """Refuse options that would do nothing; ``format`` is None for tables that have no style."""
    for wanted, names in OPTIONS_OF.items():
        sources = {name: context.get_parameter_source(name) for name in names}
        # Compare by name, because Typer bundles its own Click since 0.20.
        given = [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]
        if given and format not in wanted:
            raise InputError(f"--{given[0]} belongs to a leaderboard with --format {' or '.join(wanted)}")
