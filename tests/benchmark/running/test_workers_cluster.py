"""A Dask cluster of two worker processes gives the records of one process."""

from pathlib import Path

import dask
import distributed
import pytest
from typer.testing import CliRunner
from worker_methods import DyingFactory

from benchmark import registry
from benchmark.commands.app import app
from benchmark.datasets.folder import PairedFolder
from benchmark.results.choice import choose
from benchmark.results.run import Run
from benchmark.running import runner
from benchmark.running.task import prepare
from benchmark.running.workers import Workers
from realdof.common.processes import cluster as clusters


@pytest.fixture(autouse=True)
def two_minutes_without_a_worker_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    # A worker that is not started again must not keep the tests for a day.
    monkeypatch.setattr(clusters, "GIVEN_UP_AFTER", 120.0)


@pytest.mark.slow
def test_a_cluster_gives_the_records_of_one_process_and_says_how_many_computed(
    make_pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_pairs(4, 75, 83)
    task = prepare(PairedFolder(root), registry.protocol("ifan-cvpr21"), ("psnr", "ssim", "mae"))
    alone, _ = runner.run(task, registry.method("hyper-laplacian"), tmp_path / "alone")
    # Relative paths, which the workers' own working folder knows nothing of.
    monkeypatch.chdir(tmp_path)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(tmp_path / "scratch")
    ) as cluster:
        done = CliRunner().invoke(
            app,
            [
                "run", "--method", "hyper-laplacian", "--dataset", "folder", "--root", "pairs",
                "--metrics", "psnr,ssim,mae", "--results", "results", "--cluster", cluster.scheduler_address,
            ],
        )  # fmt: skip
    assert done.exit_code == 0, done.output
    beside = choose(Path("results"), "hyper-laplacian")
    assert {name: record.scores for name, record in beside.records().items()} == {
        name: record.scores for name, record in alone.records().items()
    }
    assert outputs(beside) == outputs(alone)
    assert {record.workers for record in beside.records().values()} == {2}


def outputs(folder: Run) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder.path / "outputs").iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2])
def test_a_worker_of_a_cluster_that_is_lost_costs_nothing_and_an_image_that_loses_them_all_fails_alone(
    count: int, make_pairs, tmp_path: Path
) -> None:
    task = prepare(PairedFolder(make_pairs(4, 75, 83)), registry.protocol("ifan-cvpr21"), ("psnr", "mae"))
    lives = tmp_path / "lives"
    lives.mkdir()
    alone, _ = runner.run(task, DyingFactory(lives), tmp_path / "alone")
    # One worker holds the next image while it works on this one, and Dask blames its death on both.
    with (
        # 15 s after a death Dask looks whether the worker is back; if it is just starting, it is given up for good.
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1 h"}),
        distributed.LocalCluster(
            n_workers=count, threads_per_worker=1, dashboard_address=None, local_directory=str(tmp_path / "scratch")
        ) as cluster,
    ):
        for deaths, failed in ((1, []), (20, ["002"])):
            for number in range(deaths):
                (lives / str(number)).touch()
            who = Workers(cluster=cluster.scheduler_address)
            beside, summary = runner.run(task, DyingFactory(lives), tmp_path / f"lost-{deaths}", workers=who)
            assert list(summary.failed) == failed
            found = beside.records()
            assert found.keys() == alone.records().keys()
            assert all(found[name].scores == alone.records()[name].scores for name in found if name not in failed)
    assert "died" in str(found["002"].error)
