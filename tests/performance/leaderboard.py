"""How long a leaderboard of 10,000 records takes: python tests/performance/leaderboard.py

130 runs of 77 images, in a folder of its own; measured is everything from reading the folder to the text, intervals
included, then the command as a user gives it, with the start of Python and all imports.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmark"))

import numpy as np
from made_results import make_run

from benchmark.leaderboards.build import build
from benchmark.leaderboards.render.formats import to_csv, to_json, to_table
from benchmark.leaderboards.render.tables import to_html, to_latex, to_markdown

RUNS, IMAGES, ROUNDS = 130, 77, 3


def fill(results: Path, runs: int = RUNS, images: int = IMAGES) -> None:
    """Write the runs; records are written at once, not one by one as a run does, which syncs each to the disk."""
    random = np.random.default_rng(0)
    for number in range(runs):
        folder = make_run(results, f"method-{number:03d}", [25.0], total=images, count=images)
        lines = [
            json.dumps(
                {
                    "name": f"{image:03d}", "status": "ok", "seconds": 0.5, "peak_memory": 1, "error": None,
                    "scores": {
                        "psnr": random.normal(25, 2), "ssim": random.uniform(0.6, 0.9),
                        "mae": random.uniform(0.02, 0.06), "lpips": random.uniform(0.1, 0.4),
                    },
                }
            )
            for image in range(images)
        ]  # fmt: skip
        (folder.path / "records.jsonl").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Print seconds."""
    with tempfile.TemporaryDirectory() as name:
        results = Path(name)
        fill(results)
        for _ in range(ROUNDS):
            start, busy = time.perf_counter(), time.process_time()
            board = build(results, "dpdd", "ifan-cvpr21")
            table = to_table(board)
            sizes = [
                len(text)
                for text in (to_csv(board), to_json(board), *(f(table) for f in (to_markdown, to_latex, to_html)))
            ]
            print(
                f"{RUNS * IMAGES} records, all five formats ({sum(sizes) / 1e3:.0f} kB): "
                f"{time.perf_counter() - start:.2f} s, {time.process_time() - busy:.2f} s of CPU"
            )
        for _ in range(ROUNDS):
            start = time.perf_counter()
            program = Path(sys.executable).parent / "ifan-bench"
            line = [program, "leaderboard", "--dataset", "dpdd", "--results", results, "--format", "markdown"]
            subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
            print(f"ifan-bench leaderboard, the whole command: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
