"""A Dask cluster that has no worker, whose scheduler ends, or that lacks this package: one sentence, and no waiting."""

import importlib.metadata
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import distributed
import pytest

from realdof.common.errors import InputError
from realdof.common.megapixels import MEGAPIXELS
from realdof.common.processes import cluster, executor
from realdof.common.processes.cluster import _check_machines
from realdof.common.processes.executor import Outcome, capacity, completed, workers


def local(count: int, folder: Path, *, processes: bool = False) -> distributed.LocalCluster:
    return distributed.LocalCluster(
        n_workers=count, threads_per_worker=1, processes=processes, protocol="tcp", dashboard_address=None,
        local_directory=str(folder),
    )  # fmt: skip


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "SAID_AFTER", 0.2)
    monkeypatch.setattr(cluster, "GIVEN_UP_AFTER", 1.0)
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1.0)
    monkeypatch.setattr(executor, "LOOK_SECONDS", 0.1)


@pytest.mark.usefixtures("impatient")
def test_a_cluster_without_a_worker_is_said_and_given_up_after_a_while(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with local(0, tmp_path) as empty:
        address = empty.scheduler_address
        with workers(1, address) as theirs:
            assert capacity(theirs) == 1
            with pytest.raises(InputError, match="has had no worker within reach"):
                list(completed(theirs, abs, [-1]))
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert f"the cluster at {address} has no worker within reach; waiting" in said


@pytest.mark.usefixtures("impatient")
def test_a_cluster_that_loses_its_last_worker_ends_the_work_and_one_that_gets_another_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "GIVEN_UP_AFTER", 60.0)
    with local(1, tmp_path) as shrinking, workers(1, shrinking.scheduler_address) as theirs:
        done = completed(theirs, time.sleep, [0.3] * 4)
        assert next(done).error is None
        shrinking.scale(0)
        time.sleep(1)
        shrinking.scale(1)
        assert next(done).error is None
        monkeypatch.setattr(cluster, "GIVEN_UP_AFTER", 1.0)
        shrinking.scale(0)
        with pytest.raises(InputError, match="what is finished is kept"):
            list(done)


def test_the_cluster_forgets_what_is_finished_so_that_a_lost_worker_repeats_only_what_it_held(tmp_path: Path) -> None:
    def finished() -> int:
        return sum(task.state == "memory" for task in cluster.scheduler.tasks.values())

    with local(1, tmp_path) as cluster, workers(1, cluster.scheduler_address) as theirs:
        for number, _ in enumerate(completed(theirs, abs, range(-12, 0)), start=1):
            end = time.monotonic() + 5
            # All are computed meanwhile; only those not looked at yet may be kept, and the last one.
            while finished() > 12 - number + 1 and time.monotonic() < end:
                time.sleep(0.01)
            assert finished() <= 12 - number + 1


@pytest.mark.usefixtures("impatient")
def test_a_scheduler_that_ends_in_the_middle_is_one_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ending = local(1, tmp_path)
    with workers(1, ending.scheduler_address) as theirs:
        done = completed(theirs, time.sleep, [0.3] * 4)
        assert next(done).error is None
        ending.close()
        begin = time.monotonic()
        with pytest.raises(InputError, match=r"the scheduler at .* ended, was restarted or cannot be reached"):
            list(done)
    assert time.monotonic() - begin < 20
    assert not capfd.readouterr().err


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of something that takes connections and never answers, as a scheduler's dashboard does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "address", ["silent", "tcp://127.0.0.1:9", "scheduler", "", "tls://127.0.0.1:1", "http://127.0.0.1:1"]
)
def test_what_is_no_scheduler_is_refused_and_not_waited_for(
    address: str, silent: str, capfd: pytest.CaptureFixture[str]
) -> None:
    begin = time.monotonic()
    with (
        pytest.raises(InputError, match="no Dask scheduler answers"),
        workers(1, silent if address == "silent" else address),
    ):
        pass
    assert time.monotonic() - begin < 20
    assert not capfd.readouterr().err


