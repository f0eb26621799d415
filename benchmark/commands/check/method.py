"""``ifan-bench check-method``."""

from typing import Annotated

import typer


def check_method(
    name: Annotated[str, typer.Argument(help="A method of `ifan-bench methods`.")],
    weights: Annotated[str | None, typer.Option("--weights", help="A key of the method's card, or a file.")] = None,
    device: Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1 ...")] = "cpu",
) -> None:
    """Run a method over mock images (tiny, odd, portrait) and say what is wrong; exit status 1 if anything is."""
    from benchmark import registry
    from benchmark.checks.method import findings
    from benchmark.commands.check.printing import print_findings
    from benchmark.running.environment import check_device

    check_device(device)
    print_findings(findings(name, registry.method(name), weights, device))
