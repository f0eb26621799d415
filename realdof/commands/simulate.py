"""`realdof simulate`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from realdof.common.console import progress_bar

Size = Literal["full", "small"]
"""Of simulated raw files."""
FileFormat = Literal["arw", "dng"]
"""Of simulated raw files."""


def simulate(
    out: Annotated[Path, typer.Argument(help="The capture folder to make.")],
    scenes: Annotated[int, typer.Option("--scenes", min=1, help="How many scenes.")] = 2,
    size: Annotated[Size, typer.Option("--size", help="full: 9600x6376; small: 1600x1064.")] = "small",
    file_format: Annotated[FileFormat, typer.Option("--format", help="Format of the raw files.")] = "arw",
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives other scenes.")] = 0,
    vignetting: Annotated[bool, typer.Option("--vignetting", help="Darken the corners by aperture.")] = False,
    diffraction: Annotated[bool, typer.Option("--diffraction", help="Blur F16 to an Airy disc of 21 um.")] = False,
) -> None:
    """Make raw captures of known scenes, with the truth beside them, for tests and demonstrations."""
    from realdof.simulation.parameters import Simulation
    from realdof.simulation.simulate import simulate_captures

    simulation = Simulation(
        size=size, seed=seed, file_format=file_format, vignetting=vignetting, diffraction=diffraction
    )
    with progress_bar() as bar:
        task = bar.add_task("simulating", total=scenes, detail="")
        for folder in simulate_captures(out, scenes, simulation):
            bar.update(task, advance=1, detail=folder.name)
