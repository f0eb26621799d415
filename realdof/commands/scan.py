"""`realdof scan`."""

from pathlib import Path
from typing import Annotated

import typer

from realdof.commands.tables import show_captures
from realdof.common.console import say, stderr
from realdof.common.errors import InputError


def scan(
    folder: Annotated[Path, typer.Argument(help="A flat folder of loose shots of both cameras.")],
    manifest: Annotated[Path | None, typer.Option("--manifest", help="Write the proposal as a CSV manifest.")] = None,
) -> None:
    """Sort loose shots into scenes by the time, aperture and camera in their EXIF."""
    from realdof.captures.scan import propose_scenes
    from realdof.captures.scene_list import write_scene_list

    if manifest is not None and manifest.exists():
        raise InputError(f"{manifest} exists; give another name")
    found, complaints = propose_scenes(folder)
    if manifest is not None and found:
        write_scene_list(manifest, found)
        say(f"wrote {manifest}", console=stderr)
    show_captures(found, complaints)
