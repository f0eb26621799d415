"""The command `ifan synthesize`."""

from contextlib import closing
from pathlib import Path
from typing import Annotated, Literal

import typer

from ifan.cli.options import LEAVES
from realdof.common.console import stopping

Split = Literal["train", "val", "test"]
"""Splits of a data set in DPDD's layout."""
Bits = Literal[8, 16]
"""Bit depth of image files."""


@stopping("scenes that are rendered are kept; the same command renders the others")
def synthesize(
    photographs: Annotated[Path, typer.Argument(help="A folder of sharp photographs.")],
    out: Annotated[Path, typer.Argument(help="Where the set goes, in DPDD's layout.")],
    count: Annotated[int, typer.Option(min=1, help="Scenes to render.")] = 720,
    split: Annotated[Split, typer.Option(help="Which part of the set.")] = "train",
    size: Annotated[int, typer.Option(min=64, help="Side of a scene, px.")] = 384,
    largest_radius: Annotated[float, typer.Option(min=1.0, help="Largest blur radius, px.")] = 14.0,
    depth: Annotated[
        Path | None,
        typer.Option(help="A folder of depth maps named like the photographs; brighter is nearer."),
    ] = None,
    bits: Annotated[Bits, typer.Option(help="Depth of the files.")] = 8,
    electrons: Annotated[
        float | None, typer.Option(min=1.0, help="Electrons of a white pixel, for shot noise; no noise if not given.")
    ] = None,
    leaves: Annotated[float, typer.Option(min=0.0, max=1.0, help=LEAVES)] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of every random draw.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Render dual-pixel defocus of sharp photographs as training data; scenes already there are kept."""
    from ifan.training import sources, synthesis
    from realdof.common.progress import progress_bar

    settings = synthesis.Synthesis(
        size=size, largest_radius=largest_radius, leaves_share=leaves, bits=bits, electrons=electrons
    )
    found = sources.find_photographs(photographs)
    maps = None if depth is None else sources.find_depth(found, depth)
    made = synthesis.synthesize(found, out, count, settings, seed=seed, split=split, workers=workers, depth=maps)
    with progress_bar() as bar, closing(made) as rendered:
        task = bar.add_task("rendering", total=count, detail="")
        for done in rendered:
            bar.update(task, completed=done)
