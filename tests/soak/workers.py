"""Whether long work leaves something behind: python tests/soak/workers.py [--images 2000] [--starts 200]

First so many images of 256 px go through one worker process, with four metrics; the memory that it holds after a tenth
of them is compared with what it holds at the end. Then the pool of two workers is started and stopped so many times;
processes, threads and open files of this process before and after are compared, as are files in the folder for
temporary ones. It ends with status 1 if the worker grew by 5 % or more, or if anything is left.
"""

import argparse
import gc
import sys
import tempfile
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from realdof.common.processes.executor import completed, workers

# What takes long to import is imported where it is used: a spawned worker imports this file again.
if TYPE_CHECKING:
    from benchmark.datasets.base import Entry
    from benchmark.running.job import Job
    from benchmark.running.task import Task

DISTINCT = 8
ALLOWED = 0.05


def make_pairs(root: Path) -> Path:
    """A few pairs; each is used again and again."""
    import numpy as np

    from realdof.images.files import write_pixels

    draw = np.random.default_rng(0)
    for number in range(DISTINCT):
        target = draw.integers(0, 256, (256, 256, 3)).astype(np.uint8)
        write_pixels(root / "target" / f"{number}.png", target)
        write_pixels(root / "source" / f"{number}.png", np.roll(target, 1, axis=0))
    return root


def job_of(task: "Task", results: Path) -> "tuple[Job, list[Entry]]":
    """What a run would send to its workers, taken from a run of one image."""
    from benchmark import registry
    from benchmark.running import runner

    taken: list[Job] = []
    made = runner._job

    def keep(*given: object) -> "Job":
        taken.append(made(*given))  # type: ignore[arg-type]
        return taken[-1]

    runner._job = keep  # type: ignore[assignment]
    runner.run(task, registry.method("input"), results)
    return taken[0], [entry.absolute() for entry in task.entries]


def worker_memory() -> int:
    """Bytes that the worker has for itself; beside it there is Python's small tracker of resources."""
    return max(int(child.memory_full_info().uss) for child in psutil.Process().children())


def images_through_one_worker(folder: Path, count: int) -> float:
    """How much of its memory at a tenth of the images the worker gained by the end."""
    from benchmark.results.run import Run
    from benchmark.running.task import open_task
    from benchmark.running.workers import work_on

    task = open_task("folder", None, ("psnr", "ssim", "mae", "lpips"), root=make_pairs(folder / "pairs"))
    job, entries = job_of(task, folder / "results")
    items = [(replace(entries[at % DISTINCT], name=f"{at:05d}"), ()) for at in range(count)]
    begin, early, done = time.monotonic(), 0, 0
    with workers(1) as executor:
        for outcome in completed(executor, partial(work_on, "soak", job, None), items):
            assert outcome.result is not None, outcome.error
            assert outcome.result.status == "ok", outcome.result
            done += 1
            if done == max(1, count // 10):
                early = worker_memory()
        late = worker_memory()
    assert len(list((Run(job.folder).path / "outputs").iterdir())) == count + DISTINCT
    growth = late / early - 1
    print(
        f"{count} images, {time.monotonic() - begin:.0f} s: {early / 1e6:.1f} MB after {count // 10}, "
        f"{late / 1e6:.1f} MB at the end ({growth:+.1%})"
    )
    return growth


def held() -> tuple[int, int, int, int]:
    """Processes below this one, threads, open files and temporary files."""
    gc.collect()
    this = psutil.Process()
    return (
        len(this.children(recursive=True)), threading.active_count(), this.num_fds() if psutil.POSIX else 0,
        sum(1 for _ in Path(tempfile.gettempdir()).iterdir()),
    )  # fmt: skip


def starts_and_stops(count: int) -> bool:
    """Whether as much is held after so many pools as after the first; every fifth is left by an exception."""
    before: tuple[int, int, int, int] | None = None
    begin = time.monotonic()
    for number in range(count):
        try:
            with workers(2) as executor:
                assert sorted(outcome.result for outcome in completed(executor, abs, [-1, -2, -3])) == [1, 2, 3]
                if number % 5 == 4:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
        if number == 4:
            before = held()
    time.sleep(1)
    after = held()
    print(f"{count} starts and stops, {time.monotonic() - begin:.0f} s: {before} held after five, {after} at the end")
    return before is not None and all(late <= early for late, early in zip(after, before, strict=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--starts", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        growth = images_through_one_worker(Path(folder), given.images) if given.images else 0.0
        clean = starts_and_stops(given.starts) if given.starts else True
    sys.exit(0 if growth < ALLOWED and clean else 1)
