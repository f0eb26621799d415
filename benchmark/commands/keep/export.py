"""``ifan-bench results export``: write every record as CSV or JSON."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import RESULTS, OnlyDataset, OnlyProtocol, Results
from realdof.common.console import say

FORMATS = ("csv", "json")


def export(
    results: Results = RESULTS,
    dataset: OnlyDataset = None,
    protocol: OnlyProtocol = None,
    format: Annotated[str, typer.Option("--format", help="csv or json.")] = "csv",
    out: Annotated[Path | None, typer.Option("--out", help="File to write; printed if not given.")] = None,
) -> None:
    """Export every record as CSV or JSON, one row per image, for other programs."""
    from benchmark import registry
    from benchmark.results.choice import every_run
    from benchmark.results.export import as_csv, as_json, export_rows
    from realdof.common.files import write_text

    if format not in FORMATS:
        raise registry.unknown("format", format, FORMATS)
    rows = export_rows(every_run(results, dataset, protocol))
    text = as_csv(rows) if format == "csv" else as_json(rows)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text)
        say(f"written: {out}, {len(rows)} rows")
