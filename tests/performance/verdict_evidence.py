"""What the verdict on an alignment rests on, in right and in wrong pairs; prints a Markdown table of the extremes.

Right pairs: 300 to 6000 leaves, noise of 0.3 to 3 %, up to 2 degrees and 3 % of the width, gains of 0.7 to 1.4.
Wrong ones are those of tests/realdof/wrong_pairs.py. realdof/alignment/verdict.py sets its limits between them.

Run it: python tests/performance/verdict_evidence.py [--right 20] [--wrong 5] [--height 396] [--width 594]
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "realdof"))

from view_pairs import view_pair
from wrong_pairs import KINDS, Pair

from realdof.alignment import estimate, verdict
from realdof.alignment.estimate import AlignmentSettings, estimate_homography
from realdof.alignment.verdict import Evidence, Verdict

Row = tuple[float, float, float, float, float, float, float]
HEADINGS = (
    "detail correlation",
    "agreement",
    "repetition",
    "tiles that match",
    "overlap",
    "worst tile, standard errors",
    "shake",
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--right", type=int, default=20)
    parser.add_argument("--wrong", type=int, default=5)
    parser.add_argument("--height", type=int, default=396)
    parser.add_argument("--width", type=int, default=594)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    size = arguments.height, arguments.width
    print(f"| pairs | {' | '.join(HEADINGS)} |\n" + "| --- " * (len(HEADINGS) + 1) + "|")
    _print("right", [_row(_right(seed, *size)) for seed in range(arguments.right)])
    for kind, make in KINDS.items():
        _print(kind, [_row(make(100 + seed, *size)) for seed in range(arguments.wrong)])


def _right(seed: int, height: int, width: int) -> Pair:
    rng = np.random.default_rng(seed)
    pair = view_pair(
        seed,
        height,
        width,
        leaves=int(rng.choice([300, 1000, 6000])),
        noise=float(rng.choice([0.003, 0.01, 0.03])),
        gain=float(rng.uniform(0.7, 1.4)),
        shift=0.03 * width,
        perspective=0.003 * width,
    )
    return pair.reference, pair.moving


def _row(pair: Pair) -> Row:
    """The evidence that the pair was judged by."""
    seen: list[Evidence] = []

    def watched(evidence: Evidence) -> tuple[Verdict, str]:
        seen.append(evidence)
        return verdict.judge(evidence)

    estimate.judge = watched  # type: ignore[attr-defined]
    try:
        estimate_homography(*pair, AlignmentSettings())
    finally:
        estimate.judge = verdict.judge  # type: ignore[attr-defined]
    (evidence,) = seen
    tiles = evidence.tiles
    textured = tiles.textured
    off = np.linalg.norm(tiles.shifts - evidence.model.at(tiles.centres), axis=-1) / np.hypot(
        tiles.standard_error, 0.02
    )
    return (
        evidence.detail_correlation,
        evidence.agreement,
        evidence.repetition,
        float(tiles.matched.sum() / max(1, textured.sum())),
        float(tiles.within.mean()),
        float(off[textured].max(initial=0)),
        evidence.shake,
    )


def _print(name: str, rows: list[Row]) -> None:
    values = np.array(rows)
    ranges = zip(values.min(axis=0), values.max(axis=0), strict=True)
    print(f"| {name} ({len(rows)}) | {' | '.join(f'{low:.3g} - {high:.3g}' for low, high in ranges)} |", flush=True)


if __name__ == "__main__":
    main()
