"""Options and helpers that the commands of `ifan-bench figure` share."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from benchmark.report.contents import ImageSet


def _drawable(out: Path) -> Path:
    """Check, before anything is computed, that the file format can be written."""
    from benchmark.report.figures.canvas import drawable

    return drawable(out)


Results = Annotated[Path, typer.Argument(help="The results folder.")]
Out = Annotated[Path, typer.Option("-o", "--out", callback=_drawable, help="The file: .pdf, .png or .svg.")]
Methods = Annotated[list[str] | None, typer.Option("--methods", help="Comma-separated; all if not given.")]
Images = Annotated[list[str] | None, typer.Option("--images", help="Comma-separated; --count of them if not given.")]
Crops = Annotated[
    list[str] | None,
    typer.Option("--crop", help="LEFT,TOP,WIDTH,HEIGHT in px; where two methods differ most if not given."),
]
Count = Annotated[int, typer.Option("--count", min=1, max=8, help="How many scenes, where none is named.")]
Roots = Annotated[list[str] | None, typer.Option("--root", help="The data set's folder.")]
Subset = Annotated[Path | None, typer.Option("--subset", help="The list file of runs on DATASET@LIST.")]
MethodNames = Annotated[
    Literal["short", "full"],
    typer.Option("--names", help="short: the methods' titles; full: their names with weights."),
]
FIGURE = Path("figure.pdf")


def image_set(
    results: Path, dataset: str, protocol: str | None, roots: list[str] | None = None, subset: Path | None = None
) -> "ImageSet":
    """Return the runs on a data set under one protocol, by default the data set's own.

    Raises
    ------
    InputError
        There is no such run.
    """
    from benchmark import registry
    from benchmark.datasets.subset import whole_name
    from benchmark.report.contents import collect
    from benchmark.report.opening import opener

    name = protocol or registry.dataset(whole_name(dataset)).card.protocol
    return collect(results, opener(roots or [], subset), dataset, name).sets[0]


def spread(names: Sequence[str], count: int) -> list[str]:
    """Return at most ``count`` names, spread evenly over all."""
    step = max(1, len(names) // count)
    return list(names[::step][:count])


def told(out: Path) -> None:
    """Print where the figure was written."""
    from realdof.common.console import say

    say(str(out), before="written:")
