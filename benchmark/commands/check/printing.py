"""Print the findings of a check in the terminal."""

from collections.abc import Iterable

import typer

from benchmark.checks.finding import Finding
from realdof.common.console import stdout


def print_findings(findings: Iterable[Finding]) -> None:
    """Print findings as they arrive, one per line; exit with status 1 if anything is wrong."""
    wrong = 0
    for finding in findings:
        verdict = "[green]ok[/]   " if finding.problem is None else "[red]wrong[/]"
        stdout.print(verdict, end=" ")
        stdout.print(finding.check, highlight=False, soft_wrap=True, markup=False)
        if finding.problem is not None:
            stdout.print(f"      {finding.problem}", highlight=False, soft_wrap=True, markup=False)
            wrong += 1
    if wrong:
        raise typer.Exit(1)
