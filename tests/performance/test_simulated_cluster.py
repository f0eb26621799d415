"""Laws of the simulated cluster of the performance suite."""

import math
import random
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))

from tests.performance.suite.cluster.model import RECORDS, SCHEDULER, STORAGE, Costs, Image
from tests.performance.suite.cluster.simulation import simulate

REAL = Costs(
    submit=3e-4, schedule=1e-3, delay=5e-3, load=2.0, transfer=0.02, record=3e-3, between=0.5, steal=0.5, restart=4.0,
    losses_per_hour=60.0,
)  # fmt: skip


def study(runs: int = 3, images: int = 60, seed: int = 0) -> list[list[Image]]:
    chance = random.Random(seed)
    return [[Image(chance.lognormvariate(1, 0.4), job) for _ in range(images)] for job in range(runs)]


@pytest.mark.parametrize(("images", "workers"), [(1, 1), (12, 4), (13, 4), (40, 64), (100, 7)])
def test_equal_images_without_any_cost_take_the_least_number_of_turns(images: int, workers: int) -> None:
    outcome = simulate([[Image(2.5)] * images], workers, Costs())
    assert outcome.makespan == pytest.approx(2.5 * math.ceil(images / workers))
    assert outcome.efficiency == pytest.approx(images / workers / math.ceil(images / workers))


@pytest.mark.parametrize("workers", [1, 2, 5, 16])
def test_without_costs_the_makespan_lies_between_the_bounds_of_list_scheduling(workers: int) -> None:
    (images,) = study(1)
    work, longest = sum(image.service for image in images), max(image.service for image in images)
    makespan = simulate([images], workers, Costs()).makespan
    assert max(work / workers, longest) <= makespan * (1 + 1e-9)
    assert makespan <= work / workers + longest * (1 - 1 / workers) + 1e-9


@pytest.mark.parametrize("workers", [1, 3, 16])
def test_every_image_is_recorded_once_and_no_second_of_a_worker_is_lost_or_counted_twice(workers: int) -> None:
    runs = study()
    outcome = simulate(runs, workers, REAL)
    assert outcome.records == {(run, at): 1 for run, images in enumerate(runs) for at in range(len(images))}
    assert outcome.useful == pytest.approx(sum(image.service for images in runs for image in images))
    assert outcome.spent["compute"] > outcome.useful
    assert outcome.workers_seconds == pytest.approx(workers * outcome.makespan)


def test_runs_follow_one_another_so_a_study_takes_as_long_as_its_runs_and_the_pauses() -> None:
    runs, costs = study(), Costs(delay=0.01, between=1.5, record=0.01)
    alone = [simulate([images], 4, costs).makespan for images in runs]
    assert simulate(runs, 4, costs).makespan == pytest.approx(sum(alone) + 2 * 1.5)


@pytest.mark.parametrize(
    ("costs", "name", "each"),
    [
        (Costs(record=1.0), RECORDS, 1.0),
        (Costs(transfer=1.0), STORAGE, 1.0),
        (Costs(schedule=1.0), SCHEDULER, 1.0),
    ],
)
def test_what_all_workers_share_bounds_the_study_however_many_there_are(costs: Costs, name: str, each: float) -> None:
    outcome = simulate([[Image(0.5)] * 50], 1000, costs)
    assert outcome.busy[name] == pytest.approx(50 * each)
    assert outcome.busy[name] <= outcome.makespan
    assert outcome.makespan < 50 * each + 3


@pytest.mark.parametrize("name", ["submit", "schedule", "delay", "load", "transfer", "record", "between"])
def test_no_cost_makes_a_study_of_equal_images_shorter(name: str) -> None:
    runs = [[Image(1.0, job)] * 24 for job in range(2)]
    spent = [simulate(runs, 6, Costs(**{name: cost})).makespan for cost in (0.0, 0.05, 0.4)]
    assert spent[0] < spent[1] < spent[2]


def test_a_worker_loads_each_job_once_and_once_more_after_it_was_lost() -> None:
    loading = Costs(load=3.0, restart=1.0)
    assert simulate([[Image(1.0, job)] * 20 for job in range(3)], 5, loading).spent["load"] == pytest.approx(3 * 5 * 3)
    lost = simulate([[Image(1.0, fatal=at == 7) for at in range(40)]], 5, loading)
    assert lost.spent["load"] == pytest.approx(3 * 5 + 3)
    assert lost.spent["down"] == pytest.approx(1.0)


def test_a_lost_worker_costs_the_image_it_computed_and_nothing_that_was_finished() -> None:
    images = [Image(2.0, fatal=at in (3, 11)) for at in range(20)]
    outcome = simulate([images], 1, Costs(restart=5.0))
    assert outcome.makespan == pytest.approx(20 * 2.0 + 2 * (2.0 + 5.0))
    assert set(outcome.records.values()) == {1}


def test_an_idle_worker_takes_what_another_one_holds() -> None:
    # The first worker computes 10 s and holds the third image, which the second takes when it is done.
    outcome = simulate([[Image(10.0), Image(1.0), Image(1.0), Image(1.0)]], 2, Costs())
    assert outcome.makespan == pytest.approx(10.0)


def test_the_same_seed_gives_the_same_study_and_another_one_other_losses() -> None:
    first, same, other = (simulate(study(), 8, REAL, seed) for seed in (1, 1, 2))
    assert first == same
    assert first.makespan != other.makespan
