"""One job: its parts can be called apart, and what goes wrong with one image is that image's record."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from made_results import made_settings, open_run
from worker_methods import Smooth

from benchmark import registry
from benchmark.datasets.folder import PairedFolder
from benchmark.method import Context, Deblurred, Method, MethodCard, Sample
from benchmark.running import runner, timing
from benchmark.running.environment import package_versions
from benchmark.running.job import CannotWrite, Job, Use
from benchmark.running.task import Task, prepare
from realdof.common.errors import InputError


def task_for(root: Path) -> Task:
    return prepare(PairedFolder(root), registry.protocol("ifan-cvpr21"), ("psnr",))


def job_for(task: Task, results: Path) -> Job:
    run = open_run(results, made_settings())
    return Job(task.protocol, ("psnr",), run.path, package_versions(), Use(Smooth, None, None, Context()))


def test_a_job_survives_pickling_and_its_parts_give_what_it_gives_as_a_whole(make_pairs, tmp_path: Path) -> None:
    task = task_for(make_pairs(1))
    job = pickle.loads(pickle.dumps(job_for(task, tmp_path)))
    ready = job.load()
    (entry,) = task.entries
    sample = ready.read(entry)
    measured = ready.deblur(sample, entry)
    apart, whole = ready.finish(sample, measured), ready(entry)
    assert apart.scores == whole.scores
    assert ready.run.output(entry.name).is_file()


def test_the_first_image_is_read_once_though_it_warms_the_method_up(make_pairs, tmp_path: Path) -> None:
    task = task_for(make_pairs(1))
    ready, read = job_for(task, tmp_path).load(), []
    load = ready.read

    def counted(entry):
        read.append(entry.name)
        return load(entry)

    ready.read = counted
    assert ready(task.entries[0]).status == "ok"
    assert read == ["000"]


def test_groups_and_the_targets_name_reach_the_record(make_pairs, tmp_path: Path) -> None:
    task = task_for(make_pairs(1))
    entry = replace(task.entries[0], groups={"scene": "door", "f-stop": "1.8"}, target_name="door-16")
    record = job_for(task, tmp_path).load()(entry)
    assert record.groups == {"scene": "door", "f-stop": "1.8"}
    assert record.target == "door-16"


def raising(error: Exception) -> type[Method]:
    class Raises(Method):
        card = MethodCard("raises", "Raises", "single", "fails on the second image")

        def deblur(self, sample: Sample, context: Context) -> Deblurred:
            if sample.name == "001":
                raise error
            return Deblurred(sample.image)

    return Raises


@pytest.mark.parametrize("error", [TypeError("no"), KeyError("no"), OSError("no"), AttributeError("no")])
def test_whatever_a_method_raises_for_one_image_the_others_go_on(make_pairs, tmp_path: Path, error: Exception) -> None:
    _, summary = runner.run(task_for(make_pairs(3)), raising(error), tmp_path / "results")
    assert summary.done == 2
    assert summary.failed["001"].startswith(type(error).__name__)


def test_an_image_whose_damage_no_header_shows_fails_alone(make_pairs, tmp_path: Path) -> None:
    root = make_pairs(3)
    path = root / "source" / "001.png"
    content = path.read_bytes()
    path.write_bytes(content[:200] + bytes(60) + content[260:])
    _, summary = runner.run(task_for(root), Smooth, tmp_path / "results")
    assert summary.done == 2
    assert "001.png" in summary.failed["001"]


def test_a_score_that_is_nan_fails_its_image_alone(make_pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    protocol = type(registry.protocol("ifan-cvpr21"))
    score: Callable = protocol.score
    answers = iter([25.0, float("nan"), 26.0])
    monkeypatch.setattr(protocol, "score", lambda *given, **named: {"psnr": next(answers)})
    assert callable(score)
    _, summary = runner.run(task_for(make_pairs(3)), Smooth, tmp_path / "results")
    assert summary.failed == {"001": "ValueError: psnr is NaN"}


def test_a_results_folder_that_cannot_be_written_ends_the_run(
    make_pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self, name, content):
        raise InputError("the disk is full")

    monkeypatch.setattr("benchmark.results.run.Run.keep_output", full)
    with pytest.raises(CannotWrite, match="the disk is full"):
        runner.run(task_for(make_pairs(2)), Smooth, tmp_path / "results")


class Old(Method):
    """As a plug-in for 0.1 had it."""

    card = MethodCard("old", "Old", "single", "of the first release")

    def deblur(self, sample: Sample) -> torch.Tensor:  # type: ignore[override]
        """A tensor."""
        return sample.image


def test_a_method_written_for_the_first_release_is_told_what_changed(make_pairs, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"written for ifan-bench 0\.1: deblur now takes \(sample, context\)"):
        runner.run(task_for(make_pairs(1)), Old, tmp_path / "results")


def test_a_method_that_returns_no_deblurred_is_told_what_to_return(make_pairs, tmp_path: Path) -> None:
    class Plain(Smooth):
        def deblur(self, sample, context):
            return sample.image

    _, summary = runner.run(task_for(make_pairs(1)), Plain, tmp_path / "results")
    assert summary.failed == {"000": "TypeError: the method returned Tensor; it must return Deblurred(image)"}


def test_the_clock_waits_for_whatever_accelerator_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = []
    monkeypatch.setattr(torch.accelerator, "synchronize", waited.append)
    for name in ("xpu", "mps", "cuda:1", "cpu"):
        timing.waiting(torch.device(name))()
    assert waited == [torch.device("xpu"), torch.device("mps"), torch.device("cuda:1")]
