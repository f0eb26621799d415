"""`realdof align`."""

from pathlib import Path
from typing import Annotated

import typer

from realdof.common.console import say
from realdof.common.errors import InputError


def align(
    a: Annotated[Path, typer.Argument(help="The fixed photograph: raw, TIFF, PNG or JPEG.")],
    b: Annotated[Path, typer.Argument(help="The photograph to warp to it, of the same size.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A new folder for the results.")],
) -> None:
    """Align any two photographs of one scene: homography, remaining displacement, verdict, warped image.

    Status 1 if the alignment is rejected.
    """
    from realdof.alignment.photographs import align as align_photographs
    from realdof.alignment.results import write_results
    from realdof.raw.photograph import is_raw, read_photograph

    if output.exists():
        raise InputError(f"{output} exists; give the name of a new folder")
    first, second = read_photograph(a), read_photograph(b)
    try:
        found = align_photographs(first, second, demosaiced=is_raw(a) or is_raw(b))
    except ValueError as error:
        raise InputError(f"{a} and {b} cannot be aligned: {error}") from error
    write_results(output, found)
    say(f"{found.verdict}: {found.reason}")
    say(f"ECC value {found.correlation:.4f}; wrote homography.json, displacement.csv and warped.png to {output}")
    if found.verdict == "rejected":
        raise typer.Exit(1)
