"""Several workers: the records of one process, whoever dies; each knows its GPU and its memory."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from made_results import made_record, made_settings, make_run, open_run
from typer.testing import CliRunner
from worker_methods import DyingFactory, Smooth

from benchmark import registry
from benchmark.commands.app import app
from benchmark.datasets.folder import PairedFolder
from benchmark.leaderboards.build import build
from benchmark.leaderboards.render.formats import to_csv, to_table
from benchmark.leaderboards.render.tables import to_markdown
from benchmark.method import Context, Deblurred
from benchmark.results.run import Run
from benchmark.running import gpus as seats
from benchmark.running import runner
from benchmark.running import workers as parallel
from benchmark.running.environment import describe, package_versions
from benchmark.running.job import Job, Ready, Use
from benchmark.running.runner import rescore
from benchmark.running.task import Task, prepare
from benchmark.running.workers import Workers
from realdof.common.errors import InputError

METRICS = ("psnr", "ssim", "mae", "lpips")


def task_for(root: Path, metrics: tuple[str, ...] = METRICS) -> Task:
    return prepare(PairedFolder(root), registry.protocol("ifan-cvpr21"), metrics)


def figures(folder: Run) -> dict[str, dict[str, float]]:
    return {name: record.scores for name, record in folder.records().items()}


def outputs(folder: Run) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder.path / "outputs").iterdir()}


def lives(tmp_path: Path, count: int, greedy: bool = False) -> DyingFactory:
    place = tmp_path / "lives"
    place.mkdir()
    for number in range(count):
        (place / str(number)).touch()
    return DyingFactory(place, greedy)


@pytest.mark.slow
def test_two_workers_one_of_which_is_killed_give_the_records_and_outputs_of_one_process(
    make_pairs, tmp_path: Path
) -> None:
    task = task_for(make_pairs(5, 75, 83))
    seen = []
    alone, one = runner.run(task, Smooth, tmp_path / "alone")
    beside, two = runner.run(
        task, lives(tmp_path, 1), tmp_path / "beside", workers=Workers(2), report=lambda p: seen.append(p.done)
    )
    assert figures(beside) == figures(alone), "to the last bit"
    assert outputs(beside) == outputs(alone)
    assert beside.path.name == alone.path.name, "how many compute is no setting that determines figures"
    assert two.scores == one.scores
    assert not list((tmp_path / "lives").iterdir()), "it did die"
    assert seen == [0, 1, 2, 3, 4, 5]
    assert {record.workers for record in beside.records().values()} == {2}
    assert {record.workers for record in alone.records().values()} == {1}
    assert all((record.device or "").endswith("1 thread") for record in beside.records().values())


@pytest.mark.slow
def test_an_image_that_two_workers_die_of_or_that_needs_too_much_memory_fails_alone(make_pairs, tmp_path: Path) -> None:
    task = task_for(make_pairs(4), ("psnr",))
    workers = Workers(1, memory=2 * 10**9)
    _, summary = runner.run(task, lives(tmp_path, 2, greedy=True), tmp_path / "results", workers=workers)
    assert list(summary.failed) == ["001", "002"]
    assert "memory" in summary.failed["001"]
    assert "ended twice without a result" in summary.failed["002"]
    folder, summary = runner.run(task, DyingFactory(tmp_path / "lives"), tmp_path / "results")
    assert summary.failed == {}, "the next run computes what failed"
    assert len((folder.path / "records.jsonl").read_text().splitlines()) == 6


def test_outputs_are_scored_by_a_worker_as_by_this_process(make_pairs, tmp_path: Path) -> None:
    task = task_for(make_pairs(3), ("psnr", "ssim"))
    ran, _ = runner.run(task, Smooth, tmp_path / "results")
    worker = Workers(1, memory=3 * 10**9)
    here, _ = runner.score(task, ran.path, "scored", tmp_path / "here")
    there, _ = runner.score(task, ran.path, "scored", tmp_path / "there", workers=worker)
    assert there.records() == here.records()
    again, _ = rescore(ran, task, tmp_path / "again")
    records = again.records()
    assert {name: record.seconds for name, record in records.items()} == {
        name: record.seconds for name, record in ran.records().items()
    }


def test_nothing_left_to_do_starts_no_worker(make_pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_for(make_pairs(2), ("psnr",))
    runner.run(task, Smooth, tmp_path)
    monkeypatch.setattr(parallel, "workers", lambda *arguments: pytest.fail("workers were started"))
    _, summary = runner.run(task, Smooth, tmp_path, workers=Workers(2))
    assert summary.done == 2


def test_a_worker_with_other_weights_or_libraries_is_refused(tmp_path: Path) -> None:
    folder, use = open_run(tmp_path, made_settings()).path, Use(Smooth, None, "f00d", Context())
    job = Job(registry.protocol("ifan-cvpr21"), ("psnr",), folder, package_versions(), use)
    with pytest.raises(InputError, match="found other weights"):
        job.load()
    with pytest.raises(InputError, match=r"has torch .* but the run was begun with 1\.0"):
        replace(job, versions=job.versions | {"torch": "1.0"}).load()


@pytest.mark.skipif(torch.cuda.is_available(), reason="is about a machine without a GPU")
def test_work_for_the_gpus_of_a_cluster_can_be_sent_from_a_machine_without_one() -> None:
    assert describe(torch.device("cuda")).device == "a GPU of another machine"


class Unloadable:
    """A job that finds no memory."""

    timed = True

    def load(self):
        """None left."""
        raise MemoryError("nothing left")


def test_a_limit_that_is_too_small_for_the_method_is_one_sentence(make_pairs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_settle", lambda memory: None)
    entry = task_for(make_pairs(1), ("psnr",)).entries[0]
    with pytest.raises(InputError, match=r"within 0\.5 GB \(nothing left\); raise --worker-memory"):
        parallel.work_on("x", Unloadable(), 5 * 10**8, (entry, ()))


def test_too_little_memory_to_read_or_write_an_image_fails_that_image_alone(
    make_pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = task_for(make_pairs(3), ("psnr",))
    write = Run.keep_output

    def keep(folder: Run, name: str, content: bytes) -> None:
        if name == "001":
            raise MemoryError("nothing left")
        write(folder, name, content)

    monkeypatch.setattr(Run, "keep_output", keep)
    _, summary = runner.run(task, Smooth, tmp_path)
    assert summary.failed == {"001": "MemoryError: nothing left"}


def test_a_cluster_takes_no_limit_of_ours() -> None:
    with pytest.raises(InputError, match="--memory-limit"):
        Workers(1, "tcp://127.0.0.1:8786", 10**9)


def test_the_kth_process_takes_gpu_k_mod_n_and_one_that_ends_gives_its_own_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    others = [seats._bound(f"\0ifan-bench/gpu/{number}") for number in range(3)]
    assert None not in others, "no run on a GPU goes on beside this test"
    chosen = []
    for gone in (None, 0):
        monkeypatch.setattr(seats, "_taken", {})
        if gone is not None:
            others[gone].close()
        chosen.append(seats.device_of_worker("cuda"))
        seats._taken["gpu"][1].close()
    for other in others[1:]:
        other.close()
    assert chosen == ["cuda:1", "cuda:0"]
    assert seats.device_of_worker("cuda:1") == "cuda:1"
    assert seats.device_of_worker("cpu") == "cpu"


def test_threads_of_one_worker_take_turns_with_the_method_and_read_and_score_beside(make_pairs, tmp_path: Path) -> None:
    """As on a Dask worker of several threads: the method itself is never in two hands."""
    busy = threading.Semaphore(1)

    class Alone(Smooth):
        def deblur(self, sample, context):
            assert busy.acquire(blocking=False), "two threads in the method"
            time.sleep(0.02)
            busy.release()
            return Deblurred(sample.image)

    task = task_for(make_pairs(6), ("psnr",))
    ready = Ready(task.protocol, {}, open_run(tmp_path, made_settings()), Alone(), Context())
    with ThreadPoolExecutor(3) as threads:
        records = list(threads.map(ready, task.entries))
    assert [record.status for record in records] == ["ok"] * 6


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([("a cpu", 1), ("a cpu", 2)], "2 images computed at once"),
        ([("a cpu", 1), ("b cpu", 1)], "on 2 devices (a cpu; b cpu)"),
    ],
)
def test_times_taken_beside_others_or_on_several_devices_stay_out_of_the_table_and_a_note_says_so(
    tmp_path: Path, records: list[tuple[str, int]], said: str
) -> None:
    make_run(tmp_path, "alone", [25.0, 26.0], seconds=2.0)
    folder = make_run(tmp_path, "beside", [25.0, 26.0], seconds=1.0)
    for number, (device, workers) in enumerate(records):
        scores = folder.records()[f"{number:03d}"].scores
        folder.append(made_record(f"{number:03d}", "ok", scores, 1.0, device=device, workers=workers))
    board = build(tmp_path, "dpdd", "ifan-cvpr21", sort="time_s")
    times = {row.method: row.figures["time_s"] for row in board.rows if row.kind == "measured"}
    assert times == {"alone": 2.0, "beside": None}
    assert said in to_markdown(to_table(board))
    assert "1.0" not in to_csv(board).splitlines()[2]


@pytest.mark.parametrize("command", ["run", "score", "study", "rescore"])
def test_every_command_that_computes_takes_workers(
    command: str, make_pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, results, asked = make_pairs(1), tmp_path / "results", []
    ran, _ = runner.run(task_for(root, ("psnr",)), registry.method("input"), results)

    def compute(entries, job, who):
        asked.append(who)
        yield from (made_record(entry.name, "ok", {"psnr": 1.0}, 1.0) for entry in entries)

    monkeypatch.setattr(runner, "compute_on_workers", compute)
    (tmp_path / "study.toml").write_text(
        f'methods = ["hyper-laplacian"]\nmetrics = ["psnr"]\ndatasets = [{{ name = "folder", root = "{root}" }}]\n'
    )
    data = ["--dataset", "folder", "--root", root, "--metrics", "psnr"]
    words = {
        "run": ["run", "--method", "hyper-laplacian", *data, "--worker-memory", 2],
        "score": ["score", ran.path, "--name", "scored", *data],
        "study": ["study", tmp_path / "study.toml", "--worker-memory", 2],
        "rescore": ["results", "rescore", "input", "--protocol", "aligned", "--root", root, "--metrics", "psnr"],
    }[command]
    place = [] if command == "study" else ["--results", results]
    done = CliRunner().invoke(app, [str(word) for word in (*words, *place, "--workers", 2)])
    assert done.exit_code == 0, done.output
    memory = 2 * 10**9 if command in ("run", "study") else None
    assert asked == [Workers(2, memory=memory)]
