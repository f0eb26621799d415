"""The command `ifan deblur`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from ifan.cli.options import Overwrite, VariantName, WeightsName

Precision = Literal["float32", "bfloat16"]
"""What an inference computes in."""


def deblur(
    photographs: Annotated[list[Path], typer.Argument(help="JPEG, PNG, TIFF or raw files, or folders of them.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A file for one photograph, else a folder.")],
    variant: VariantName = "ifan",
    weights: WeightsName = "official",
    left: Annotated[Path | None, typer.Option(help="Left dual-pixel view, for ifan-dual.")] = None,
    right: Annotated[Path | None, typer.Option(help="Right dual-pixel view, for ifan-dual.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1 ...")] = "cpu",
    precision: Annotated[
        Precision, typer.Option(help="bfloat16 is faster and differs by less than an 8-bit step.")
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

    options = Options(variant_named(variant), weights, device, precision, memory, disparity, filters, overwrite)
    if not deblur_photographs(photographs, output, options, left, right):
        raise typer.Exit(2)
