"""What commands take that compute nothing, against Python's own start."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.performance.suite.measurement import Measurement, in_turns

LINES = ("ifan --help", "realdof --help", "ifan-bench --help", "ifan-bench methods", "ifan-bench datasets",
         "ifan-bench leaderboard --help", "ifan-bench leaderboard")  # fmt: skip


def measure(quick: bool) -> Iterator[Measurement]:
    """A line a command."""
    with tempfile.TemporaryDirectory() as folder:

        def run(words: list[str]) -> None:
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd=folder)

        here = Path(sys.executable).parent
        # For the leaderboard, which is of a run.
        run([str(here / "ifan-bench"), "run", "--method", "input", "--limit", "1"])
        forms = {"floor": partial(run, [sys.executable, "-c", "pass"])}
        for line in LINES:
            program, *words = line.split()
            forms[line] = partial(run, [str(here / program), *words])
        spent = in_turns(forms, 2 if quick else 5)
    for line in LINES:
        yield Measurement("starts", f"`{line}`", spent[line], None, spent["floor"], "floor: `python -c pass`")
