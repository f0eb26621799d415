"""DPDD's test set at its size through `input` with all four metrics: python tests/performance/many_images.py

A fake DPDD (76 pairs, 16-bit PNG, 1680x1120, the real layout) is run by the command line, in one process with all
threads and with workers of one thread. Everything counts: starting, checking and hashing the set, reading, scoring,
writing. With --profile N it says instead where the time of N images goes, in one process.
"""

import argparse
import cProfile
import os
import pstats
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from baselines.identity import Input
from benchmark import registry
from benchmark.datasets.published.dpdd import DPDD
from benchmark.running import runner
from benchmark.running.task import prepare
from realdof.images.files import write_pixels
from realdof.images.resize import area_resize

DISTINCT = 4


def make_dpdd(root: Path) -> Path:
    """Pairs with DPDD's names: a photograph, and the same out of focus with noise; every fourth picture repeats."""
    random = np.random.default_rng(0)
    small = area_resize(skimage.data.astronaut(), 280, 420).astype(np.float32) * 257
    photograph = np.tile(small, (4, 4, 1))
    frames = [917 + 20 * number for number in range(76)]
    for number, frame in enumerate(frames[:DISTINCT]):
        target = np.roll(photograph, 37 * number, axis=1)
        blurred = cv2.GaussianBlur(target, (0, 0), 1.5) + random.normal(0, 400, target.shape)
        for path, pixels in zip(pair(root, frame), (blurred, target), strict=True):
            write_pixels(path, np.clip(pixels, 0, 65535).astype(np.uint16))
    for number, frame in enumerate(frames[DISTINCT:]):
        for path, first in zip(pair(root, frame), pair(root, frames[number % DISTINCT]), strict=True):
            path.hardlink_to(first)
    return root


def pair(root: Path, frame: int) -> tuple[Path, Path]:
    """Where source and target of a scene lie."""
    return root / f"test_c/source/1P0A{frame:04d}.png", root / f"test_c/target/1P0A{frame + 1:04d}.png"


def cost(root: Path, results: Path, limit: int, *options: str) -> tuple[float, float]:
    """Seconds of the command line, from its start to its end, and seconds of CPU."""
    words = [
        Path(sys.executable).parent / "ifan-bench", "run", "--method", "input", "--dataset", "dpdd", "--root", root,
        "--results", results, *([] if limit == 76 else ["--limit", limit]), *options,
    ]  # fmt: skip
    start, busy = time.perf_counter(), sum(os.times()[2:4])
    subprocess.run(list(map(str, words)), check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start, sum(os.times()[2:4]) - busy


def main() -> None:
    """Print seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=76)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--profile", type=int, metavar="N")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root, results = make_dpdd(Path(name) / "DPDD"), Path(name) / "results"
        if given.profile:
            task = prepare(DPDD(root), registry.protocol("ifan-cvpr21"), None, given.profile)
            with cProfile.Profile() as profile:
                runner.run(task, Input, results)
            pstats.Stats(profile).sort_stats("tottime").print_stats(16)
            return
        for title, options in (
            (f"{given.workers} workers of one thread", ("--workers", str(given.workers))),
            (f"one process, {os.cpu_count()} processors", ()),
        ):
            taken, busy = cost(root, results, given.images, "--again", *options)
            print(f"{given.images} images, four metrics, {title}: {taken:.1f} s, {busy:.1f} s of CPU", flush=True)


if __name__ == "__main__":
    main()
