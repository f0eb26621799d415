"""Corner error of the alignment on simulated pairs with known homographies; prints a Markdown table.

Rotations to 2 degrees, shifts to 80 px, perspective, half of them mirrored, gain 0.7 to 1.4, noise; then larger
displacements, and pairs that must be refused. Run it: python tests/performance/alignment_accuracy.py
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "realdof"))

from view_pairs import ViewPair, corner_error, view_pair

from realdof.alignment import AlignmentSettings, estimate_homography

_COLUMNS = (
    "pair",
    "gain",
    "noise",
    "discs",
    "corner error, px",
    "estimated, px",
    "detail correlation",
    "start",
    "CPU, s",
    "verdict",
)
_HARD = {
    "156 px": {"degrees": 2.0, "shift": 156.0},
    "10 degrees": {"degrees": 10.0, "shift": 40.0},
    "156 px, 10 degrees": {"degrees": 10.0, "shift": 156.0},
    "sky": {"content": "sky", "leaves": 0},
    "sky, few birds": {"content": "sky", "leaves": 20},
    "another scene": {"other_scene": True},
    "another scene, smooth": {"other_scene": True, "leaves": 300},
}


def main() -> None:
    """Align every pair and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=20)
    parser.add_argument("--height", type=int, default=1586)
    parser.add_argument("--width", type=int, default=2376)
    arguments = parser.parse_args()
    size = (arguments.height, arguments.width)
    print(f"| {' | '.join(_COLUMNS)} |\n|{' --- |' * len(_COLUMNS)}")
    errors = []
    for seed in range(arguments.scenes):
        rng = np.random.default_rng(1000 + seed)
        gain, noise = float(rng.uniform(0.7, 1.4)), float(rng.choice([0.003, 0.01, 0.03]))
        discs, mirrored = int(rng.choice([0, 1000, 10_000, 40_000])), bool(seed % 2)
        pair = view_pair(seed, *size, gain=gain, noise=noise, leaves=discs, mirrored=mirrored)
        errors.append(_row(f"{seed}{', mirrored' if mirrored else ''}", f"{gain:.2f} | {noise} | {discs}", pair))
    for name, options in _HARD.items():
        for seed in range(2):
            pair = view_pair(100 + seed, *size, **options)
            _row(name, f"1 | 0.005 | {options.get('leaves', 20_000)}", pair)
    print(f"\n{len(errors)} scenes: median {np.median(errors):.4f} px, largest {max(errors):.4f} px")


def _row(name: str, columns: str, pair: ViewPair) -> float:
    began = time.process_time()
    found = estimate_homography(pair.reference, pair.moving, AlignmentSettings())
    taken = time.process_time() - began
    error = corner_error(found.matrix, pair.homography, *pair.reference.shape[:2])
    estimated = "-" if found.estimated_error is None else f"{found.estimated_error:.3f}"
    print(
        f"| {name} | {columns} | {error:.4f} | {estimated} | {found.detail_correlation:.4f} | "
        f"{found.start} | {taken:.1f} | {found.verdict} |",
        flush=True,
    )
    return error


if __name__ == "__main__":
    main()
