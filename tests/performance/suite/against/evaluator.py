"""The evaluator against a loop as the authors' script has it: OpenCV, NumPy, scikit-image and LPIPS in one process.

Both read the same files and score the method `input` on them. Ours are two workers of one thread, the loop has as many
threads as torch likes; writing is excluded, but for the last line.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from functools import cache, partial
from pathlib import Path

import literal
import numpy as np
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
from realdof.images.files import read_pixels, write_pixels
from realdof.images.resize import area_resize
from tests.performance.suite.measurement import Line, Measurement, Spent, in_turns

WITHOUT, WITH = ("psnr", "ssim", "mae"), ("psnr", "ssim", "mae", "lpips")
DISTINCT, WORKERS = 4, 2
Scores = dict[str, float]
Alexnet = Callable[[np.ndarray, np.ndarray], float]


def make_pairs(root: Path, count: int, scale: int) -> PairedFolder:
    """8-bit pairs of 420x280 px times ``scale``: a photograph and the same with noise; every fourth repeats."""
    random = np.random.default_rng(0)
    photograph = np.tile(np.asarray(area_resize(skimage.data.astronaut(), 280, 420)), (scale, scale, 1))
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


def by_loop(entry: Entry, lpips: Alexnet | None) -> Scores:
    """One image as the authors' script scores it."""
    assert entry.target is not None
    source, target = literal.ifan_cvpr21(entry.image), literal.ifan_cvpr21(entry.target)
    output = np.clip(source, 0, 1)
    scores = {
        "psnr": literal.psnr(output, target), "ssim": literal.ssim(output, target), "mae": literal.mae(output, target),
    }  # fmt: skip
    return scores if lpips is None else scores | {"lpips": lpips(output, target)}


def measure(quick: bool) -> Iterator[Line]:
    """A line without LPIPS, one with it, and one of a whole run that also writes."""
    count, rounds = (4, 2) if quick else (8, 3)
    with tempfile.TemporaryDirectory() as name, workers(WORKERS) as pool:
        data = make_pairs(Path(name) / "pairs", count, 1 if quick else 4)
        entries, alexnet = data.entries(), literal.AlexNetDistance()
        for metrics in (WITHOUT, WITH):
            lpips = alexnet if "lpips" in metrics else None
            yield _compared(pool, entries, metrics, lpips, rounds)
        spent = _whole_runs(data, Path(name) / "results", rounds)
        yield Measurement(
            "evaluator", f"`run` of `input` with writing, one process, {count} images", spent["run"], None,
            spent["read"], "floor: every file decoded",
        )  # fmt: skip


def _compared(
    pool: Executor, entries: Sequence[Entry], metrics: tuple[str, ...], lpips: Alexnet | None, rounds: int
) -> Measurement:
    """Both sides in turns over all images; the first turn, in which the workers load, does not count."""
    ours: dict[str, Scores] = {}
    theirs: dict[str, Scores] = {}

    def evaluator() -> None:
        for outcome in completed(pool, by_evaluator, [(entry, metrics) for entry in entries]):
            assert outcome.result is not None, outcome.error
            ours[outcome.item[0].name] = outcome.result

    @torch.no_grad()
    def loop() -> None:
        theirs.update({entry.name: by_loop(entry, lpips) for entry in entries})

    read = partial(_on_workers, pool, entries)
    spent = in_turns({"loop": loop, "read": read, "evaluator": evaluator}, rounds)
    worst = {name: max(abs(ours[one][name] - theirs[one][name]) for one in ours) for name in metrics}
    apart = ", ".join(f"{name} {value:.0e}" for name, value in worst.items())
    height, width = read_pixels(entries[0].image).shape[:2]
    faster = spent["loop"].quartiles[1] / spent["evaluator"].quartiles[1]
    return Measurement(
        "evaluator", f"{len(entries)} images of {width}x{height}, {', '.join(metrics)}", spent["evaluator"],
        spent["loop"], spent["read"],
        f"peer: loop, {torch.get_num_threads()} threads; floor: every file decoded; {WORKERS} workers, "
        f"{faster:.2f} times as fast by the wall; at most {apart} apart",
    )  # fmt: skip


def _on_workers(pool: Executor, entries: Sequence[Entry]) -> None:
    for outcome in completed(pool, decode, entries):
        assert outcome.result is not None, outcome.error


def decode(entry: Entry) -> int:
    """Decode both files of an image, and give their values' number."""
    return sum(read_pixels(path).size for path in entry.files.values())


def _whole_runs(data: PairedFolder, results: Path, rounds: int) -> dict[str, Spent]:
    task = prepare(data, registry.protocol("ifan-cvpr21"), WITH)
    return in_turns(
        {
            "read": lambda: [decode(entry) for entry in task.entries],
            "run": lambda: runner.run(task, Input, results, again=True),
        },
        rounds,
    )
