"""Images of a run in one process: what may run at the same time, in what order records come, and what is lost."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from made_results import made_settings, open_run
from worker_methods import Smooth

from benchmark import registry
from benchmark.datasets.folder import PairedFolder
from benchmark.leaderboards.build import build
from benchmark.leaderboards.render.formats import to_table
from benchmark.leaderboards.render.tables import to_markdown
from benchmark.method import Context
from benchmark.running import pipeline, runner
from benchmark.running.job import CannotWrite, Ready
from benchmark.running.pipeline import compute_here
from benchmark.running.task import Task, prepare
from benchmark.running.workers import Workers
from realdof.common.errors import InputError

DEADLINE = 20
"""s that a thread waits for another one before a test fails."""
Visit = tuple[str, str]
"""A part of the job and the image it works on."""


class Watched(Ready):
    """A job that notes which of its parts run at the same time, and does something of the test's in any of them."""

    def __init__(self, task: Task, folder: Path) -> None:
        metrics = {name: registry.metric(name) for name in ("psnr", "ssim")}
        super().__init__(task.protocol, metrics, open_run(folder, made_settings()), Smooth(), Context())
        self.busy: set[Visit] = set()
        self.together: set[frozenset[str]] = set()
        self.visits: dict[Visit, Callable[[], object]] = {}
        read, self._lock = self.read, threading.Lock()
        self.read = lambda entry: self._watch(("read", entry.name), lambda: read(entry))

    def deblur(self, sample, entry):
        """As the job, watched."""
        return self._watch(("deblur", entry.name), lambda: super(Watched, self).deblur(sample, entry))

    def finish(self, sample, made, helper=None):
        """As the job, watched."""
        return self._watch(("finish", sample.name), lambda: super(Watched, self).finish(sample, made, helper))

    def examine(self, output, sample, *, encodes):
        """As the job, watched."""
        return self._watch(
            ("examine", sample.name), lambda: super(Watched, self).examine(output, sample, encodes=encodes)
        )

    def _watch(self, visit, work):
        with self._lock:
            self.busy.add(visit)
            self.together.add(frozenset(part for part, _ in self.busy))
        try:
            self.visits.get(visit, lambda: None)()
            return work()
        finally:
            with self._lock:
                self.busy.remove(visit)


def task_for(root: Path) -> Task:
    return prepare(PairedFolder(root), registry.protocol("ifan-cvpr21"), ("psnr",))


@pytest.fixture(autouse=True)
def as_in_a_run():
    with torch.inference_mode():
        yield


@pytest.mark.parametrize("untimed", [False, True])
def test_records_come_in_order_with_the_scores_and_outputs_of_one_image_after_the_other(
    make_pairs, tmp_path: Path, untimed: bool
) -> None:
    task = task_for(make_pairs(5))
    plain, piped = Watched(task, tmp_path / "a"), Watched(task, tmp_path / "b")
    expected = list(map(plain, task.entries))
    found = list(compute_here(task.entries, piped, untimed=untimed))
    assert [(record.name, record.scores, record.signs) for record in found] == [
        (record.name, record.scores, record.signs) for record in expected
    ]
    assert {record.beside for record in found} == {untimed}
    for entry in task.entries:
        assert plain.run.output(entry.name).read_bytes() == piped.run.output(entry.name).read_bytes()


def test_a_timed_method_is_alone_and_the_next_image_is_read_while_one_is_scored(make_pairs, tmp_path: Path) -> None:
    task = task_for(make_pairs(4))
    ready, meeting = Watched(task, tmp_path), threading.Barrier(2, timeout=DEADLINE)
    # Each waits for the other: one after the other, the barrier would break and the image fail.
    ready.visits = {("read", "002"): meeting.wait, ("finish", "001"): meeting.wait}
    assert [record.status for record in compute_here(task.entries, ready)] == ["ok"] * 4
    assert [parts for parts in ready.together if "deblur" in parts] == [frozenset({"deblur"})]


def test_an_output_is_encoded_while_it_is_scored_and_the_next_image_is_read(make_pairs, tmp_path: Path) -> None:
    task = task_for(make_pairs(4))
    ready, meeting = Watched(task, tmp_path), threading.Barrier(3, timeout=DEADLINE)
    psnr = ready.metrics["psnr"]
    scored = iter(task.entries)

    def meet(output, target):
        if next(scored).name == "001":
            meeting.wait()
        return psnr(output, target)

    meet.card = psnr.card
    ready.metrics = {"psnr": meet}
    ready.visits = dict.fromkeys([("read", "002"), ("examine", "001")], meeting.wait)
    assert [record.status for record in compute_here(task.entries, ready)] == ["ok"] * 4


