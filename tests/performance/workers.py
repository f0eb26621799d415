"""How much faster two workers are for a method of one thread: python tests/performance/workers.py

The method computes for a fixed number of rounds whatever the image is; starting the workers counts. With --cluster the
same on a Dask cluster of as many processes, which are started before.
"""

import argparse
import tempfile
import time
from pathlib import Path

import distributed
import numpy as np
import skimage.data

from benchmark import runner
from benchmark.datasets.folder import PairedFolder
from benchmark.method import Image, Method, MethodCard, Sample
from benchmark.parallel import ALONE, Workers
from benchmark.protocols import PROTOCOLS
from realdof.images import write_pixels

ROUNDS = 200


class OneThread(Method):
    """Sorts an image again and again, on one thread."""

    card = MethodCard("one-thread", "One thread", "single", "computes for a while on one thread")

    def deblur(self, sample: Sample) -> Image:
        """The image itself, after a while."""
        values = sample.image.numpy().ravel()
        for _ in range(ROUNDS):
            np.sort(values, kind="heapsort")
        return sample.image


def main() -> None:
    """Print seconds and ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cluster", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for number in range(given.images):
            for folder in ("source", "target"):
                write_pixels(root / folder / f"{number:03d}.png", np.roll(skimage.data.astronaut(), number, axis=1))
        task = runner.prepare(PairedFolder(root), PROTOCOLS["ifan-cvpr21"], ("psnr", "ssim", "mae"))
        alone = seconds(task, root / "alone", ALONE)
        if given.cluster:
            with distributed.LocalCluster(n_workers=given.workers, threads_per_worker=1, dashboard_address=None) as it:
                beside = seconds(task, root / "beside", Workers(cluster=it.scheduler_address))
        else:
            beside = seconds(task, root / "beside", Workers(given.workers))
    print(f"{given.images} images: {alone:.1f} s in one process, {beside:.1f} s with {given.workers} workers")
    print(f"{alone / beside:.2f} times as fast")


def seconds(task: runner.Task, results: Path, workers: Workers) -> float:
    """Of a run."""
    start = time.perf_counter()
    runner.run(task, OneThread, results, workers=workers)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
