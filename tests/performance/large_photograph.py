"""Peak memory and time of deblurring a large photograph, from the read to the written file: run it, no test does.

python tests/performance/large_photograph.py [--megapixels 61] [--memory 2G] [--bands 6] [--threads 2] [--bits 16]

What `ifan deblur` does, with a photograph made for it. After every few bands an image of 1280x720 is computed
whole, so that whatever else the machine does weighs on both; the ratio is that of the times per pixel. With --bands
only the first so many bands are computed: the time per pixel is then that of the bands after the layers are filled.
"""

import argparse
import contextlib
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import skimage.data
import torch

from benchmark.bands.budget import bytes_of
from benchmark.bands.graph import Plan
from benchmark.method import Context
from benchmark.running.memory import PeakMemory
from ifan.method import IFANMethod
from ifan.photographs.deblurring import deblur_pixels
from ifan.photographs.files import Photograph, read_photograph, write_photograph
from ifan.variants import VARIANTS
from realdof.images.depth import image_from_pixels

SIZES = {12: (2832, 4240), 24: (4000, 6000), 61: (6336, 9504)}
SMALL = (720, 1280)
REACH = 512
"""Rows that are read before the first one is finished; rounded up."""
TURNS = 8
"""How often the small image is computed."""


class Enough(Exception):
    """So many bands are done."""


def filled(height: int, width: int) -> np.ndarray:
    """A photograph that comes with scikit-image, repeated to fill the size."""
    coffee = skimage.data.coffee()
    repeats = (-(-height // coffee.shape[0]), -(-width // coffee.shape[1]), 1)
    return np.ascontiguousarray(np.tile(coffee, repeats)[:height, :width])


def main() -> None:
    """Print seconds and the peak of the resident set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=int, choices=SIZES, default=61)
    parser.add_argument("--memory", default="2G")
    parser.add_argument("--bands", type=int)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bits", type=int, choices=(8, 16), default=16)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    height, width = SIZES[options.megapixels]
    method, small = IFANMethod.of(VARIANTS["ifan"], "synthetic"), image_from_pixels(filled(*SMALL))
    plans: list[Plan] = []
    apart: list[float] = []
    steady: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path, made = Path(folder) / "large.tiff", filled(height, width)
        write_photograph(path, Photograph(made if options.bits == 8 else made.astype(np.uint16) * 257))
        del made
        peak, start = PeakMemory(), time.perf_counter()

        def report(done: int, total: int) -> None:
            if done >= -(-REACH // plans[0].band):
                steady.append(time.perf_counter() - sum(apart))
            if options.bands and done >= options.bands:
                raise Enough
            if done % max(1, (options.bands or total) // TURNS) == 0:
                begin = time.perf_counter()
                method.compute([small])
                apart.append(time.perf_counter() - begin)

        photograph = read_photograph(path)
        pixels, finished = photograph.pixels, False
        with contextlib.suppress(Enough):
            context = Context(memory=bytes_of(options.memory), progress=report)
            pixels = deblur_pixels(method, pixels, context=context, announce=plans.append).pixels
            finished = True
        write_photograph(Path(folder) / "result.tiff", photograph.with_pixels(pixels))
        seconds = time.perf_counter() - start - sum(apart)
    plan = plans[0]
    rows, spent = (height, seconds) if finished else ((len(steady) - 1) * plan.band, steady[-1] - steady[0])
    ours, whole = spent / (rows * width), statistics.median(apart) / (SMALL[0] * SMALL[1])
    print(f"{plan.count} bands of {plan.band} rows, {plan.bytes / 1e9:.2f} GB of buffers")
    print(f"{rows} rows in {spent:.0f} s; peak of the resident set {(peak.bytes() or 0) / 1e9:.2f} GB")
    print(f"{1e6 * ours:.3f} s a megapixel, 1280x720 whole {1e6 * whole:.3f}: ratio {ours / whole:.2f}")


if __name__ == "__main__":
    main()
