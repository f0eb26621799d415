"""How exactly pairs are aligned and matched in exposure, on scenes whose truth is known; prints Markdown tables.

Rotations to 2 degrees, shifts to 80 px, perspective, the beam splitter's mirror, gains of 0.7 to 1.4, noise; then
larger displacements, and pairs that must be refused. Run it: python tests/performance/alignment_accuracy.py FOLDER

--size views     pairs sampled straight onto the grid of 2376x1586, half of them mirrored; FOLDER is not used
--size half      four raw files of 4752x3172 a scene, through LibRaw, averaged over 2x2 px onto that grid: as many
                 electrons for each of its pixels as the real cameras have at F1.8, ISO 100, and F16, ISO 8000
--size full      four raw files of 9600x6376 a scene, 490 MB and about 50 s of one core

Raw files already in FOLDER are used again; those of another seed or size need another folder.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "realdof"))

from captured_scenes import Outcome, build
from view_pairs import corner_error, view_pair

from realdof.alignment.estimate import AlignmentSettings, estimate_homography
from realdof.geometry.grid import Grid
from realdof.simulation.parameters import SceneKind, Simulation
from realdof.simulation.rig import BODIES, Body, homography
from realdof.simulation.simulate import simulate_scene

HEIGHT, WIDTH = 1586, 2376
HALF = Body(Grid(2 * HEIGHT, 2 * WIDTH), (0, 0), Grid(2 * HEIGHT, 2 * WIDTH))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the raw files are put")
    parser.add_argument("--scenes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", choices=("views", "half", "full"), default="half")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    if arguments.size == "views":
        view_tables(arguments.scenes, arguments.seed)
    else:
        capture_tables(arguments.folder, arguments.scenes, arguments.seed, full=arguments.size == "full")


def capture_tables(folder: Path, scenes: int, seed: int, *, full: bool) -> None:
    body, reduction = (BODIES["full"], 4) if full else (HALF, 2)
    # Half as many pixels a side gather as many electrons for one of the grid at ISO 2000: F16's, after F3.6 at ISO 100.
    plain = Simulation(seed=seed, wide_f_number=1.8 if full else 3.6)
    large = homography(body.grid, (140 * body.grid.width / WIDTH, 69 * body.grid.width / WIDTH), 10.0)
    groups: dict[str, tuple[Simulation, int, SceneKind]] = {
        "plain": (plain, scenes, "textured"),
        "diffraction": (replace(plain, diffraction=True), 2, "textured"),
        "vignetting": (replace(plain, vignetting=True, wide_f_number=1.8), 2, "textured"),
        "156 px, 10 degrees": (replace(plain, homography=large.tolist()), 2, "textured"),
        "22 % clipped": (plain, 2, "clipped"),
        "sky": (plain, 2, "sky"),
        "wrong pair": (plain, 2, "wrong-pair"),
    }
    print("| scene | corner error, px | expected, px | gain error (R, G, B), % | verdict | reason |")
    print("| --- | --- | --- | --- | --- | --- |")
    summaries = []
    for group, (simulation, count, kind) in groups.items():
        name = group.split(",")[0].replace(" ", "-")
        outcomes = list(_captured(folder / name, simulation, count, kind, body, reduction))
        for number, outcome in enumerate(outcomes, start=1):
            print(f"| {group} {number} | {_figures(outcome)} |", flush=True)
        summaries.append(f"| {group} | {_summary(outcomes)} |")
    print("\n| scenes | n | corner error, px: median | largest | gain error, %: median | largest | verdicts |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    print("\n".join(summaries))


def _captured(
    folder: Path, simulation: Simulation, count: int, kind: SceneKind, body: Body, reduction: int
) -> Iterator[Outcome]:
    for number in range(1, count + 1):
        scene = folder / f"{number:03d}"
        # The truth is written last.
        if not (scene / "truth.json").exists():
            simulate_scene(scene, simulation, number, kind, body)
        yield build(scene, reduction)


def _figures(outcome: Outcome) -> str:
    expected = outcome.alignment.estimated_error
    columns = [
        "-" if outcome.corner_error is None else f"{outcome.corner_error:.4f}",
        "-" if expected is None else f"{expected:.3f}",
        ", ".join(f"{100 * error:+.2f}" for error in outcome.gain_errors) or "-",
        outcome.verdict,
        outcome.reason,
    ]
    return " | ".join(columns)


def _summary(outcomes: list[Outcome]) -> str:
    corners = [outcome.corner_error for outcome in outcomes if outcome.corner_error is not None]
    gains = [100 * max(map(abs, outcome.gain_errors)) for outcome in outcomes if outcome.gain_errors]
    return " | ".join(
        [str(len(outcomes)), _spread(corners, 4), _spread(gains, 2), _verdicts(o.verdict for o in outcomes)]
    )


def _spread(values: list[float], digits: int) -> str:
    return f"{np.median(values):.{digits}f} | {max(values):.{digits}f}" if values else "- | -"


def _verdicts(verdicts: Iterator[str]) -> str:
    given = list(verdicts)
    return ", ".join(f"{given.count(verdict)} {verdict}" for verdict in dict.fromkeys(given))


def view_tables(scenes: int, seed: int) -> None:
    groups = {"plain": [_drawn(seed + number) for number in range(scenes)]}
    hard: dict[str, dict[str, object]] = {
        "156 px": {"degrees": 2.0, "shift": 156.0},
        "10 degrees": {"degrees": 10.0, "shift": 40.0},
        "156 px, 10 degrees": {"degrees": 10.0, "shift": 156.0},
        "sky": {"content": "sky", "leaves": 0},
        "sky, few birds": {"content": "sky", "leaves": 20},
        "another scene": {"other_scene": True},
        "another scene, smooth": {"other_scene": True, "leaves": 300},
    }
    groups |= {name: [{"seed": seed + 100 + i, **options} for i in range(2)] for name, options in hard.items()}
    print("| pairs | n | corner error, px: median | largest | largest of an accepted one | verdicts |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, options_of_pairs in groups.items():
        errors, verdicts = [], []
        for options in options_of_pairs:
            pair = view_pair(height=HEIGHT, width=WIDTH, **options)  # type: ignore[arg-type]
            found = estimate_homography(pair.reference, pair.moving, AlignmentSettings())
            errors.append(corner_error(found.matrix, pair.homography, HEIGHT, WIDTH))
            verdicts.append(found.verdict)
        accepted = [error for error, verdict in zip(errors, verdicts, strict=True) if verdict == "accepted"]
        largest = f"{max(accepted):.4f}" if accepted else "-"
        print(
            f"| {name} | {len(errors)} | {_spread(errors, 4)} | {largest} | {_verdicts(iter(verdicts))} |", flush=True
        )


def _drawn(seed: int) -> dict[str, object]:
    rng = np.random.default_rng(1000 + seed)
    return {
        "seed": seed,
        "gain": float(rng.uniform(0.7, 1.4)),
        "noise": float(rng.choice([0.003, 0.01, 0.03])),
        "leaves": int(rng.choice([0, 1000, 10_000, 40_000])),
        "mirrored": bool(seed % 2),
    }


if __name__ == "__main__":
    main()
