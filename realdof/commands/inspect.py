"""`realdof inspect`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from realdof.common.console import draw


def inspect(file: Annotated[Path, typer.Argument(help="A raw file, TIFF or PNG.")]) -> None:
    """Show the metadata of a shot: camera, time, exposure, size."""
    from realdof.captures.scene import read_capture

    capture = read_capture(file)
    height, width = capture.size
    table = Table("what", "value", title=escape(str(file)))
    table.add_row("size, px", f"{width} x {height}")
    for name, value in vars(capture.exif).items():
        table.add_row(name.replace("_", " "), "not in the file" if value is None else escape(str(value)))
    draw(table)
