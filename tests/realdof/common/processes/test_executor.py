"""Workers: every item gets its own result, one thread each, and one that dies takes nothing with it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from realdof.common.machine import memory
from realdof.common.megapixels import MEGAPIXELS
from realdof.common.processes.executor import WorkerDied, _Call, completed, workers

HELPERS = """
import os, signal, time
from pathlib import Path

def square(x):
    if x == 3:
        raise ValueError("three")
    return x * x

def die_once(path):
    if Path(path).exists():
        return "second time"
    Path(path).touch()
    os.kill(os.getpid(), signal.SIGKILL)

def die(x):
    if x == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return x

def threads(_):
    import cv2
    return cv2.getNumThreads(), os.environ["OMP_NUM_THREADS"], os.environ["OPENBLAS_NUM_THREADS"]

def megapixels(_):
    from realdof.common.megapixels import MEGAPIXELS
    return os.environ[MEGAPIXELS]

def unpicklable(_):
    return lambda: None

def missing_file(_):
    raise FileNotFoundError("no such file")

class Unreadable:
    def __reduce__(self):
        return make, ()

def make():
    raise ValueError("it cannot be made again")

def unreadable_result(_):
    return Unreadable()

def unreadable_item(item):
    return item

class Demanding(Exception):
    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")

def demanding(_):
    raise Demanding("red", "blue")

def leave(_):
    os._exit(7)

def crash(_):
    os.kill(os.getpid(), signal.SIGSEGV)

