"""`realdof develop`."""

from pathlib import Path
from typing import Annotated

import typer

from realdof.common.console import say, stderr
from realdof.common.errors import InputError


def develop(
    file: Annotated[Path, typer.Argument(help="A raw file.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A 16-bit .png or .tiff.")],
    balance_of: Annotated[
        Path | None, typer.Option("--balance-of", help="Use the white balance of this raw file.")
    ] = None,
    linear: Annotated[bool, typer.Option("--linear", help="Write linear light instead of sRGB.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing output.")] = False,
) -> None:
    """Develop a raw file to 16 bits and crop it: an A7R IV's to the paper's 9504x6344."""
    from realdof.images.files import write_pixels
    from realdof.raw import develop as raw

    if output.exists() and not overwrite:
        raise InputError(f"{output} exists; give --overwrite to replace it, or another name")
    balance = None if balance_of is None else raw.camera_multipliers(balance_of)
    pixels = raw.develop_cropped(file, balance, linear=linear).pixels
    write_pixels(output, pixels)
    say(f"wrote {output} ({pixels.shape[1]}x{pixels.shape[0]}, 16-bit)", console=stderr)
