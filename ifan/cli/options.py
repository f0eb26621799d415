"""Options that several commands of `ifan` share."""

from typing import Annotated

import typer

from ifan.variants import VARIANTS

VariantName = Annotated[str, typer.Option("--variant", help=f"One of {', '.join(VARIANTS)}.")]
WeightsName = Annotated[str, typer.Option("--weights", help="official, synthetic, or a file.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an output that exists.")]
LEAVES = "Share of scenes that show sharp shapes in the photograph's colours and textures instead of a part of it."
