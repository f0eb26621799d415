"""The command `ifan convert`."""

from pathlib import Path
from typing import Annotated

import typer

from ifan.cli.options import Overwrite, VariantName
from realdof.common.console import stderr


def convert(
    source: Annotated[Path, typer.Argument(help="A released checkpoint or a safetensors file.")],
    target: Annotated[Path, typer.Argument(help="The safetensors file to write.")],
    variant: VariantName = "ifan",
    label: Annotated[str, typer.Option(help="One line on what the weights are.")] = "",
    half: Annotated[bool, typer.Option("--half", help="Store in float16: half the size, slightly rounded.")] = False,
    card: Annotated[Path | None, typer.Option(help="A JSON object to add to the training card.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Convert weights to safetensors, with variant, form of IAC, label and training card in the header."""
    from ifan.sharing.conversion import convert as write
    from ifan.variants import variant_named

    write(source, target, variant_named(variant), label=label, half=half, card=card, overwrite=overwrite)
    stderr.print(f"wrote {target}", soft_wrap=True, highlight=False, markup=False)