def test_an_image_that_cannot_be_scored_is_not_encoded_while_the_next_one_is_timed(make_pairs, tmp_path: Path) -> None:
    def fail(output, target):
        raise RuntimeError("no score")

    task = task_for(make_pairs(3))
    ready = Watched(task, tmp_path)
    fail.card = ready.metrics["psnr"].card
    ready.metrics = {"psnr": fail}
    ready.visits = {("examine", entry.name): lambda: time.sleep(0.2) for entry in task.entries}
    assert [record.status for record in compute_here(task.entries, ready)] == ["failed"] * 3
    assert [parts for parts in ready.together if "deblur" in parts] == [frozenset({"deblur"})]
    assert not list((ready.run.path / "outputs").glob("*"))


def test_an_output_too_large_to_hold_twice_is_encoded_after_its_scores(
    make_pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "available_bytes", lambda device: 1000)
    task = task_for(make_pairs(2))
    ready = Watched(task, tmp_path)
    threads = set()
    ready.visits = {("examine", entry.name): lambda: threads.add(threading.get_ident()) for entry in task.entries}
    assert len(list(compute_here(task.entries, ready))) == 2
    assert threads == {threading.get_ident()}


def test_untimed_the_next_image_is_read_and_the_last_one_scored_while_one_is_computed(
    make_pairs, tmp_path: Path
) -> None:
    task = task_for(make_pairs(4))
    ready, meeting = Watched(task, tmp_path), threading.Barrier(3, timeout=DEADLINE)
    ready.visits = dict.fromkeys([("read", "002"), ("deblur", "001"), ("finish", "000")], meeting.wait)
    assert [record.status for record in compute_here(task.entries, ready, untimed=True)] == ["ok"] * 4


@pytest.mark.parametrize("untimed", [False, True])
def test_an_image_that_cannot_be_read_computed_or_scored_fails_alone(make_pairs, tmp_path: Path, untimed: bool) -> None:
    def break_down() -> None:
        raise RuntimeError("out of luck")

    task = task_for(make_pairs(5))
    ready = Watched(task, tmp_path)
    ready.visits = dict.fromkeys([("read", "001"), ("deblur", "002"), ("finish", "004")], break_down)
    found = list(compute_here(task.entries, ready, untimed=untimed))
    assert [record.name for record in found] == ["000", "001", "002", "003", "004"]
    assert [record.error for record in found] == [
        None,
        *["RuntimeError: out of luck"] * 2,
        None,
        "RuntimeError: out of luck",
    ]


def test_an_interrupted_run_keeps_every_image_that_was_computed(make_pairs, tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    task = task_for(make_pairs(4))
    ready = Watched(task, tmp_path)
    ready.visits = {("deblur", "002"): interrupt}
    computed = compute_here(task.entries, ready, untimed=True)
    assert [next(computed).name, next(computed).name] == ["000", "001"]
    with pytest.raises(KeyboardInterrupt):
        next(computed)


@pytest.mark.parametrize("untimed", [False, True])
def test_a_results_folder_that_cannot_be_written_ends_the_run(make_pairs, tmp_path: Path, untimed: bool) -> None:
    def refuse() -> None:
        raise CannotWrite("full")

    task = task_for(make_pairs(4))
    ready = Watched(task, tmp_path)
    ready.visits = {("finish", "001"): refuse}
    with pytest.raises(CannotWrite):
        list(compute_here(task.entries, ready, untimed=untimed))


def test_an_image_too_large_to_hold_beside_another_is_read_when_its_turn_comes(
    make_pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "available_bytes", lambda device: 1000)
    task = task_for(make_pairs(4))
    ready = Watched(task, tmp_path)
    assert len(list(compute_here(task.entries, ready, untimed=True))) == 4
    assert not [parts for parts in ready.together if {"read", "deblur"} <= parts]


def test_untimed_times_stay_out_of_the_table_and_a_note_says_so(make_pairs, tmp_path: Path) -> None:
    task = task_for(make_pairs(2))
    folder, summary = runner.run(task, registry.method("input"), tmp_path, workers=Workers(untimed=True))
    assert summary.beside
    assert folder.summary() == summary
    board = build(tmp_path, "folder", "ifan-cvpr21")
    assert [row.figures["time_s"] for row in board.rows if row.kind == "measured"] == [None]
    assert "while other images were read and scored" in to_markdown(to_table(board))
    with pytest.raises(InputError, match="--untimed is for one process"):
        Workers(2, untimed=True)
