"""``ifan-bench data split``: divide the scenes of a folder into train, val and test lists."""

from pathlib import Path
from typing import Annotated

import typer

from realdof.common.console import stdout


def split(
    folder: Annotated[Path, typer.Argument(help="Pairs: source/ and target/ with the same names.")],
    out: Annotated[Path, typer.Option("--out", help="Where train.txt, val.txt and test.txt go.")],
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives another split.")] = 0,
    val: Annotated[float, typer.Option("--val", min=0, max=1, help="Share of val; DPDD's by default.")] = 0.15,
    test: Annotated[float, typer.Option("--test", min=0, max=1, help="Share of test; DPDD's by default.")] = 0.15,
) -> None:
    """Divide scenes into train, val and test lists by a hash of their names; no image is moved."""
    from benchmark.datasets.folder import PairedFolder
    from benchmark.datasets.split import split as split_names
    from realdof.common.files import write_text

    names = [entry.name for entry in PairedFolder(folder).entries()]
    for side, chosen in split_names(names, seed, (1 - val - test, val, test)).items():
        head = f"# {side}: {len(chosen)} of {len(names)} scenes, seed {seed}, shares of val and test {val:g}, {test:g}"
        path = out / f"{side}.txt"
        write_text(path, "\n".join([head, *chosen]) + "\n")
        stdout.print(f"{side}: {len(chosen)} scenes, {path}", highlight=False, soft_wrap=True, markup=False)
