"""The simulation against Dask itself: two processes that sleep, load for a while and end before their time."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import distributed
import numpy as np

from realdof.common.processes.executor import completed, workers
from tests.performance.suite.cluster.model import Costs, Image
from tests.performance.suite.cluster.simulation import simulate

WORKERS = 2
STEAL = 0.5
"""s; Dask balances once a second."""


@dataclass(frozen=True)
class Sleep:
    """What a worker does for an image: sleep, the first time longer; a fatal one ends the first worker that has it."""

    seconds: float
    load: float
    fatal: str | None


@dataclass(frozen=True)
class Checked:
    """One comparison: what was asked for, and the seconds from the first submission to the last result."""

    what: str
    simulated: float
    real: float

    @property
    def error(self) -> float:
        """By what share the simulation is wrong; above 0 where it is too slow."""
        return self.simulated / self.real - 1


def checked(costs: Costs, images: int, mean: float) -> list[Checked]:
    """Compare sleeping alone, with loading, and with loading and lost workers.

    Parameters
    ----------
    costs
        Dask's own, as measured; ``load`` is what the workers are made to sleep.
    mean
        Mean seconds of an image; they spread by a third.
    """
    chance = np.random.default_rng(0)
    times = mean * np.exp(chance.normal(-0.05, 1 / 3, images))
    deadly = {images // 4, images // 2}
    alone, loading = replace(costs, load=0.0, steal=STEAL), replace(costs, steal=STEAL)
    with distributed.LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
    ) as cluster:
        address = cluster.scheduler_address
        # What is called first imports our modules on the workers.
        _real([Image(0.0)] * 4 * WORKERS, 0.0, address)
        loading = replace(loading, restart=_restart(address))
        cases = (
            ("images that sleep", [Image(float(one)) for one in times], alone),
            ("the same with loading", [Image(float(one)) for one in times], loading),
            (
                f"the same with loading and {len(deadly)} lost workers",
                [Image(float(one), fatal=at in deadly) for at, one in enumerate(times)],
                loading,
            ),
        )
        return [
            Checked(what, simulate([given], WORKERS, its).makespan, _real(given, its.load, address))
            for what, given, its in cases
        ]


def _real(images: Sequence[Image], load: float, address: str) -> float:
    """Seconds for the images on the cluster, all submitted at once, as a run does it."""
    with tempfile.TemporaryDirectory() as folder, workers(1, address) as executor:
        # A process loads once for each folder.
        items = [
            Sleep(image.service, load, str(Path(folder) / f"{at}-dead") if image.fatal else None)
            for at, image in enumerate(images)
        ]
        _forget(address)
        start = time.perf_counter()
        for outcome in completed(executor, slept, items):
            assert outcome.error is None, outcome.error
        return time.perf_counter() - start


def _restart(address: str) -> float:
    """Seconds until a lost worker of the cluster is back and has imported our modules."""
    with distributed.Client(address, set_as_default=False) as client:
        lost = next(iter(client.nthreads()))
        before = {place: pid for place, pid in client.run(os.getpid).items() if place == lost}
        client.submit(os._exit, 1, workers=[lost], allow_other_workers=False, retries=0, pure=False)
        start = time.perf_counter()
        while True:
            there = client.run(os.getpid, on_error="ignore")
            if len(there) == WORKERS and not set(before.values()) & set(there.values()):
                client.run(_nothing)
                return time.perf_counter() - start
            time.sleep(0.02)


def _nothing() -> None:
    """Make a worker import this module."""


_loaded = False


def _forget(address: str) -> None:
    with distributed.Client(address, set_as_default=False) as client:
        client.run(_unload)


def _unload() -> None:
    global _loaded
    _loaded = False


def slept(item: Sleep) -> None:
    """What a worker does."""
    global _loaded
    if not _loaded:
        _loaded = True
        time.sleep(item.load)
    time.sleep(item.seconds)
    if item.fatal is not None and not Path(item.fatal).exists():
        Path(item.fatal).touch()
        os._exit(1)
