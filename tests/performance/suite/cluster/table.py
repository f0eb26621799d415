"""A study of 20 methods on 2,000 images on clusters of 8 and 64 machines, simulated, and what would break first."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import fmean, median

import numpy as np

from tests.performance.suite.cluster.against_dask import Checked, checked
from tests.performance.suite.cluster.measured import (
    METHODS,
    Dask,
    Services,
    dask,
    record_seconds,
    services,
    start_seconds,
)
from tests.performance.suite.cluster.model import RECORDS, SCHEDULER, STORAGE, Costs, Image, Outcome
from tests.performance.suite.cluster.simulation import simulate
from tests.performance.suite.measurement import Cells, Line, Sentence, seconds

HEAD = (
    "machines", "workers", "hours", "efficiency", "computed in vain", "loading", "storage", "waiting for images",
    "scheduler, storage, record writer busy",
)  # fmt: skip
STUDY, MACHINES, CORES = (20, 2000), (8, 64), 16
MEGAPIXELS = 1680 * 1120 / 1e6
STORAGE_BYTES = 1.25e9
"""Bytes a second of the storage that all machines share: 10 Gbit/s."""
LOSSES = 1 / 240
"""An hour and worker: one worker of a machine of 16 ends every 15 hours."""
BALANCE = 0.5
"""s; half of the interval in which Dask balances."""

Runs = list[list[Image]]


def measure(quick: bool) -> Iterator[Line]:
    """A line a cluster, lines of the larger one without each of its limits, and what they are from."""
    methods, images = (METHODS[:2], 1) if quick else (METHODS, 3)
    found, its = services(methods, images), dask(100 if quick else 1000)
    record, start = record_seconds(20 if quick else 200), start_seconds()
    costs = costs_of(found, its, record, start)
    study = (4, 50) if quick else STUDY
    runs = drawn(found, *study)
    outcomes = {machines: simulate(runs, machines * CORES, costs) for machines in MACHINES}
    for machines, outcome in outcomes.items():
        yield _cells(str(machines), machines * CORES, outcome)
    most = MACHINES[-1]
    without: dict[str, Outcome] = {}
    for words, (given, other) in variants(runs, costs).items():
        without[words] = simulate(given, most * CORES, other)
        yield _cells(f"{most}, {words}", most * CORES, without[words])
    yield Sentence("cluster", _breaks(outcomes[most], most * CORES, without))
    yield Sentence("cluster", _from(found, its, record, start, study))
    errors = checked(replace(costs, load=1.0, record=0.0, transfer=0.0, losses_per_hour=0.0), 12 if quick else 60, 0.25)
    yield Sentence("cluster", _agreement(errors))


def costs_of(found: Services, its: Dask, record: float, start: float) -> Costs:
    """What is no computing, from what was measured."""
    return Costs(
        submit=its.client,
        schedule=its.scheduler,
        delay=max(0.0, its.round_trip - its.client - its.scheduler) / 2,
        load=found.load,
        transfer=found.bytes_per_megapixel * MEGAPIXELS / STORAGE_BYTES,
        record=record + its.client,
        between=found.open + its.connect,
        steal=BALANCE,
        restart=start,
        losses_per_hour=LOSSES,
    )


def drawn(found: Services, methods: int, images: int) -> Runs:
    """Runs of so many methods and images, each time drawn from those measured of a method; methods take turns."""
    chance = np.random.default_rng(0)
    turns = itertools.islice(itertools.cycle(found.seconds_per_megapixel.values()), methods)
    return [
        [Image(float(one) * MEGAPIXELS, job) for one in chance.choice(measured, images)]
        for job, measured in enumerate(turns)
    ]


def variants(runs: Runs, costs: Costs) -> dict[str, tuple[Runs, Costs]]:
    """The same study without each of its limits."""
    mixed = [list(itertools.chain.from_iterable(runs))]
    equal = [[replace(image, service=fmean(one.service for one in run)) for image in run] for run in runs]
    return {
        "with all methods' images in one queue": (mixed, costs),
        "with every image of a method taking as long": (equal, costs),
        "with storage without limit": (runs, replace(costs, transfer=0.0)),
        "with methods loaded at once": (runs, replace(costs, load=0.0)),
        "with a scheduler and submission without cost": (runs, replace(costs, submit=0.0, schedule=0.0)),
        "with records written at once": (runs, replace(costs, record=0.0)),
        "with the next run opened at once": (runs, replace(costs, between=0.0)),
        "without lost workers": (runs, replace(costs, losses_per_hour=0.0)),
    }


def _cells(machines: str, workers: int, outcome: Outcome) -> Cells:
    whole = outcome.workers_seconds
    times = [outcome.spent["compute"] - outcome.useful, *(outcome.spent[name] for name in ("load", "storage", "idle"))]
    shares = [f"{time / whole:.1%}" for time in times]
    busy = ", ".join(f"{outcome.busy[name] / outcome.makespan:.1%}" for name in (SCHEDULER, STORAGE, RECORDS))
    hours = f"{outcome.makespan / 3600:.3g}"
    return Cells("cluster", (machines, f"{workers:,}", hours, f"{outcome.efficiency:.1%}", *shares, busy))


def saturated_at(outcome: Outcome, name: str) -> float:
    """Workers that would keep something that all share busy all the time."""
    return outcome.useful / outcome.busy[name]


def _breaks(outcome: Outcome, workers: int, without: dict[str, Outcome]) -> str:
    gains = {words: outcome.makespan / other.makespan for words, other in without.items()}
    order = sorted(gains, key=lambda words: -gains[words])
    limits = {name: saturated_at(outcome, name) for name in (SCHEDULER, STORAGE, RECORDS)}
    first = min(limits, key=lambda name: limits[name])
    counts = ", ".join(f"the {name} with {limits[name]:,.0f}" for name in sorted(limits, key=lambda name: limits[name]))
    return (
        f"**What would break first**: of what all workers share the {first}; busy all the time would be {counts} "
        f"workers. With {workers:,} workers the most is gained {order[0]} ({gains[order[0]]:.2f} times as fast), then "
        f"{order[1]} ({gains[order[1]]:.2f}); every other change brings at most {gains[order[2]]:.2f}."
    )


def _from(found: Services, its: Dask, record: float, start: float, study: Sequence[int]) -> str:
    times = {name: median(measured) * MEGAPIXELS for name, measured in found.seconds_per_megapixel.items()}
    methods = ", ".join(f"{name} {value:.3g}" for name, value in times.items())
    return (
        f"{study[0]} methods and {study[1]:,} images of 1680x1120, on machines of {CORES} workers of one thread. "
        f"Measured here: seconds of an image, scored and written, by the area of `sample`'s images, median ({methods}; "
        f"the methods take turns, each time is drawn from those measured); {seconds(found.load)} to load a method and "
        f"the metrics, {seconds(start)} to start a worker, {seconds(found.open + its.connect)} between two runs; an "
        f"image takes {seconds(its.scheduler)} of Dask's scheduler, {seconds(its.client)} of the submitting process "
        f"for its future and {seconds(record)} for its record, {seconds(its.round_trip)} there and back. Assumed: "
        f"storage of {STORAGE_BYTES * 8 / 1e9:g} Gbit/s for {found.bytes_per_megapixel * MEGAPIXELS / 1e6:.0f} MB an "
        f"image, and that each worker is lost once in {1 / LOSSES:.0f} hours."
    )


def _agreement(errors: Sequence[Checked]) -> str:
    told = "; ".join(
        f"{one.what}: {seconds(one.simulated)} simulated, {seconds(one.real)} real, {one.error:+.1%}" for one in errors
    )
    worst = max(abs(one.error) for one in errors)
    return f"Against Dask with two processes the simulation is wrong by at most {worst:.1%}: {told}."
