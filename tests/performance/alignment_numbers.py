"""What halving and doubling each free number of the alignment does; prints a Markdown table.

Right pairs: textured and poor in texture, quiet and noisy, turned by 2 and 10 degrees, shifted by 3 % and 7 % of the
width. Wrong pairs: another scene, a flat wall, a repeated pattern, a moved object, motion blur.

Of a number just below or above 1, such as a correlation, the distance from 1 is halved and doubled.

Run it: python tests/performance/alignment_numbers.py [--height 396] [--width 594] [--only detail verdict.SHOOK ...]
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "realdof"))

from view_pairs import ViewPair, corner_error, view_pair
from wrong_pairs import KINDS, Pair

from realdof.alignment import detail, displacement, ecc, estimate, pyramid, sharpness, starts, tiles, verdict
from realdof.alignment.estimate import AlignmentSettings, estimate_homography

NUMBERS: tuple[tuple[ModuleType, str], ...] = (
    (starts, "_FEATURES"),
    (starts, "_REPROJECTION_PX"),
    (starts, "_RADII"),
    (starts, "_ANGLES"),
    (starts, "_RATIO"),
    (starts, "_ITERATIONS"),
    (starts, "_LARGEST_SCALE"),
    (pyramid, "_SCHEDULE"),
    (pyramid, "_SMALLEST_SIDE"),
    (pyramid, "_SMOOTHING"),
    (pyramid, "_COARSEST_BAND_PASSED"),
    (ecc, "_SMALLEST_OVERLAP"),
    (estimate, "_COARSE_WIDTH"),
    (estimate, "_FEWEST_INLIERS"),
    (estimate, "_CLEAR_MAJORITY"),
    (estimate, "_FALL_BACK_MARGIN"),
    (detail, "_FINE_SCALE"),
    (detail, "_COARSE_SCALE"),
    (detail, "_OWN_DETAIL"),
    (detail, "_SMALLEST_OVERLAP"),
    (tiles, "TILE"),
    (tiles, "_MANY_TILES"),
    (tiles, "_LARGEST_STANDARD_ERROR"),
    (tiles, "_SMALLEST_EXPECTED_PEAK"),
    (tiles, "_SMALLEST_SHARE_OF_PEAK"),
    (displacement, "_PEAK_ERROR"),
    (sharpness, "_REFINEMENTS"),
    (verdict, "_SMALLEST_CORRELATION"),
    (verdict, "_PERIODIC"),
    (verdict, "_SMALLEST_MATCHED_SHARE"),
    (verdict, "_SMALLEST_OVERLAP"),
    (verdict, "_ACCEPTED_ERROR"),
    (verdict, "_DOUBTFUL_ERROR"),
    (verdict, "_MOVED_PX"),
    (verdict, "_MOVED_ERRORS"),
    (verdict, "_EXACT"),
    (verdict, "_CLEAR_TEXTURE"),
    (verdict, "_MOVED_SHARE"),
    (verdict, "_SHOOK"),
    (verdict, "_EQUALLY_SHARP"),
)
NEAR_ONE = {"_SMALLEST_CORRELATION", "_PERIODIC", "_CLEAR_TEXTURE", "_SHOOK", "_EQUALLY_SHARP", "_RATIO"}
RIGHT: tuple[dict[str, float], ...] = (
    {"seed": 1, "leaves": 6000, "noise": 0.005},
    {"seed": 2, "leaves": 300, "noise": 0.03, "gain": 0.7},
    {"seed": 3, "leaves": 2000, "noise": 0.01, "degrees": 10.0, "shift": 40.0, "gain": 1.4},
    {"seed": 4, "leaves": 6000, "noise": 0.03},
)
WRONG = tuple(KINDS)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--height", type=int, default=396)
    parser.add_argument("--width", type=int, default=594)
    parser.add_argument("--only", nargs="+", default=[""], help="Numbers whose name begins so.")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    size = arguments.height, arguments.width
    right = [
        view_pair(**({"height": size[0], "width": size[1], "shift": 20.0, "perspective": 3.0} | options))  # type: ignore[arg-type]
        for options in RIGHT
    ]
    wrong = [KINDS[kind](2, *size) for kind in WRONG]
    print("| number | value | corner error, px: largest | right accepted | wrong accepted |\n" + "| --- " * 5 + "|")
    print(f"| all | as they are | {_figures(right, wrong)} |", flush=True)
    for module, name in NUMBERS:
        place = f"{module.__name__.rpartition('.')[2]}.{name.strip('_')}"
        if not place.startswith(tuple(arguments.only)):
            continue
        for factor in (0.5, 2.0):
            with multiplied(module, name, factor) as value:
                print(f"| {place} | {value} | {_figures(right, wrong)} |", flush=True)


@contextmanager
def multiplied(module: ModuleType, name: str, factor: float) -> Iterator[object]:
    """Give a number of a module another value for a while: counts stay whole, shares at most 0.95."""
    before = getattr(module, name)
    if isinstance(before, dict):
        value: object = {key: max(1, round(factor * count)) for key, count in before.items()}
    elif name in NEAR_ONE:
        value = round(1 + factor * (before - 1), 6)
    elif isinstance(before, int):
        value = round(factor * before)
    else:
        value = min(factor * before, 0.95) if "SHARE" in name or "EXPECTED" in name else factor * before
    try:
        _give(module, name, value)
        yield value
    finally:
        _give(module, name, before)


def _give(module: ModuleType, name: str, value: object) -> None:
    setattr(module, name, value)
    if module is detail:
        detail._window.cache_clear()
        # They follow from the scales of the band-pass.
        detail.NOISE_ENERGY, detail.NOISE_GRADIENT = tiles.NOISE_ENERGY, tiles.NOISE_GRADIENT = detail._passed_noise()


def _figures(right: list[ViewPair], wrong: list[Pair]) -> str:
    found = [estimate_homography(pair.reference, pair.moving, AlignmentSettings()) for pair in right]
    errors = [
        corner_error(one.matrix, pair.homography, *pair.reference.shape[:2])
        for one, pair in zip(found, right, strict=True)
    ]
    kept = sum(one.verdict == "accepted" for one in found)
    slipped = sum(estimate_homography(*pair, AlignmentSettings()).verdict == "accepted" for pair in wrong)
    return f"{np.max(errors):.4f} | {kept} of {len(right)} | {slipped} of {len(wrong)}"


if __name__ == "__main__":
    main()
