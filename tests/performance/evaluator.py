"""The evaluator against a plain loop as the authors' script has it: python tests/performance/evaluator.py --images 76

Both read the same files and score the method `input` on them, in turns within one run. The loop is OpenCV, NumPy,
scikit-image and LPIPS written out (torchvision does not start beside a CPU-only torch), in one process with as many
threads as torch likes; ours are two workers of one thread. Writing is excluded; `run` at the end includes it.
Seconds of the processor are printed beside those of the clock: on a busy machine, only they can be compared.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmark"))

import literal
import numpy as np
import psutil
import skimage.data
import torch

from baselines.identity import Input
from benchmark import registry
from benchmark.datasets.base import Entry
from benchmark.datasets.folder import PairedFolder
from benchmark.method import Context
from benchmark.metrics.base import Metric
from benchmark.registry import metric
from benchmark.running import runner
from benchmark.running.task import prepare
from benchmark.running.timing import deblur_timed
from realdof.common.machine.memory import keep_blocks
from realdof.common.processes.executor import completed, workers
from realdof.images.files import write_pixels
from realdof.images.resize import area_resize

WITHOUT, WITH = ("psnr", "ssim", "mae"), ("psnr", "ssim", "mae", "lpips")
DISTINCT = 4
Scores = dict[str, float]


def make_pairs(root: Path, count: int) -> PairedFolder:
    """8-bit pairs of 1680x1120 px: a photograph and the same with noise; every fourth repeats."""
    random = np.random.default_rng(0)
    photograph = np.tile(np.asarray(area_resize(skimage.data.astronaut(), 280, 420)), (4, 4, 1))
    for number in range(count):
        target = np.roll(photograph, 37 * (number % DISTINCT), axis=1)
        noisy = np.clip(target + random.normal(0, 12, target.shape), 0, 255).astype(np.uint8)
        for folder, pixels in (("source", noisy), ("target", target)):
            path = root / folder / f"{number:03d}.png"
            first = root / folder / f"{number % DISTINCT:03d}.png"
            if number < DISTINCT:
                write_pixels(path, pixels)
            else:
                path.hardlink_to(first)
    return PairedFolder(root)


@cache
def loaded(names: tuple[str, ...]) -> dict[str, Metric]:
    """Once a worker, as a run's workers are set up."""
    torch.set_num_threads(1)
    keep_blocks()
    return {name: metric(name) for name in names}


def by_evaluator(task: tuple[Entry, tuple[str, ...]]) -> Scores:
    """One image as a run scores it."""
    entry, names = task
    metrics, protocol = loaded(names), registry.protocol("ifan-cvpr21")
    sample = protocol.load(entry)
    assert sample.target is not None
    output = deblur_timed(Input(), sample, Context()).result.image
    return protocol.score(output, sample, metrics)


def by_loop(entry: Entry, lpips: Callable[[np.ndarray, np.ndarray], float] | None) -> Scores:
    """One image as the authors' script scores it."""
    assert entry.target is not None
    source, target = literal.ifan_cvpr21(entry.image), literal.ifan_cvpr21(entry.target)
    output = np.clip(source, 0, 1)
    scores = {
        "psnr": literal.psnr(output, target), "ssim": literal.ssim(output, target), "mae": literal.mae(output, target),
    }  # fmt: skip
    return scores if lpips is None else scores | {"lpips": lpips(output, target)}


def main() -> None:
    """Print seconds and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=76)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, workers(given.workers) as pool:
        data = make_pairs(Path(name) / "pairs", given.images)
        entries = data.entries()
        alexnet = literal.AlexNetDistance()
        for metrics in (WITHOUT, WITH):
            lpips = alexnet if "lpips" in metrics else None
            compare(pool, entries, metrics, lpips, given)
        start = time.perf_counter()
        runner.run(prepare(data, registry.protocol("ifan-cvpr21"), WITH), Input, Path(name) / "results")
        print(f"run with writing, one process: {time.perf_counter() - start:.1f} s for {given.images} images")


def compare(pool, entries: list[Entry], metrics: tuple[str, ...], lpips, given: argparse.Namespace) -> None:
    """Both sides in turns over shares of the images, after one image each that is not counted."""
    warm = [(entries[0], metrics)] * (2 * given.workers)
    list(completed(pool, by_evaluator, warm))
    by_loop(entries[0], lpips)
    seconds, processor = {"loop": 0.0, "ours": 0.0}, {"loop": 0.0, "ours": 0.0}
    worst = dict.fromkeys(metrics, 0.0)
    for share in np.array_split(np.arange(len(entries)), min(given.rounds, len(entries))):
        chosen = [entries[at] for at in share]
        start, busy = time.perf_counter(), processor_seconds()
        with torch.no_grad():
            theirs = {entry.name: by_loop(entry, lpips) for entry in chosen}
        seconds["loop"] += time.perf_counter() - start
        processor["loop"] += processor_seconds() - busy
        start, busy = time.perf_counter(), processor_seconds()
        ours = {}
        for outcome in completed(pool, by_evaluator, [(entry, metrics) for entry in chosen]):
            assert outcome.result is not None, outcome.error
            ours[outcome.item[0].name] = outcome.result
        seconds["ours"] += time.perf_counter() - start
        processor["ours"] += processor_seconds() - busy
        for entry in chosen:
            for name in metrics:
                worst[name] = max(worst[name], abs(ours[entry.name][name] - theirs[entry.name][name]))
    apart = ", ".join(f"{name} {value:.0e}" for name, value in worst.items())
    print(
        f"{len(entries)} images, {'with' if lpips else 'without'} LPIPS: loop {seconds['loop']:.1f} s "
        f"({processor['loop']:.1f} of the CPU, {torch.get_num_threads()} threads), ours {seconds['ours']:.1f} s "
        f"({processor['ours']:.1f} of the CPU, {given.workers} workers): "
        f"{seconds['loop'] / seconds['ours']:.2f} times as fast; figures apart by at most {apart}"
    )


def processor_seconds() -> float:
    """Seconds of the processor that this process and its workers have taken."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in processes)


if __name__ == "__main__":
    main()
