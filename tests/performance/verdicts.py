"""How often a good scene is rejected and a wrong pair accepted; prints Markdown tables.

Good: scenes that `realdof simulate` makes, built from their four raw files. Their rigs are drawn by the scene's number;
the seed gives other scenes. Wrong or degenerate: the five kinds of tests/realdof/wrong_pairs.py, which hand two
photographs of 594x396 px straight to the alignment.

Run it: python tests/performance/verdicts.py [--small 198] [--full 2] [--wrong 20] [--processes 2]

Standard error has a line for each. A full-size scene takes more than a minute of one core, 490 MB of disk and 3 GB.
"""

import argparse
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "realdof"))

from captured_scenes import build
from wrong_pairs import KINDS

from realdof.alignment.estimate import AlignmentSettings, estimate_homography
from realdof.alignment.verdict import Verdict
from realdof.simulation.parameters import Simulation
from realdof.simulation.simulate import simulate_scene

Size = Literal["small", "full"]
HEIGHT, WIDTH = 396, 594
VERDICTS: tuple[Verdict, ...] = ("accepted", "doubtful", "rejected")


@dataclass(frozen=True)
class Judged:
    """A verdict on a scene or pair; ``error`` is the true corner error in px, ``None`` where none is defined."""

    group: str
    name: str
    verdict: Verdict
    reason: str
    error: float | None = None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=198, help="scenes of 1600x1064 raw pixels")
    parser.add_argument("--full", type=int, default=2, help="scenes of 9600x6376 raw pixels")
    parser.add_argument("--wrong", type=int, default=20, help="pairs of each wrong kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    with ProcessPoolExecutor(arguments.processes, mp_context=get_context("spawn")) as pool:
        wrong = [pool.submit(judge_pair, kind, seed) for seed in range(arguments.wrong) for kind in KINDS]
        counts: dict[Size, int] = {"small": arguments.small, "full": arguments.full}
        good = [
            pool.submit(judge_scene, size, arguments.seed, number)
            for size, count in counts.items()
            for number in range(1, count + 1)
        ]
        pairs = [_told(future.result()) for future in wrong]
        scenes = [_told(future.result()) for future in good]
    print(_table("good scenes", scenes))
    print(_table("wrong or degenerate pairs", pairs))
    rejected = sum(scene.verdict == "rejected" for scene in scenes)
    accepted = sum(pair.verdict == "accepted" for pair in pairs)
    print(f"{rejected} of {len(scenes)} good scenes rejected, {accepted} of {len(pairs)} wrong pairs accepted")


def judge_scene(size: Size, seed: int, number: int) -> Judged:
    """Simulate a scene, build it, and forget its files."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        scene = Path(folder) / f"{number:03d}"
        simulate_scene(scene, Simulation(size=size, seed=seed), number, "textured")
        found = build(scene, 4)
    return Judged(f"simulated, {size}", str(number), found.scene.verdict, found.reason, found.corner_error)


def judge_pair(kind: str, seed: int) -> Judged:
    """Align a wrong pair; what is accepted is accepted wrongly."""
    cv2.setNumThreads(1)
    reference, moving = KINDS[kind](seed, HEIGHT, WIDTH)
    found = estimate_homography(reference, moving, AlignmentSettings())
    return Judged(kind, str(seed), found.verdict, found.reason)


def _told(judged: Judged) -> Judged:
    error = "" if judged.error is None else f"off by {judged.error:.4f} px, "
    print(f"{judged.group} {judged.name}: {error}{judged.verdict}, {judged.reason}", file=sys.stderr, flush=True)
    return judged


def _table(title: str, judged: list[Judged]) -> str:
    lines = [f"| {title} | n | {' | '.join(VERDICTS)} | corner error, px: median | largest |", "|" + " --- |" * 7]
    for group in dict.fromkeys(one.group for one in judged):
        members = [one for one in judged if one.group == group]
        counts = Counter(one.verdict for one in members)
        errors = [one.error for one in members if one.error is not None]
        spread = f"{np.median(errors):.4f} | {max(errors):.4f}" if errors else "- | -"
        lines.append(f"| {group} | {len(members)} | {' | '.join(str(counts[v]) for v in VERDICTS)} | {spread} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
