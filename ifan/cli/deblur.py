"""The command `ifan deblur`."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import Device, asked_device, asked_precision
from benchmark.method import Precision
from ifan.cli.options import Overwrite, VariantName, WeightsName
from realdof.common.console import stopping


@stopping("photographs that were written are kept; --skip-existing goes on with the others")
def deblur(
    photographs: Annotated[list[Path], typer.Argument(help="JPEG, PNG, TIFF or raw files, or folders of them.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A file for one photograph, else a folder.")],
    variant: VariantName = "ifan",
    weights: WeightsName = "official",
    left: Annotated[Path | None, typer.Option(help="Left dual-pixel view, for ifan-dual.")] = None,
    right: Annotated[Path | None, typer.Option(help="Right dual-pixel view, for ifan-dual.")] = None,
    device: Device = "auto",
    precision: Annotated[
        Precision,
        typer.Option("--precision", help="bfloat16 is faster where there is hardware for it."),
    ] = "float32",
    memory: Annotated[
        str | None,
        typer.Option(
            help="What the network may use, such as 4G; by default what is free. A photograph that needs more is "
            "computed in bands of rows, with the same result."
        ),
    ] = None,
    disparity: Annotated[bool, typer.Option("--disparity", help="Write NAME-disparity.png beside a result.")] = False,
    filters: Annotated[bool, typer.Option("--filters", help="Write NAME-filters.png beside a result.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Deblur photographs; size, bit depth, orientation and colour profile are kept."""
    from ifan.photographs.batch import Options, deblur_photographs
    from ifan.variants import variant_named

    device = asked_device(device)
    precision = asked_precision(device, precision)
    options = Options(variant_named(variant), weights, device, precision, memory, disparity, filters, overwrite)
    if not deblur_photographs(photographs, output, options, left, right):
        raise typer.Exit(2)
