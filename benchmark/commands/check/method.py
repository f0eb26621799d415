"""``ifan-bench check-method``."""

from typing import Annotated

import typer

from benchmark.commands.options import Device, asked_device


def check_method(
    name: Annotated[str, typer.Argument(help="A method of `ifan-bench methods`.")],
    weights: Annotated[str | None, typer.Option("--weights", help="A key of the method's card, or a file.")] = None,
    device: Device = "auto",
) -> None:
    """Run a method over mock images (tiny, odd, portrait) and say what is wrong; exit status 1 if anything is."""
    from benchmark import registry
    from benchmark.checks.method import findings
    from benchmark.commands.check.printing import print_findings

    print_findings(findings(name, registry.method(name), weights, asked_device(device)))
