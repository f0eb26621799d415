"""The pieces of a simulated cluster, measured on this machine."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import distributed
import psutil
import torch

from benchmark import registry
from benchmark.method import Context
from benchmark.results.record import Record
from benchmark.results.run import Run
from benchmark.running import runner
from benchmark.running.environment import package_versions
from benchmark.running.job import Job, Use
from benchmark.running.task import Task, open_task
from realdof.common.processes.executor import completed, workers

METHODS = ("ifan", "dpdnet-s-w16", "dmenet-w16", "hyper-laplacian", "ebdb", "jnb")
METRICS = ("psnr", "ssim", "mae", "lpips")
STARTED = "import benchmark.running.workers"


@dataclass(frozen=True)
class Services:
    """What one thread takes for images.

    Attributes
    ----------
    seconds_per_megapixel
        Of each method, for every image tried: reading, computing, scoring and writing.
    load
        Seconds to load a method and the metrics, the median of the methods.
    open
        Seconds to open a run, the operations of the network counted, likewise.
    bytes_per_megapixel
        Of the two files that are read and the one that is written.
    """

    seconds_per_megapixel: dict[str, list[float]]
    load: float
    open: float
    bytes_per_megapixel: float


def services(methods: tuple[str, ...], images: int) -> Services:
    """Process some images of `sample` by every method on one thread, by CPU time, whatever else the machine does."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    found: dict[str, list[float]] = {}
    opens, loads, sizes = [], [], []
    try:
        with tempfile.TemporaryDirectory() as name, torch.inference_mode():
            task = open_task("sample", "ifan-cvpr21", METRICS)
            for method in methods:
                start = time.process_time()
                job = job_of(method, task, Path(name))
                opens.append(time.process_time() - start)
                start = time.process_time()
                ready = job.load()
                loads.append(time.process_time() - start)
                # Every third, so that the photographs differ; the first image warms the method up.
                chosen = [task.entries[3 * at % len(task.entries)] for at in range(images)]
                ready(chosen[0])
                found[method] = []
                for entry in chosen:
                    start = time.process_time()
                    record = ready(entry)
                    spent = time.process_time() - start
                    assert record.size is not None, record.error
                    pixels = record.size[0] * record.size[1] / 1e6
                    found[method].append(spent / pixels)
                    files = [entry.image, entry.target, ready.run.own_output(entry.name)]
                    sizes.append(sum(path.stat().st_size for path in files if path) / pixels)
    finally:
        torch.set_num_threads(before)
    return Services(found, median(loads), median(opens), median(sizes))


def job_of(method: str, task: Task, results: Path) -> Job:
    """The job of a run that a worker would load."""
    factory = registry.method(method)
    weights = "synthetic" if factory.card.weights else None
    # A run of no image creates the folder and checks the weights.
    nothing = Task(task.dataset, task.identity, [], task.total, task.protocol, task.metrics)
    run, _ = runner.run(nothing, factory, results, weights=weights)
    sha256 = None if run.weights is None else run.settings.weights
    context = Context(logs=run.logs.absolute(), family=task.dataset.family)
    return Job(
        task.protocol, tuple(task.metrics), run.path.absolute(), package_versions(),
        Use(factory, weights, sha256, context),
    )  # fmt: skip


def record_seconds(count: int) -> float:
    """Seconds to append a record, from the lock to the disk."""
    with tempfile.TemporaryDirectory() as name:
        job = job_of("input", open_task("sample", "ifan-cvpr21", METRICS), Path(name))
        run = Run(job.folder)
        start = time.perf_counter()
        for number in range(count):
            run.append(Record(name=str(number), status="ok", scores=dict.fromkeys(METRICS, 0.5), seconds=0.5))
        return (time.perf_counter() - start) / count


def start_seconds() -> float:
    """Seconds until a new process has imported what a worker needs."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", STARTED], check=True)
    return time.perf_counter() - start


@dataclass(frozen=True)
class Dask:
    """Seconds that Dask takes: of CPU for an image, there and back for one image alone, and to connect."""

    client: float
    scheduler: float
    round_trip: float
    connect: float


def nothing(item: int) -> int:
    """The least work."""
    return item


def dask(count: int) -> Dask:
    """Send images without work through a scheduler in a process of its own."""
    with scheduler(2) as (address, process), ExitStack() as stack:
        start = time.perf_counter()
        executor = stack.enter_context(workers(1, address))
        connect = time.perf_counter() - start
        list(completed(executor, nothing, range(8)))
        trips = []
        for number in range(20):
            start = time.perf_counter()
            list(completed(executor, nothing, [number]))
            trips.append(time.perf_counter() - start)
        ours, theirs = time.process_time(), sum(process.cpu_times()[:2])
        list(completed(executor, nothing, range(count)))
        client = (time.process_time() - ours) / count
        return Dask(client, (sum(process.cpu_times()[:2]) - theirs) / count, median(trips), connect)


@contextmanager
def scheduler(count: int) -> Iterator[tuple[str, psutil.Process]]:
    """A Dask scheduler in a process of its own with so many workers of one thread: its address, and the process."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "scheduler.json"
        words = ["--scheduler-file", str(place), "--no-dashboard"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started = [
            subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--host", "127.0.0.1", *words],
                **quiet,
            )
        ]
        try:
            started.append(
                subprocess.Popen(
                    [
                        sys.executable, "-m", "distributed.cli.dask_worker", "--nworkers", str(count), "--nthreads",
                        "1", *words,
                    ],
                    **quiet,
                )
            )  # fmt: skip
            with distributed.Client(scheduler_file=str(place), timeout=60, set_as_default=False) as client:
                client.wait_for_workers(count, timeout=60)
                address = client.scheduler.address
            yield address, psutil.Process(started[0].pid)
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait()
