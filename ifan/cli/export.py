"""The command `ifan export`."""

from pathlib import Path
from typing import Annotated

import typer

from ifan.cli.options import Overwrite, VariantName, WeightsName
from realdof.common.console import stderr


def export(
    target: Annotated[
        Path, typer.Argument(help="A file .onnx or .pt2 (torch.export), or a folder for from_pretrained.")
    ],
    variant: VariantName = "ifan",
    weights: WeightsName = "official",
    overwrite: Overwrite = False,
) -> None:
    """Export a network for other programs, for images of any size that divides by 8; files are checked against it."""
    from ifan.sharing.export import export_weights
    from ifan.variants import variant_named

    written = export_weights(variant_named(variant), weights, target, overwrite=overwrite)
    stderr.print(written, soft_wrap=True, highlight=False, markup=False)
