"""``ifan-bench check-dataset``."""

from pathlib import Path
from typing import Annotated

import typer


def check_dataset(
    name: Annotated[str, typer.Argument(help="A data set of `ifan-bench datasets`.")],
    root: Annotated[
        Path | None, typer.Option("--root", help="Folder of the data set; its own place in the cache by default.")
    ] = None,
) -> None:
    """Check a data set's card, files and identity, and run over two images; exit status 1 if anything is wrong."""
    from benchmark.checks.dataset import findings
    from benchmark.commands.check.printing import print_findings

    print_findings(findings(name, root))
