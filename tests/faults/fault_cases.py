"""How a case of a fault is run: the host process, the commands that it is asked for, and what came of one."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
FULL = os.environ.get("IFAN_BENCH_HOSTILE") == "full"
COUNTS: Counter[str] = Counter()
"""Faults that were tried, by kind."""
SEED = int(os.environ.get("IFAN_BENCH_HOSTILE_SEED", "16"))


@dataclass(frozen=True)
class Ended:
    """How a command ended: its status, what it printed, how many calls were counted, and how long it took."""

    status: int
    said: str
    calls: int
    seconds: float
    hung: bool

    @property
    def refusals(self) -> list[str]:
        """The sentences that begin with ``error:``."""
        return [line for line in self.said.splitlines() if line.startswith("error:")]


@dataclass(frozen=True)
class Fault:
    """What goes wrong: the n-th call of a kind, with an error of the system or a death of the process."""

    at: int
    manner: str
    kind: str = "changes"
    error: int = 0


@dataclass
class Host:
    """The process that all cases are children of, and the folder that it keeps what they print in."""

    folder: Path
    process: "subprocess.Popen[str]"
    asked: int = 0

    def __call__(
        self,
        folder: Path,
        words: list[str],
        fault: Fault | None = None,
        signals: list[tuple[int, float]] | None = None,
        before: tuple[Path, ...] = (),
        **more: Any,
    ) -> Ended:
        """Run a command whose folder is watched."""
        return self.together(self.request(folder, words, fault, signals, before, **more))[0]

    def request(
        self,
        folder: Path,
        words: list[str],
        fault: Fault | None = None,
        signals: list[tuple[int, float]] | None = None,
        before: tuple[Path, ...] = (),
        **more: Any,
    ) -> dict[str, Any]:
        """What the host is sent of a command."""
        self.asked += 1
        return {
            "folder": str(folder), "words": words, "log": str(self.folder / f"said-{self.asked % 8}"),
            "fault": None if fault is None else vars(fault), "signals": signals or [],
            "before": [str(module) for module in before],
            "environment": {"IFAN_BENCH_CACHE": str(folder / "cache")}, **more,
        }  # fmt: skip

    def together(self, first: dict[str, Any], *beside: dict[str, Any]) -> list[Ended]:
        """Run commands at the same time; the counted calls are of them all."""
        request = {**first, "beside": list(beside)}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return [Ended(**one) for one in json.loads(self.process.stdout.readline())]


@cache
def preload(folder: Path) -> Path:
    """The library that counts calls, compiled."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not sys.platform.startswith("linux") or (compiler is None and not os.environ.get("CI")):
        pytest.skip("faults are injected by a library that is compiled for Linux: apt-get install gcc libc6-dev")
    assert compiler, "CI installs a compiler"
    made = folder / "preload.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", made, HERE / "preload.c", "-ldl"], check=True)
    return made


def started(folder: Path) -> Host:
    """Start the host; it is ready when it has imported everything."""
    environment = {
        **os.environ, "LD_PRELOAD": str(preload(folder)), "OMP_NUM_THREADS": "1", "COLUMNS": "500",
        "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    command = [sys.executable, str(HERE / "host.py")]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return Host(folder, process)
