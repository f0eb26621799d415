"""How much faster two workers are, of processes and of Dask, for a method that computes on one thread.

The method computes for a fixed number of rounds whatever the image is. Starting processes counts; a cluster is there.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from functools import partial
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
from tests.performance.suite.measurement import Line, Measurement, Sentence, in_turns

COUNT, ROUNDS = 2, 400


class OneThread(Method):
    """Sorts an image again and again, on one thread."""

    card = MethodCard("one-thread", "One thread", "single", "computes for a while on one thread")

    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """The image itself, after a while."""
        values = sample.image.numpy().ravel()
        for _ in range(ROUNDS):
            np.sort(values, kind="heapsort")
        return Deblurred(sample.image)


def measure(quick: bool) -> Iterator[Line]:
    """A line for processes and one for Dask; the peer is one process, the floor half of its time."""
    images, rounds = (4, 1) if quick else (16, 2)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for number in range(images):
            for folder in ("source", "target"):
                write_pixels(root / folder / f"{number:03d}.png", np.roll(skimage.data.astronaut(), number, axis=1))
        task = prepare(PairedFolder(root), registry.protocol("ifan-cvpr21"), ("psnr", "ssim", "mae"))
        places = (root / f"results-{number}" for number in itertools.count())
        with distributed.LocalCluster(n_workers=COUNT, threads_per_worker=1, dashboard_address=None) as cluster:
            who = {
                "one process": ALONE,
                f"{COUNT} processes, starting them included": Workers(COUNT),
                f"Dask with {COUNT} processes that run": Workers(cluster=cluster.scheduler_address),
            }
            spent = in_turns(
                {words: partial(_run, task, places, workers) for words, workers in who.items()}, rounds,
                warm=0 if quick else 1,
            )  # fmt: skip
    alone, *others = who
    for words in others:
        faster = spent[alone].quartiles[1] / spent[words].quartiles[1]
        yield Measurement(
            "workers", f"{images} images, {words}", spent[words], spent[alone], None,
            f"peer: one process; {faster:.2f} times as fast by the wall, efficiency {faster / COUNT:.2f}",
        )  # fmt: skip
    yield Sentence("workers", f"The floor is {COUNT} times as fast: the method's work, divided.")


def _run(task: Task, places: Iterator[Path], workers: Workers) -> None:
    runner.run(task, OneThread, next(places), workers=workers)
