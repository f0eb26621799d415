"""The command `ifan deblur`."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import Device, asked_device, asked_precision
from benchmark.method import Precision
from ifan.cli.options import Overwrite
from ifan.variants import VARIANTS
from realdof.common.console import say, stderr, stopping
from realdof.common.errors import InputError
from realdof.common.processes.loading import loading


@stopping("photographs that were written are kept; --skip-existing goes on with the others")
def deblur(
    photographs: Annotated[list[Path], typer.Argument(help="JPEG, PNG, TIFF or raw files, or folders of them.")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="For one photograph a file, .png, .tiff, .jpg or .webp; else a folder."),
    ],
    variant: Annotated[
        str | None,
        typer.Option("--variant", help=f"{', '.join(VARIANTS)}; by default the one that the weights or views fit."),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option("--weights", help="official, synthetic or a file; by default official if there, else synthetic."),
    ] = None,
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
            help="Memory limit of the network, such as 4G; all free memory by default. A photograph that needs more is "
            "computed in bands of rows, with the same result."
        ),
    ] = None,
    disparity: Annotated[bool, typer.Option("--disparity", help="Write NAME-disparity.png beside a result.")] = False,
    filters: Annotated[bool, typer.Option("--filters", help="Write NAME-filters.png beside a result.")] = False,
    overwrite: Overwrite = False,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Leave out photographs whose result exists, as after Ctrl-C.")
    ] = False,
) -> None:
    """Deblur photographs; size, bit depth, orientation, EXIF and colour profile are kept."""
    with loading():
        from ifan.photographs.batch import Options, deblur_photographs
        from ifan.photographs.choice import announcement, choose

    if overwrite and skip_existing:
        raise InputError("--overwrite and --skip-existing exclude each other; give one of them")
    device = asked_device(device)
    chosen, named = choose(variant, weights, dual=left is not None)
    if weights is None and (told := announcement(chosen, named)):
        say(told, console=stderr)
    precision = asked_precision(device, precision)
    options = Options(chosen, named, device, precision, memory, disparity, filters, overwrite, skip_existing)
    if not deblur_photographs(photographs, output, options, left, right):
        raise typer.Exit(2)
