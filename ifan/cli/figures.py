"""``ifan-bench figure disparity`` and ``filters``: what the network estimates of photographs."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import Device, asked_device
from ifan.cli.options import VariantName

Photographs = Annotated[list[Path], typer.Argument(help="JPEG, PNG, TIFF or raw files.")]
Out = Annotated[Path, typer.Option("-o", "--out", help="The file: .pdf, .png or .svg.")]
WeightsOf = Annotated[str, typer.Option("--weights", help="official, synthetic, or a file.")]
FIGURE = Path("figure.pdf")


def disparity(
    photographs: Photographs, out: Out = FIGURE, variant: VariantName = "ifan", weights: WeightsOf = "synthetic",
    device: Device = "auto",
) -> None:  # fmt: skip
    """Draw photographs, their deblurred images, and the disparity that IFAN estimates from them."""
    from ifan.figures import draw_maps
    from ifan.variants import variant_named
    from realdof.common.console import say

    draw_maps(photographs, "disparity", variant_named(variant), weights, asked_device(device), out)
    say(str(out), before="written:")


def filters(
    photographs: Photographs, out: Out = FIGURE, variant: VariantName = "ifan", weights: WeightsOf = "synthetic",
    device: Device = "auto",
) -> None:  # fmt: skip
    """Draw photographs, their deblurred images, and where IFAN's filters change how much."""
    from ifan.figures import draw_maps
    from ifan.variants import variant_named
    from realdof.common.console import say

    draw_maps(photographs, "filters", variant_named(variant), weights, asked_device(device), out)
    say(str(out), before="written:")
