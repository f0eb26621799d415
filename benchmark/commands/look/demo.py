"""``ifan-bench demo``: serve a web page that deblurs a photograph and shows it before and after."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import Device, asked_device
from realdof.common.errors import InputError, Stopped

LOOPBACK = "127.0.0.1"


def demo(
    method: Annotated[str, typer.Option("--method", help="The method that is chosen at first.")] = "ifan",
    weights: Annotated[
        str | None, typer.Option("--weights", help="Weights to offer first: official, synthetic, or a file.")
    ] = None,
    device: Device = "auto",
    memory: Annotated[
        str | None,
        typer.Option(
            help="Memory limit, such as 4G; all free memory if not given. Photographs that need more go in bands."
        ),
    ] = None,
    megabytes: Annotated[float, typer.Option("--megabytes", min=1, help="Largest upload, MB.")] = 100,
    host: Annotated[str, typer.Option("--host", help="Where to listen; 0.0.0.0 lets other machines in.")] = (LOOPBACK),
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = 7860,
) -> None:
    """Open a page in the browser: drop a photograph, choose a method, compare before and after, download."""
    from benchmark.bands.budget import bytes_of

    if find_spec("gradio") is None:
        raise InputError("the demo needs gradio; install it with: pip install 'ifan-bench[demo]'")
    budget = None if memory is None else bytes_of(memory)
    serve(method, weights, asked_device(device), budget, round(megabytes * 1e6), host, port)


def serve(
    method: str, weights: str | None, device: str, memory: int | None, most_bytes: int, host: str, port: int
) -> None:
    """Serve the page until SIGINT or SIGTERM, then delete all its files.

    Raises
    ------
    InputError
        The method or the weights are not available, or the port cannot be opened.
    """
    import signal
    import threading

    from benchmark.demo.folder import demo_folder
    from benchmark.demo.guard import LOOPBACK as OWN_NAMES
    from benchmark.demo.offers import offers
    from benchmark.demo.page import launch
    from benchmark.demo.service import Service
    from realdof.common.console import say, stderr

    if weights not in (None, "official", "synthetic"):
        weights = str(Path(weights).resolve())
    ended = threading.Event()
    with demo_folder() as folder:
        service = Service(folder, offers(method, weights), device, memory)
        page = launch(service, host, port, most_bytes)
        # SIGTERM, which a service manager sends, ends the demo like Ctrl-C.
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
        if host not in OWN_NAMES:
            say(
                "every machine that reaches this one can use the demo, without a password",
                before="warning:", style="yellow", console=stderr,
            )  # fmt: skip
        say(f"{page.local_url} (Ctrl-C ends it)", before="the demo is at")
        try:
            ended.wait()
        except KeyboardInterrupt as error:
            raise Stopped("the demo has ended and kept nothing") from error
        finally:
            page.close(verbose=False)
