"""``ifan-bench figure disparity`` and ``filters``: draw the network's estimates for photographs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.commands.figure.options import FIGURE, Out
from benchmark.commands.options import Device, asked_device
from ifan.variants import VARIANTS
from realdof.common.console import say, stderr

if TYPE_CHECKING:
    from ifan.photographs.figures import MapName

Photographs = Annotated[list[Path], typer.Argument(help="JPEG, PNG, TIFF or raw files.")]
VariantOf = Annotated[
    str | None,
    typer.Option("--variant", help=f"{', '.join(VARIANTS)}; by default the one that the weights fit."),
]
WeightsOf = Annotated[
    str | None,
    typer.Option("--weights", help="official, synthetic or a file; by default official if there, else synthetic."),
]


def disparity(
    photographs: Photographs, out: Out = FIGURE, variant: VariantOf = None, weights: WeightsOf = None,
    device: Device = "auto",
) -> None:  # fmt: skip
    """Draw photographs, their deblurred images, and the disparity that IFAN estimates from them."""
    _draw(photographs, "disparity", variant, weights, device, out)


def filters(
    photographs: Photographs, out: Out = FIGURE, variant: VariantOf = None, weights: WeightsOf = None,
    device: Device = "auto",
) -> None:  # fmt: skip
    """Draw photographs, their deblurred images, and how much IFAN's filters change each part."""
    _draw(photographs, "filters", variant, weights, device, out)


def _draw(
    photographs: list[Path], name: "MapName", variant: str | None, weights: str | None, device: str, out: Path
) -> None:
    from ifan.photographs.choice import announcement, choose
    from ifan.photographs.figures import draw_maps

    device = asked_device(device)
    chosen, named = choose(variant, weights, dual=False)
    if weights is None and (told := announcement(chosen, named)):
        say(told, console=stderr)
    draw_maps(photographs, name, chosen, named, device, out)
    say(str(out), before="written:")
