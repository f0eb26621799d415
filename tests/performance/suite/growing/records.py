"""How the cost of a leaderboard grows with its records."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmark.leaderboards.build import build
from benchmark.leaderboards.render.formats import to_table
from benchmark.leaderboards.render.tables import to_markdown
from tests.performance.suite.measurement import Measurement, in_turns

RUNS = 50


def measure(quick: bool) -> Iterator[Measurement]:
    """A line a number of images: 50 runs each, from the folder to the text."""
    sys.path.insert(0, str(Path(__file__).parents[2] / "benchmark"))
    from tests.performance.leaderboard import fill

    for images in (2, 20) if quick else (2, 20, 200, 2000):
        with tempfile.TemporaryDirectory() as name:
            results = Path(name)
            fill(results, RUNS, images)
            files = [path for path in results.rglob("*") if path.is_file()]
            spent = in_turns(
                {
                    "floor": lambda files=files: [path.read_bytes() for path in files],
                    "ours": lambda results=results: to_markdown(to_table(build(results, "dpdd", "ifan-cvpr21"))),
                },
                3,
            )
        yield Measurement(
            "records", f"{RUNS * images:,} records of {RUNS} runs to a leaderboard", spent["ours"], None, spent["floor"],
            "floor: every file read",
        )  # fmt: skip
