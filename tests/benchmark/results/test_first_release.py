"""A results folder that the first release wrote is read, kept and continued; ``tests/data/first_release`` is one."""

import json
import shutil
from pathlib import Path

import pytest

from baselines.identity import Input
from benchmark import registry
from benchmark.datasets.folder import PairedFolder
from benchmark.leaderboards.build import build
from benchmark.results.choice import choose, every_run
from benchmark.results.merge import merge
from benchmark.running import runner
from benchmark.running.task import Task, prepare

WRITTEN = Path(__file__).parents[2] / "data" / "first_release"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WRITTEN / "results", tmp_path / "results"))


def task() -> Task:
    return prepare(PairedFolder(WRITTEN / "pairs"), registry.protocol("ifan-cvpr21"), ("psnr", "ssim", "mae"))


def test_every_run_is_read_and_its_id_is_that_of_its_settings(results: Path) -> None:
    runs = every_run(results)
    assert [run.settings.method for run in runs] == ["ifan", "input", "input"]
    for run in runs:
        assert run.settings.id == run.id == run.path.name
        assert run.finished
        assert run.description.summary == run.summary().model_copy(update={"failed": {}})


def test_its_environment_is_the_first_attempt_and_its_weights_keep_their_words(results: Path) -> None:
    run = choose(results, "ifan")
    (attempt,) = run.attempts
    assert attempt.date == run.description.created
    assert attempt.packages["torch"] == "2.13.0+cpu"
    assert attempt.command[:2] == ["ifan-bench", "run"]
    assert run.weights is not None
    assert (run.weights.name, run.weights.published) == ("synthetic", False)
    assert run.complexity is not None
    assert run.complexity.convention == "ptflops-0.6"


def test_a_rescored_run_keeps_both_environments_and_shares_the_outputs(results: Path) -> None:
    origin, scored = (choose(results, "input", protocol=name) for name in ("ifan-cvpr21", "aligned"))
    (measured,) = scored.description.measured
    assert not measured.differs(origin.attempts[0].model_copy(update={"date": measured.date}))
    assert measured.command == origin.attempts[0].command
    assert scored.attempts[0].command[1] == "results"
    assert scored.output("000") == origin.output("000")


def test_the_same_command_finds_the_run_and_computes_nothing(results: Path) -> None:
    before = {path: path.read_bytes() for path in results.rglob("records.jsonl")}
    found, summary = runner.run(task(), Input, results)
    assert found.id == choose(results, "input", protocol="ifan-cvpr21").id
    assert summary.done == 2
    assert {path: path.read_bytes() for path in results.rglob("records.jsonl")} == before


def test_computed_again_it_has_two_attempts_and_loses_neither(results: Path) -> None:
    old = choose(results, "input", protocol="ifan-cvpr21")
    again, _ = runner.run(task(), Input, results, again=True)
    assert again.attempts[0].date == old.attempts[0].date
    assert len(again.attempts) == 2
    assert {record.attempt for record in again.records().values()} == {1}
    assert json.loads((again.path / "run.json").read_text())["schema"] == 2
    assert {name: record.scores for name, record in again.records().items()} == {
        name: record.scores for name, record in old.records().items()
    }


def test_it_stands_in_leaderboards_and_can_be_merged(results: Path, tmp_path: Path) -> None:
    board = build(results, "folder", "ifan-cvpr21")
    assert {row.method for row in board.rows if row.kind == "measured"} == {"ifan", "input"}
    assert [one.records for one in merge(results, tmp_path / "elsewhere")] == [2, 2, 2]
