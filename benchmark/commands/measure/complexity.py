"""``ifan-bench complexity``: count parameters and multiply-accumulates, and time a method."""

from typing import Annotated

import typer

from benchmark.commands.options import Device, PrecisionName, Weights, asked_device, asked_precision
from realdof.common.errors import InputError
from realdof.common.processes.loading import loading


def complexity(
    method: Annotated[str | None, typer.Option("--method", help="Every method with a network if not given.")] = None,
    height: Annotated[int, typer.Option(min=64, help="Image height, px; 720 in the paper.")] = 720,
    width: Annotated[int, typer.Option(min=64, help="Image width, px; 1280 in the paper.")] = 1280,
    repeats: Annotated[
        int | None,
        typer.Option("--repeats", min=1, help="Also time the method this many times on an image of this size."),
    ] = None,
    weights: Weights = None,
    device: Device = "auto",
    precision: PrecisionName = "float32",
) -> None:
    """Count parameters and multiply-accumulates, under the paper's convention and exactly; with --repeats also time."""
    with loading():
        from benchmark import registry
        from benchmark.commands.terminal import print_complexity, print_timing
        from benchmark.complexity import count_methods
        from benchmark.running.timing import time_method
        from realdof.common.console import stderr

    if repeats is not None and method is None:
        raise InputError("--repeats times one method; name it with --method")
    factories = {method: registry.method(method)} if method else dict(registry.sound(registry.METHODS))
    counted = count_methods(factories, height, width)
    if method and not counted and repeats is None:
        raise InputError(f"{method} has no network to count; --repeats 5 times it")
    if counted:
        print_complexity(counted)
    if method and repeats is not None:
        device = asked_device(device)
        precision = asked_precision(device, precision)
        with stderr.status(f"timing {method}"):
            timing = time_method(factories[method], weights, height, width, repeats, device, precision)
        print_timing(timing)
