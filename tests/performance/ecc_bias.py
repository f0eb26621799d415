"""How far different blur, and borders made up by it, bias ECC in scale; prints a Markdown table.

A homography with a scale of 1.02 about the middle lies between two photographs of one scene. Each is blurred by a
Gaussian of its own after it was framed, so the blur reads pixels that are replicated beyond the border. Ours masks the
border; OpenCV's ECC, which the paper recipe's authors used (`--ecc-iterations 300 --ecc-epsilon -1`), does not.

Run it: python tests/performance/ecc_bias.py [--scenes 5] [--height 396] [--width 594]
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "realdof"))

from view_pairs import blurred_views

from realdof.alignment.estimate import AlignmentSettings, estimate_homography
from realdof.geometry.grid import Grid, corner_distance

BLURS = ((0.0, 0.0), (1.0, 1.0), (1.0, 2.0), (0.5, 3.0), (0.5, 6.0))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=5)
    parser.add_argument("--height", type=int, default=396)
    parser.add_argument("--width", type=int, default=594)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    grid = Grid(arguments.height, arguments.width)
    settings = {"ours": AlignmentSettings(), "OpenCV, 300 iterations": AlignmentSettings(300, -1.0)}
    print("| sigma of the blurs, px | ours: median | largest | OpenCV's: median | largest | scale of OpenCV's |")
    print("| --- | --- | --- | --- | --- | --- |")
    for sigmas in BLURS:
        errors: dict[str, list[float]] = {name: [] for name in settings}
        scales = []
        for seed in range(arguments.scenes):
            views = blurred_views(seed, grid, 1.02, sigmas)
            for name, setting in settings.items():
                found = estimate_homography(views.reference, views.moving, setting).matrix
                errors[name].append(corner_distance(found, views.homography, grid))
            scales.append(float(np.sqrt(np.linalg.det(found[:2, :2]))))
        figures = " | ".join(f"{np.median(values):.3f} | {max(values):.3f}" for values in errors.values())
        print(f"| {sigmas[0]:g} and {sigmas[1]:g} | {figures} | {np.median(scales):.5f} |", flush=True)


if __name__ == "__main__":
    main()
