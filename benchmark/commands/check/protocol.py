"""``ifan-bench check-protocol``."""

from typing import Annotated

import typer


def check_protocol(name: Annotated[str, typer.Argument(help="A protocol of `ifan-bench protocols`.")]) -> None:
    """Read and score mock images under a protocol and say what is wrong with it; exit status 1 if anything is."""
    from benchmark.checks.protocol import findings
    from benchmark.commands.check.printing import print_findings

    print_findings(findings(name))
