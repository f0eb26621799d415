"""`realdof simulate`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Size = Literal["full", "small"]
"""Size of the simulated raw files."""
FileFormat = Literal["arw", "arw-lossy", "arw-lossless", "dng", "tiff"]
"""Format of the simulated shots; a test checks that it equals that of ``realdof.simulation.parameters``."""
Rig = Literal["dual", "single"]
"""Two cameras behind a beam splitter, or one on a tripod."""


def simulate(
    out: Annotated[Path, typer.Argument(help="The capture folder to create.")],
    scenes: Annotated[int, typer.Option("--scenes", min=1, help="Number of scenes.")] = 2,
    size: Annotated[Size, typer.Option("--size", help="full: 9600x6376; small: 1600x1064.")] = "small",
    file_format: Annotated[
        FileFormat, typer.Option("--format", help="Sony raw, by compression; DNG; or developed TIFF.")
    ] = "arw",
    rig: Annotated[
        Rig, typer.Option("--rig", help="dual: two cameras behind a beam splitter; single: one camera on a tripod.")
    ] = "dual",
    faulty: Annotated[
        bool, typer.Option("--faulty", help="Add a scene of sky, one of two views, and one with clipped highlights.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives other scenes.")] = 0,
    vignetting: Annotated[bool, typer.Option("--vignetting", help="Darken the corners by aperture.")] = False,
    diffraction: Annotated[bool, typer.Option("--diffraction", help="Blur F16 to an Airy disc of 21 um.")] = False,
) -> None:
    """Simulate captures of known scenes, with their ground truth, for tests and demonstrations.

    All scenes can be built, except those that --faulty adds, which a build must reject or doubt.
    """
    from realdof.common.progress import progress_bar
    from realdof.simulation.parameters import Simulation
    from realdof.simulation.simulate import FAULTY, simulate_captures

    simulation = Simulation(
        size=size, seed=seed, file_format=file_format, rig=rig, vignetting=vignetting, diffraction=diffraction
    )
    faults = FAULTY if faulty else ()
    with progress_bar() as bar:
        task = bar.add_task("simulating", total=scenes + len(faults), detail="")
        for folder in simulate_captures(out, scenes, simulation, faults):
            bar.update(task, advance=1, detail=folder.name)