@pytest.mark.usefixtures("impatient")
def test_a_worker_s_address_is_not_taken_for_the_scheduler_s(tmp_path: Path) -> None:
    with local(1, tmp_path) as small:
        (worker,) = small.workers.values()
        with pytest.raises(InputError, match="is a Worker, not a Dask scheduler"), workers(1, worker.address):
            pass


BARE = """
import importlib.metadata as metadata
real = metadata.version
def version(name):
    if name == "ifan-bench":
        answer = {answer}
        if answer is None:
            raise metadata.PackageNotFoundError(name)
        return answer
    return real(name)
metadata.version = version
from distributed.cli.dask_worker import main
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "said"), [(None, "lacks ifan-bench"), ("0.0.9", "has ifan-bench 0.0.9, this")])
def test_a_worker_without_this_package_or_with_another_version_is_named(
    answer: str | None, said: str, tmp_path: Path
) -> None:
    with local(0, tmp_path) as empty:
        words = [empty.scheduler_address, "--no-nanny", "--no-dashboard", "--local-directory", str(tmp_path / "bare")]
        bare = subprocess.Popen(
            [sys.executable, "-c", BARE.format(answer=repr(answer)), *words], stderr=subprocess.DEVNULL
        )
        try:
            empty.get_client().wait_for_workers(1, timeout=60)
            with pytest.raises(InputError, match=said), workers(1, empty.scheduler_address):
                pass
        finally:
            bare.kill()
            bare.wait()


@pytest.mark.slow
def test_the_largest_image_that_was_asked_for_is_that_of_a_clusters_workers_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(MEGAPIXELS, raising=False)
    with local(1, tmp_path, processes=True) as small:
        monkeypatch.setenv(MEGAPIXELS, "300")
        with workers(1, small.scheduler_address) as theirs:
            (asked,) = completed(theirs, os.getenv, [MEGAPIXELS])
        monkeypatch.delenv(MEGAPIXELS)
        with workers(1, small.scheduler_address) as theirs:
            (after,) = completed(theirs, os.getenv, [MEGAPIXELS])
    assert asked == Outcome(MEGAPIXELS, "300", None)
    assert after == Outcome(MEGAPIXELS, None, None)


@pytest.mark.slow
def test_what_a_clusters_worker_cannot_import_is_told_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with local(1, tmp_path / "scratch", processes=True) as small:
        (tmp_path / "only_with_the_caller.py").write_text("def double(x):\n    return 2 * x\n")
        monkeypatch.syspath_prepend(tmp_path)
        import only_with_the_caller

        with workers(1, small.scheduler_address) as theirs:
            (outcome,) = completed(theirs, only_with_the_caller.double, [3])
    assert isinstance(outcome.error, ModuleNotFoundError)
    assert "only_with_the_caller" in str(outcome.error)


@pytest.mark.parametrize(
    ("scheduler", "worker", "said"),
    [
        ("0.0.1", None, "the cluster's scheduler has ifan-bench 0.0.1, this machine .*; install the same"),
        (None, "0.0.1", "the cluster's worker at tcp://far:1 has ifan-bench 0.0.1, this machine"),
        (
            None,
            importlib.metadata.PackageNotFoundError("ifan-bench"),
            "worker at tcp://far:1 lacks ifan-bench; install",
        ),
        (importlib.metadata.PackageNotFoundError("ifan-bench"), None, "the cluster's scheduler lacks ifan-bench"),
    ],
)
def test_a_machine_with_another_release_or_none_is_refused_by_its_address(
    scheduler: object, worker: object, said: str
) -> None:
    ours = importlib.metadata.version("ifan-bench")

    class Client:
        def run_on_scheduler(self, *words: object) -> object:
            if isinstance(scheduler, Exception):
                raise scheduler
            return scheduler or ours

        def run(self, *words: object, on_error: str) -> dict[str, object]:
            return {"tcp://near:1": ours, "tcp://far:1": worker or ours}

    with pytest.raises(InputError, match=said):
        _check_machines(Client())
