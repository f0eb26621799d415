"""``ifan-bench check-metric``."""

from typing import Annotated

import typer


def check_metric(name: Annotated[str, typer.Argument(help="A metric of `ifan-bench metrics`.")]) -> None:
    """Measure mock images by a metric and say what is wrong with it; exit status 1 if anything is."""
    from benchmark.checks.metric import findings
    from benchmark.commands.check.printing import print_findings

    print_findings(findings(name))