def sleep_and_tell(folder):
    Path(folder, str(os.getpid())).touch()
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A module of functions that the spawned workers can import too."""
    folder = tmp_path_factory.mktemp("helpers")
    (folder / "executor_helpers.py").write_text(HELPERS)
    sys.path.insert(0, str(folder))
    try:
        import executor_helpers

        yield executor_helpers
    finally:
        sys.path.remove(str(folder))


def test_every_item_has_its_own_result_or_error(functions) -> None:
    with workers(2) as executor:
        outcomes = {o.item: o for o in completed(executor, functions.square, range(6))}
    assert {item: o.result for item, o in outcomes.items()} == {0: 0, 1: 1, 2: 4, 3: None, 4: 16, 5: 25}
    error = outcomes[3].error
    assert isinstance(error, ValueError)
    # The worker's own traceback comes along.
    assert "in square" in error.__notes__[0]


def test_workers_have_one_thread_each_and_the_caller_keeps_its_own(functions, monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("NUMEXPR_NUM_THREADS", raising=False)
    with workers(1) as executor:
        (outcome,) = completed(executor, functions.threads, [0])
    assert outcome.result == (1, "1", "1")
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "NUMEXPR_NUM_THREADS" not in os.environ


def test_an_item_whose_worker_died_is_tried_again(functions, tmp_path: Path) -> None:
    with workers(1) as executor:
        (outcome,) = completed(executor, functions.die_once, [tmp_path / "died"])
    assert outcome.result == "second time"


def test_an_item_that_kills_two_workers_fails_alone(functions) -> None:
    with workers(2) as executor:
        outcomes = {o.item: o for o in completed(executor, functions.die, range(4))}
    assert isinstance(outcomes[1].error, WorkerDied)
    assert [outcomes[i].result for i in (0, 2, 3)] == [0, 2, 3]


def test_an_error_of_the_function_is_not_taken_for_a_dead_worker(functions) -> None:
    with workers(1) as executor:
        (missing,) = completed(executor, functions.missing_file, [0])
        (odd,) = completed(executor, functions.unpicklable, [0])
    assert isinstance(missing.error, FileNotFoundError)
    assert odd.error is not None
    assert not isinstance(odd.error, WorkerDied)


def test_leaving_by_an_exception_drops_the_work_in_progress(functions, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _interrupted(functions, tmp_path)
    for path in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(path.name), 0)


def test_workers_end_with_a_caller_that_was_killed(functions, tmp_path: Path) -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import executor_helpers\nfrom realdof.common.processes.executor import completed, workers\n"
        "with workers(1) as executor: list(completed(executor, executor_helpers.sleep_and_tell, [sys.argv[2]]))"
    )
    helpers = Path(functions.__file__).parent
    caller = subprocess.Popen([sys.executable, "-c", script, str(helpers), str(tmp_path)])
    _wait_for_files(tmp_path, 1)
    caller.send_signal(signal.SIGKILL)
    caller.wait()
    (worker,) = (int(path.name) for path in tmp_path.iterdir())
    for _ in range(300):
        if not _runs(worker):
            return
        time.sleep(0.1)
    pytest.fail("the worker outlived its caller by half a minute")


def _interrupted(functions, folder: Path) -> None:
    with workers(2) as executor:
        executor.submit(functions.sleep_and_tell, folder)
        executor.submit(functions.sleep_and_tell, folder)
        _wait_for_files(folder, 2)
        raise KeyboardInterrupt


def _wait_for_files(folder: Path, count: int) -> None:
    for _ in range(600):
        if len(list(folder.iterdir())) == count:
            return
        time.sleep(0.1)
    pytest.fail("the workers did not start")


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie that nobody waits for has ended too.
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def test_what_a_worker_cannot_import_is_told_as_that_and_not_as_want_of_memory(functions, tmp_path: Path) -> None:
    sys.path.insert(0, str(tmp_path))
    (tmp_path / "only_here.py").write_text("def f(x):\n    return x\n")
    try:
        import only_here
    finally:
        sys.path.remove(str(tmp_path))
    with workers(1) as executor:
        (outcome,) = completed(executor, only_here.f, [0])
    assert isinstance(outcome.error, ModuleNotFoundError)
    assert "only_here" in str(outcome.error)


@pytest.mark.parametrize("function", ["unreadable_result", "unreadable_item"])
def test_an_error_of_pickling_is_told_as_that(functions, function: str) -> None:
    item = functions.Unreadable() if function == "unreadable_item" else 0
    with workers(1) as executor:
        (outcome,) = completed(executor, getattr(functions, function), [item])
        (after,) = completed(executor, functions.square, [4])
    assert "cannot be made again" in str(outcome.error)
    assert after.result == 16


def test_an_error_whose_class_cannot_be_made_again_comes_with_its_words(functions) -> None:
    with workers(1) as executor:
        (outcome,) = completed(executor, functions.demanding, [0])
    assert str(outcome.error) == "Demanding: red and blue"
    assert "in demanding" in outcome.error.__notes__[0]


def test_how_a_worker_ended_is_told(functions) -> None:
    with workers(1) as executor:
        (killed,) = completed(executor, functions.die, [1])
        (left,) = completed(executor, functions.leave, [0])
        (crashed,) = completed(executor, functions.crash, [0])
    assert str(killed.error).endswith("it was killed, perhaps for want of memory; try fewer workers")
    assert "it ended with status 7" in str(left.error)
    assert "ended by signal 11" in str(crashed.error)
    assert "memory" not in str(left.error) + str(crashed.error)


def test_a_shared_worker_of_dask_keeps_its_allocator_s_settings(functions) -> None:
    distributed = pytest.importorskip("distributed")
    if not memory.keep_blocks():
        pytest.skip("the C library is not glibc")
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, processes=False) as cluster,
        workers(1, cluster.scheduler_address) as executor,
    ):
        assert executor.submit(memory.keep_blocks).result() is False


def test_the_limit_on_megapixels_goes_with_the_work_and_stays_with_nobody(
    functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MEGAPIXELS, "350")
    with ThreadPoolExecutor(1) as executor:
        sent = executor.submit
        monkeypatch.setattr(
            executor, "submit", lambda call, item: (monkeypatch.setenv(MEGAPIXELS, "9"), sent(call, item))[1]
        )
        (outcome,) = completed(executor, functions.megapixels, [0])
    assert outcome.result == "350"
    assert os.environ[MEGAPIXELS] == "9", "a cluster's worker also works for others"
    call = _Call(functions.megapixels, "350")
    monkeypatch.delenv(MEGAPIXELS)
    assert call(0) == "350"
    assert MEGAPIXELS not in os.environ


def test_of_items_that_a_cluster_s_worker_died_with_the_one_that_kills_it_is_found_and_the_others_are_done() -> None:
    distributed = pytest.importorskip("distributed")
    tried: list[int] = []

    def work(item: int) -> int:
        tried.append(item)
        if item == 1 or (item == 2 and tried.count(2) == 1):
            raise distributed.KilledWorker(f"work-{item}", None, 3)
        return item * item

    with ThreadPoolExecutor(1) as executor:
        outcomes = {one.item: one for one in completed(executor, work, range(4))}
    assert {item: one.result for item, one in outcomes.items()} == {0: 0, 1: None, 2: 4, 3: 9}
    assert isinstance(outcomes[1].error, WorkerDied)
    assert "the cluster's workers died of it again and again" in str(outcomes[1].error)
    assert tried == [0, 1, 2, 3, 1, 2], "each suspect alone, after the others"
