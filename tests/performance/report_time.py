"""CPU seconds that the flip and the displacement map add to a scene of a report, and their sizes.

Run it: python tests/performance/report_time.py [--height 1586] [--width 2376] [--repeats 5]
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "realdof"))

from view_pairs import view_pair

from realdof.alignment.displacement import ShiftVector
from realdof.alignment.tiles import TILE
from realdof.dataset.report.displacement import shift_map
from realdof.dataset.report.flip import flip
from realdof.images.depth import sixteen_bits


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--height", type=int, default=1586)
    parser.add_argument("--width", type=int, default=2376)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    height, width = arguments.height, arguments.width
    sharp = view_pair(0, height, width, finer=1, leaves=2000).reference
    source, target = sixteen_bits(cv2.GaussianBlur(sharp, (0, 0), 4)), sixteen_bits(sharp)
    rng = np.random.default_rng(0)
    field = [
        ShiftVector(x, y, *rng.normal(0, 0.02, 2).tolist())
        for y in range(TILE // 2, height - TILE // 2, TILE)
        for x in range(TILE // 2, width - TILE // 2, TILE)
    ]
    drawn = shift_map(target, field)
    assert drawn is not None
    print("| 1 thread | CPU, s | size, kB |\n| --- | --- | --- |")
    for name, work, picture in (
        ("flip", lambda: flip(source, target), flip(source, target)),
        ("displacement map", lambda: shift_map(target, field), drawn.picture),
    ):
        print(f"| {name} | {_median(work, arguments.repeats):.2f} | {len(picture) / 1000:.0f} |")


def _median(work: Callable[[], object], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return float(np.median(seconds))


if __name__ == "__main__":
    main()
