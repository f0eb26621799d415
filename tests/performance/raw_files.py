"""What developing and simulating full-size raw files cost: python tests/performance/raw_files.py FOLDER

Fetches the real A7R IV raw, develops it by LibRaw alone and by ``realdof.raw.develop``, and simulates one scene in
FOLDER, each in a process of its own. CPU time is compared, since the clock on the wall also shows what else runs.
"""

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import rawpy
from real_raw import fetch_real_raw

from realdof.raw.crop import crop
from realdof.raw.develop import develop
from realdof.simulation.parameters import Simulation
from realdof.simulation.simulate import simulate_captures


def develop_by_libraw(path: Path) -> None:
    with rawpy.imread(str(path)) as raw:
        raw.postprocess(use_camera_wb=True, output_bps=16)


def develop_by_us(path: Path) -> None:
    crop(develop(path))


def simulate(folder: Path) -> None:
    list(simulate_captures(folder, 1, Simulation()))


def cost(work: Callable[[], None]) -> tuple[float, float, float]:
    """CPU s, wall s and peak GB of a piece of work in a fresh process; imports count for the peak only."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_measured, (work,))


def _measured(work: Callable[[], None]) -> tuple[float, float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    # Linux counts in KiB.
    return cpu, wall, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def main() -> None:
    path = fetch_real_raw()
    libraw = cost(partial(develop_by_libraw, path))
    for name, figures in (
        ("LibRaw alone", libraw),
        ("develop", cost(partial(develop_by_us, path))),
        ("simulate a scene", cost(partial(simulate, Path(sys.argv[1])))),
    ):
        cpu, wall, peak = figures
        print(f"{name:18} {cpu:6.1f} CPU s ({cpu / libraw[0]:5.2f} x LibRaw)  {wall:6.1f} s  {peak:5.2f} GB")


if __name__ == "__main__":
    main()
