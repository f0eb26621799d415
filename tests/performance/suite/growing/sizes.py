"""How the time and memory of `ifan deblur` grow with the photograph, as the command is given by a user."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import skimage.data
import torch

from ifan.photographs.files import Photograph, write_photograph
from tests.performance.ifan_inference import picture
from tests.performance.suite.measurement import Cells, Line, Sentence, exponent, in_turns, seconds
from tests.performance.suite.networks import convolutions, network

HEAD = ("photograph, 16 bits in and out", "floor", "us", "CPU", "s per megapixel", "floor / us", "peak memory")
SIZES = {
    0.25: (432, 576), 0.92: (720, 1280), 2: (1120, 1792), 4: (1600, 2560), 12: (2832, 4240), 24: (4000, 6000),
    61: (6336, 9504),
}  # fmt: skip
QUICK, ONCE = 1, 12
"""Megapixels up to which a size is measured quickly, and from which it is measured once only."""
TINY = (64, 64)
MEMORY = "2.2G"
"""With it the bands of a photograph of 61 megapixels have 32 rows."""
FLOOR = (720, 1280)


@dataclass(frozen=True)
class Cost:
    """Seconds of wall clock and CPU of a command, and its largest resident set, bytes."""

    wall: float
    cpu: float
    peak: int


def measure(quick: bool) -> Iterator[Line]:
    """A line a size, the smaller ones in turns, and the fitted exponents."""
    floor = Floor(*((64, 96) if quick else FLOOR))
    chosen = {size: shape for size, shape in SIZES.items() if not quick or size <= QUICK}
    rounds = 1 if quick else 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = median(deblur(folder, TINY).wall for _ in range(rounds))
        few = [shape for size, shape in chosen.items() if size < ONCE]
        found: dict[tuple[int, int], list[Cost]] = {shape: [] for shape in chosen.values()}
        for _ in range(rounds):
            for shape in few:
                found[shape].append(deblur(folder, shape))
            floor.measure()
        for shape in few:
            yield _cells(shape, found[shape], floor.per_megapixel, start)
        for size, shape in chosen.items():
            if size >= ONCE:
                found[shape].append(deblur(folder, shape))
                floor.measure()
                yield _cells(shape, found[shape], floor.per_megapixel, start)
    pixels = [height * width for height, width in found]
    times = [median(cost.wall for cost in costs) - start for costs in found.values()]
    peaks = [median(cost.peak for cost in costs) for costs in found.values()]
    yield Sentence(
        "sizes",
        f"Fitted over {pixels[0] / 1e6:.2g} to {pixels[-1] / 1e6:.2g} megapixels: time without the start grows with "
        f"the pixels to the power of {exponent(pixels, times):.2f}, the peak of the process to the power of "
        f"{exponent(pixels, peaks):.2f}. The command is `ifan deblur PHOTOGRAPH -o RESULT --memory {MEMORY}`; its "
        f"start, {seconds(start)} by a photograph of {TINY[1]}x{TINY[0]}, counts in the times and not per megapixel. "
        f"Floor: the network's convolutions alone at {FLOOR[1]}x{FLOOR[0]}, by the area. Sizes from {ONCE} megapixels "
        "on were measured once.",
    )


def _cells(shape: tuple[int, int], costs: list[Cost], least: float, start: float) -> Cells:
    megapixels = shape[0] * shape[1] / 1e6
    wall, cpu, peak = (median(values) for values in zip(*((one.wall, one.cpu, one.peak) for one in costs), strict=True))
    own = wall - start
    spread = f" ({seconds(min(one.wall for one in costs))} to {seconds(max(one.wall for one in costs))})"
    return Cells(
        "sizes",
        (
            f"{megapixels:.2g} MP ({shape[1]}x{shape[0]})",
            seconds(least * megapixels),
            seconds(wall) + (spread if len(costs) > 1 else ""),
            seconds(cpu),
            f"{own / megapixels:.3g}",
            f"{least * megapixels / own:.2f}",
            f"{peak / 1e9:.2f} GB",
        ),
    )


class Floor:
    """The network's convolutions alone, measured again and again between the commands."""

    def __init__(self, height: int, width: int) -> None:
        given = picture(height, width).contiguous(memory_format=torch.channels_last)
        self._run, self._megapixels = convolutions(network(), given), height * width / 1e6
        self._found: list[float] = []

    def measure(self) -> None:
        """Measure once, after a turn that does not count."""
        self._found += in_turns({"floor": self._run}, 1)["floor"].wall

    @property
    def per_megapixel(self) -> float:
        """Seconds, the median."""
        return median(self._found) / self._megapixels


def deblur(folder: Path, shape: tuple[int, int]) -> Cost:
    """What `ifan deblur` costs for a photograph made for it."""
    photograph, result = folder / f"{shape[1]}x{shape[0]}.tiff", folder / "result.tiff"
    if not photograph.exists():
        coffee = skimage.data.coffee()
        repeats = (-(-shape[0] // coffee.shape[0]), -(-shape[1] // coffee.shape[1]), 1)
        pixels = np.ascontiguousarray(np.tile(coffee, repeats)[: shape[0], : shape[1]])
        write_photograph(photograph, Photograph(pixels.astype(np.uint16) * 257))
    program = Path(sys.executable).parent / "ifan"
    words = [program, "deblur", photograph, "-o", result, "--memory", MEMORY, "--overwrite"]
    print(f"    {shape[1]}x{shape[0]}", file=sys.stderr, flush=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    before, start = used.ru_utime + used.ru_stime, time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, _peak_of(process.pid))
        time.sleep(0.02)
    wall = time.perf_counter() - start
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, ended.ru_utime + ended.ru_stime - before, peak)


def _peak_of(process: int) -> int:
    """Bytes. The system's own figure for a child that has ended counts what its parent held when it was started."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
