"""`realdof scenes`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from realdof.commands.tables import show_captures


def scenes(
    source: Annotated[Path, typer.Argument(help="A folder of scenes, or a list of them (.csv, .json).")],
    rig: Annotated[
        Literal["dual", "single"],
        typer.Option("--rig", help="dual: two cameras behind a beam splitter; single: one camera on a tripod."),
    ] = "dual",
) -> None:
    """List the scenes of a capture folder and what is wrong with them; status 1 if one cannot be used."""
    from realdof.captures.folder import find_scenes

    show_captures(*find_scenes(source, rig))
