"""How much faster two workers are for a method of one thread: python tests/performance/workers.py

The method computes for a fixed number of rounds whatever the image is; starting the workers counts. With --cluster the
same on a Dask cluster of as many processes, which are started before.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import distributed
import numpy as np
import skimage.data

from benchmark import registry
from benchmark.datasets.folder import PairedFolder
from benchmark.method import Context, Deblurred, Method, MethodCard, Sample
from benchmark.running import runner
from benchmark.running.task import Task, prepare
from benchmark.running.workers import ALONE, Workers
from realdof.images.files import write_pixels

ROUNDS = 400


class OneThread(Method):
    """Sorts an image again and again, on one thread."""

    card = MethodCard("one-thread", "One thread", "single", "computes for a while on one thread")

    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """The image itself, after a while."""
        values = sample.image.numpy().ravel()
        for _ in range(ROUNDS):
            np.sort(values, kind="heapsort")
        return Deblurred(sample.image)


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
        task = prepare(PairedFolder(root), registry.protocol("ifan-cvpr21"), ("psnr", "ssim", "mae"))
        alone = cost(task, root / "alone", ALONE)
        if given.cluster:
            with distributed.LocalCluster(n_workers=given.workers, threads_per_worker=1, dashboard_address=None) as it:
                beside = cost(task, root / "beside", Workers(cluster=it.scheduler_address))
        else:
            beside = cost(task, root / "beside", Workers(given.workers))
    print(
        f"{given.images} images: {alone[0]:.1f} s in one process ({alone[1]:.1f} s of CPU), {beside[0]:.1f} s with "
        f"{given.workers} workers ({beside[1]:.1f} s of CPU, starting them included)"
    )
    print(f"{alone[0] / beside[0]:.2f} times as fast")
    if not given.cluster:
        print(f"{given.workers * alone[1] / beside[1]:.2f} times by the CPU alone, if no other program took any of it")


def cost(task: Task, results: Path, workers: Workers) -> tuple[float, float]:
    """Seconds of a run, and seconds of CPU in this process and those that it started and that have ended."""
    start, busy = time.perf_counter(), sum(os.times()[:4])
    runner.run(task, OneThread, results, workers=workers)
    return time.perf_counter() - start, sum(os.times()[:4]) - busy


if __name__ == "__main__":
    main()
