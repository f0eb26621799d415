"""`realdof verify`."""

from pathlib import Path
from typing import Annotated

import typer

from realdof.common.console import say


def verify(out: Annotated[Path, typer.Argument(help="A data set made by realdof build.")]) -> None:
    """Check a data set against its manifest: hashes, pairs, sizes, 16 bits. Status 2 if anything is wrong."""
    from realdof.dataset.manifest import read_manifest
    from realdof.dataset.verify import faults

    found = 0
    for sentence in faults(out):
        found += 1
        say(sentence)
    if found:
        raise typer.Exit(2)
    counts = read_manifest(out).counts
    say(f"{out} is complete; pairs: {counts['accepted'] + counts['doubtful']}")
