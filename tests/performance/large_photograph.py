"""Peak memory of deblurring a photograph of 61 MP (9504x6336): run it, no test does.

python tests/performance/large_photograph.py [--memory 2.5] [--overlap 128] [--tiles 3] [--bits 16]

What `ifan deblur` does from the read to the written file, with a photograph made for it. With --tiles only the first so
many tiles are computed, each as in the whole; the peak of one is the peak of all.
"""

import argparse
import contextlib
import tempfile
import time
from pathlib import Path

import numpy as np
import skimage.data

from benchmark.method import Context
from benchmark.running.memory import PeakMemory
from benchmark.tiling import Tiling
from ifan.method import IFANMethod
from ifan.photographs.deblurring import deblur_pixels
from ifan.photographs.files import Photograph, read_photograph, write_photograph
from ifan.variants import VARIANTS

HEIGHT, WIDTH = 6336, 9504


class Enough(Exception):
    """So many tiles are done."""


def main() -> None:
    """Print seconds and the peak of the resident set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", type=float, default=2.5)
    parser.add_argument("--overlap", type=int, default=128)
    parser.add_argument("--tiles", type=int)
    parser.add_argument("--bits", type=int, choices=(8, 16), default=16)
    options = parser.parse_args()
    coffee = skimage.data.coffee()
    repeats = (-(-HEIGHT // coffee.shape[0]), -(-WIDTH // coffee.shape[1]), 1)
    made = np.ascontiguousarray(np.tile(coffee, repeats)[:HEIGHT, :WIDTH])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.tiff"
        write_photograph(path, Photograph(made if options.bits == 8 else made.astype(np.uint16) * 257))
        del made
        photograph = read_photograph(path)
        loaded = IFANMethod.of(VARIANTS["ifan"], "synthetic")
        method = IFANMethod(loaded.card, loaded.network, loaded.weights, overlap=options.overlap)
        memory = int(options.memory * 1e9)
        tiling = method.needed_tiling(HEIGHT, WIDTH, memory) or Tiling(WIDTH, 0)
        count, cost = len(tiling.tiles(HEIGHT, WIDTH)), tiling.cost(HEIGHT, WIDTH)
        print(f"tiles {tiling}: {count}, {cost:.2f} times the pixels")
        start, last, peak = time.perf_counter(), 0, PeakMemory()

        def report(done: int, total: int) -> None:
            nonlocal last
            last = done
            if options.tiles and done >= options.tiles:
                raise Enough

        pixels = photograph.pixels
        with contextlib.suppress(Enough):
            pixels = deblur_pixels(method, photograph.pixels, context=Context(memory=memory, progress=report)).pixels
        seconds = time.perf_counter() - start
        write_photograph(Path(folder) / "result.tiff", photograph.with_pixels(pixels))
    print(f"{last} tiles in {seconds:.0f} s; peak of the resident set {(peak.bytes() or 0) / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
