"""How the cost of reading records, of leaderboards and of reports grows with the number of records."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from made_results import make_run

from benchmark.leaderboards.build import build
from benchmark.leaderboards.render.formats import to_csv, to_json, to_table
from benchmark.leaderboards.render.tables import to_html, to_latex, to_markdown
from benchmark.report.contents import collect
from benchmark.report.opening import opener
from benchmark.report.site import write_site
from benchmark.results.choice import every_run
from tests.performance.suite.measurement import Line, Measurement, Sentence, exponent, in_turns

MANY, FEW = 50, 5
DATASET, PROTOCOL = "dpdd", "ifan-cvpr21"
ALL, COMMAND = "leaderboard in all five formats", "`ifan-bench leaderboard`, the whole command"
NAMES = {"records": "records read", "board": "leaderboard", "report": "report without pictures"}


def fill(results: Path, runs: int, images: int) -> None:
    """Write the runs; records are written at once, not one by one as a run does, which syncs each to the disk."""
    random = np.random.default_rng(0)
    for number in range(runs):
        folder = make_run(results, f"method-{number:03d}", [25.0], total=images, count=images)
        lines = [
            json.dumps(
                {
                    "name": f"{image:05d}", "status": "ok", "seconds": 0.5, "peak_memory": 1, "error": None,
                    "scores": {
                        "psnr": random.normal(25, 2), "ssim": random.uniform(0.6, 0.9),
                        "mae": random.uniform(0.02, 0.06), "lpips": random.uniform(0.1, 0.4),
                    },
                }
            )
            for image in range(images)
        ]  # fmt: skip
        (folder.path / "records.jsonl").write_text("\n".join(lines) + "\n")


def measure(quick: bool) -> Iterator[Line]:
    """Lines of few runs on more and more images, then of many runs."""
    sizes = (10, 100) if quick else (10, 100, 1000, 10_000)
    growing: dict[str, list[Measurement]] = {name: [] for name in NAMES}
    for images in sizes:
        for name, line in _costs(FEW, images, f"{FEW} runs of {images:,} images", 2).items():
            growing[name].append(line)
            yield line
    for name, lines in growing.items():
        costs = [line.ours.quartiles[1] for line in lines]
        yield Sentence(
            "records",
            f"{NAMES[name].capitalize()}: from {sizes[-2]:,} to {sizes[-1]:,} images the time grows to the power of "
            f"{exponent(sizes[-2:], costs[-2:]):.2f}; over all sizes, start included, {exponent(sizes, costs):.2f}.",
        )
    for images in (2,) if quick else (200, 2000):
        yield from _costs(MANY, images, f"{MANY} runs of {images:,} images", 1 if images > 200 else 3).values()
    yield from _formats(MANY, 2 if quick else 200, 1 if quick else 3)


def _costs(runs: int, images: int, where: str, rounds: int) -> dict[str, Measurement]:
    with tempfile.TemporaryDirectory() as name:
        results, site = Path(name) / "results", Path(name) / "site"
        fill(results, runs, images)
        files = [path for path in results.rglob("*") if path.is_file()]
        forms: dict[str, Callable[[], object]] = {
            "floor": lambda: [path.read_bytes() for path in files],
            "records": lambda: [run.records() for run in every_run(results)],
            "board": lambda: to_markdown(to_table(build(results, DATASET, PROTOCOL))),
            "report": lambda: write_site(collect(results, opener([], None)), site, most=0),
        }
        spent = in_turns(forms, rounds)
        shutil.rmtree(site)
    return {
        one: Measurement(
            "records", f"{where}: {words}", spent[one], None, spent["floor"], "floor: every file read"
        )
        for one, words in NAMES.items()
    }  # fmt: skip


def _formats(runs: int, images: int, rounds: int) -> Iterator[Measurement]:
    """Every format at once, and the command with the start of Python and all imports."""
    with tempfile.TemporaryDirectory() as name:
        results = Path(name)
        fill(results, runs, images)
        program = str(Path(sys.executable).parent / "ifan-bench")
        words = [program, "leaderboard", "--dataset", DATASET, "--results", name, "--format", "markdown"]
        quiet = partial(subprocess.run, stdout=subprocess.DEVNULL, check=True)

        def every_format() -> None:
            board = build(results, DATASET, PROTOCOL)
            table = to_table(board)
            for text in (to_csv(board), to_json(board), *(f(table) for f in (to_markdown, to_latex, to_html))):
                assert text

        spent = in_turns({"floor": lambda: quiet([sys.executable, "-c", "pass"]), ALL: every_format,
                          COMMAND: lambda: quiet(words)}, rounds)  # fmt: skip
    what = f"{runs} runs of {images:,} images"
    yield Measurement("records", f"{what}: {ALL}", spent[ALL])
    yield Measurement("records", f"{what}: {COMMAND}", spent[COMMAND], None, spent["floor"], "floor: `python -c pass`")
