"""The pieces of the suite: where each is, and how long it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from tests.performance.suite.measurement import HEAD, Line, as_json, from_json

PREFIX = "line: "
"""Begins what a piece's process has found; its other output is passed on."""


@dataclass(frozen=True)
class Piece:
    """A piece: its module, and about how many seconds it takes on two cores, quickly and in full."""

    module: str
    seconds: tuple[float, float]


PIECES = {
    "networks": Piece("networks", (10, 60)),
    "scores": Piece("against.scores", (10, 100)),
    "evaluator": Piece("against.evaluator", (30, 110)),
    "alignment": Piece("against.alignment", (15, 70)),
    "deconvolution": Piece("against.deconvolution", (15, 155)),
    "developing": Piece("against.developing", (10, 65)),
    "end-to-end": Piece("against.end_to_end", (60, 150)),
    "starts": Piece("growing.starts", (10, 20)),
    "records": Piece("growing.records", (10, 80)),
    "workers": Piece("growing.workers", (40, 75)),
    "cluster": Piece("cluster.table", (40, 140)),
    "sizes": Piece("growing.sizes", (30, 470)),
}
GPU = "gpu"
ALL = {**PIECES, GPU: Piece("gpu", (30, 120))}


def head_of(name: str) -> tuple[str, ...]:
    """The columns of a piece's table."""
    return getattr(_module(name), "HEAD", HEAD)


def measured(name: str, *, quick: bool, device: str | None = None) -> Iterator[Line]:
    """Measure a piece in a process of its own, so that none sees another's memory, threads or failure.

    Raises
    ------
    ChildProcessError
        The process failed; it has said why.
    """
    words = [sys.executable, "-m", __name__, json.dumps({"name": name, "quick": quick, "device": device})]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for text in process.stdout:
            if text.startswith(PREFIX):
                yield from_json(json.loads(text.removeprefix(PREFIX)))
            else:
                print(text, end="", flush=True)
    if process.returncode:
        raise ChildProcessError(f"{name} ended with status {process.returncode}")


def main() -> None:
    """Measure the piece named on the command line, and print every line as JSON."""
    from realdof.common.machine.threads import settle_threads

    # As the commands do, before torch is loaded.
    settle_threads()
    given: dict[str, Any] = json.loads(sys.argv[1])
    where = {"device": given["device"]} if given["name"] == GPU else {}
    for line in _module(given["name"]).measure(given["quick"], **where):
        print(PREFIX + json.dumps(as_json(line)), flush=True)


def _module(name: str) -> Any:
    return import_module(f"tests.performance.suite.{ALL[name].module}")


if __name__ == "__main__":
    main()
