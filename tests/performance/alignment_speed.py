"""The pyramid against the authors' 300 full iterations, in one run.

Run it: python tests/performance/alignment_speed.py [--threads N]
"""

import argparse
import sys
import time
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "realdof"))

from view_pairs import corner_error, view_pair

from realdof.alignment.estimate import AlignmentSettings, estimate_homography
from realdof.alignment.pyramid import LumaPair, climb

_AUTHORS = AlignmentSettings(ecc_iterations=300, ecc_epsilon=-1)


def main() -> None:
    """Time both on one pair, in wall and CPU seconds, and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2, help="of OpenCV")
    parser.add_argument("--height", type=int, default=1586)
    parser.add_argument("--width", type=int, default=2376)
    arguments = parser.parse_args()
    cv2.setNumThreads(arguments.threads)
    size = (arguments.height, arguments.width)
    pair = view_pair(1, *size, shift=24.0, degrees=0.5, gain=1.2)
    taken = {}
    for name, settings in (("pyramid", AlignmentSettings()), ("authors' setting", _AUTHORS)):
        wall, cpu = time.perf_counter(), time.process_time()
        found = estimate_homography(pair.reference, pair.moving, settings)
        taken[name] = (time.perf_counter() - wall, time.process_time() - cpu)
        error = corner_error(found.matrix, pair.homography, *size)
        print(
            f"{name}: {taken[name][0]:.2f} s wall, {taken[name][1]:.2f} s CPU, corner error {error:.4f} px, "
            f"{found.iterations} iterations, {found.verdict}",
            flush=True,
        )
    luma_pair = LumaPair.of(pair.reference, pair.moving).flipped
    wall, cpu = time.perf_counter(), time.process_time()
    climb(luma_pair, {"identity": np.eye(3)}, epsilon=1e-6)
    print(
        f"pyramid alone, from identity: {time.perf_counter() - wall:.2f} s wall, {time.process_time() - cpu:.2f} s CPU"
    )
    slow, fast = taken["authors' setting"], taken["pyramid"]
    print(f"authors' setting / pyramid: {slow[0] / fast[0]:.1f} by wall, {slow[1] / fast[1]:.1f} by CPU")


if __name__ == "__main__":
    main()
