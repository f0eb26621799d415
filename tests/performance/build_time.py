"""Building simulated scenes as we do by default and as the authors' lab did, in one run.

Run it: python tests/performance/build_time.py FOLDER [--scenes 8] [--size full] [--workers 2]

FOLDER takes the captures (half a gigabyte a scene at full size), which a later run finds there, and the data sets.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from realdof.dataset.manifest import Manifest, read_manifest
from realdof.geometry.grid import Grid, corner_distance
from realdof.simulation.truth import read_truth

_BUILDS = {
    "default": (),
    "authors' setting": ("--recipe", "paper", "--ecc-iterations", "300", "--ecc-epsilon", "-1"),
}


@dataclass(frozen=True)
class Cost:
    """Seconds of wall and CPU, and the largest resident set of any process, MiB."""

    wall: float
    cpu: float
    peak: float


def main() -> None:
    """Print what a scene costs by each setting, how exact it is, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scenes", type=int, default=8)
    parser.add_argument("--size", choices=("full", "small"), default="full")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    captures = arguments.folder / f"captures-{arguments.size}-{arguments.scenes}"
    if not captures.is_dir():
        run("simulate", captures, "--scenes", arguments.scenes, "--size", arguments.size)
    costs = {}
    for name, options in _BUILDS.items():
        out = arguments.folder / f"built-{name.split()[0].strip(chr(39))}"
        shutil.rmtree(out, ignore_errors=True)
        costs[name] = cost = run("build", captures, out, "--workers", arguments.workers, *options)
        print(
            f"{name}: {cost.wall / arguments.scenes:.2f} s a scene wall, {cost.cpu / arguments.scenes:.2f} s CPU, "
            f"peak {cost.peak:.0f} MiB a process; {told(captures, read_manifest(out))}",
            flush=True,
        )
    ours, theirs = costs.values()
    print(f"authors' setting / default: {theirs.wall / ours.wall:.1f} by wall, {theirs.cpu / ours.cpu:.1f} by CPU")


def run(*words: object) -> Cost:
    """Run `realdof` and measure it; what it prints passes."""
    command = [sys.executable, "-c", "from realdof.cli import main; main()", *map(str, words)]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=sys.stderr)
    _, status, used = os.wait4(process.pid, 0)
    # 1: every scene was rejected, which the authors' exposure model may come to.
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        sys.exit(f"realdof {' '.join(map(str, words))} failed")
    # Linux counts in the processes that a process has waited for.
    return Cost(time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def told(captures: Path, manifest: Manifest) -> str:
    """Verdicts, and the errors of the scenes that were kept against the truth, in words."""
    corners, gains = [], []
    for scene in manifest.scenes:
        if scene.alignment is None or scene.photometry is None or scene.grid is None:
            continue
        truth = read_truth(captures / scene.name)
        homography, gain = np.array(truth.homography_a_to_b), np.array(truth.gain_b_over_a["target"])
        if scene.defocused_camera == "B":
            homography, gain = np.linalg.inv(homography), 1 / gain
        corners.append(corner_distance(scene.alignment.matrix, homography, Grid(*scene.grid)))
        # The true gain is one of light, and from the defocused camera to the other.
        if scene.photometry.domain == "linear-light":
            gains.append(np.abs(np.array(scene.photometry.gain) * gain - 1).max())
    counts = ", ".join(f"{count} {verdict}" for verdict, count in manifest.counts.items() if count)
    if corners:
        counts += f"; corner error {np.median(corners):.4f} px median, {max(corners):.4f} px at most"
    if gains:
        counts += f"; gain error {max(gains):.2%} at most"
    return counts


if __name__ == "__main__":
    main()
