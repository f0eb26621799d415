"""A study's file runs what is missing and writes every table; outputs are scored again without the method."""

from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmark import registry
from benchmark.commands.app import app
from benchmark.datasets.folder import PairedFolder
from benchmark.results.choice import choose, every_run
from benchmark.results.run import Run
from benchmark.running import runner
from benchmark.running.runner import Progress, rescore
from benchmark.running.task import Task, prepare
from benchmark.studies import study as study_module
from benchmark.studies.file import Study, read_study
from benchmark.studies.study import run_study
from realdof.common.errors import InputError

METRICS = ("psnr", "ssim", "mae")
TEXT = """
methods = ["input", { name = "hyper-laplacian" }]
datasets = [{ name = "folder", root = "pairs" }]
protocols = ["ifan-cvpr21", "nrknet"]
metrics = ["psnr", "mae"]
formats = ["markdown", "html", "json", "csv", "latex"]
baseline = "input"
paper-tables = ["2"]
"""


@pytest.fixture
def study_file(make_pairs, tmp_path: Path) -> Path:
    make_pairs(2)
    path = tmp_path / "study.toml"
    path.write_text(TEXT)
    return path


def run(study: Study) -> tuple[list[str], list[str]]:
    """Run a study; the images computed, and its problems."""
    computed: list[str] = []

    @contextmanager
    def showing(title: str):
        def report(progress: Progress) -> None:
            if progress.record is not None:
                computed.append(f"{title}: {progress.record.name}")

        yield report

    return computed, run_study(study, showing).problems


def test_a_study_runs_every_method_under_every_protocol_and_writes_all_tables(study_file: Path, tmp_path: Path) -> None:
    study = read_study(study_file)
    computed, problems = run(study)
    assert problems == []
    assert len(computed) == 2 * 2 * 2
    written = {path.name for path in study.tables.iterdir()}
    for protocol in ("ifan-cvpr21", "nrknet"):
        stem = f"leaderboard-folder-{protocol}"
        assert {f"{stem}.{suffix}" for suffix in ("md", "html", "json", "csv", "tex")} <= written
        assert any(name.startswith(f"compare-folder-{protocol}-hyper-laplacian") for name in written)
    assert "paper-table-2.html" in written
    assert len(every_run(study.results)) == 4
    assert study.results == tmp_path / "results"


def test_a_second_time_only_what_is_missing_is_computed(study_file: Path) -> None:
    study = read_study(study_file)
    run(study)
    records = choose(study.results, "input", protocol="nrknet").path / "records.jsonl"
    records.write_text(records.read_text().splitlines(keepends=True)[0])
    computed, _ = run(study)
    assert computed == ["input on folder, nrknet: 001"]


def test_a_protocol_that_reads_alike_scores_the_outputs_and_computes_no_method_again(
    study_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study_file.write_text(TEXT.replace('["ifan-cvpr21", "nrknet"]', '["aligned", "ifan-cvpr21"]'))
    study, really = read_study(study_file), runner.run
    times_run: list[Task] = []

    def counted(task: Task, *arguments: Any, **options: Any):
        times_run.append(task)
        return really(task, *arguments, **options)

    monkeypatch.setattr(runner, "run", counted)
    computed, problems = run(study)
    assert problems == []
    assert [task.protocol.name for task in times_run] == ["ifan-cvpr21"] * 2, "the set's own protocol goes first"
    assert len(computed) == 2 * 2 * 2
    for method in ("input", "hyper-laplacian"):
        scored, own = (choose(study.results, method, protocol=name) for name in ("aligned", "ifan-cvpr21"))
        assert scored.settings.rescored == own.id
    computed, _ = run(study)
    assert computed == [], "a second time nothing is scored either"


def test_a_root_that_is_not_there_is_refused_before_anything_is_run(study_file: Path) -> None:
    study_file.write_text(TEXT.replace('root = "pairs"', 'root = "paris"'))
    with pytest.raises(InputError, match=r"there is no folder .*paris; root of folder"):
        read_study(study_file)


def test_a_data_set_that_is_not_whole_is_told_at_the_start(study_file: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    study_file.write_text(
        TEXT.replace("datasets = [", 'datasets = [{ name = "folder", root = "empty" }, ').replace(', "nrknet"', "")
    )
    told: list[str] = []
    seen: list[int] = []

    @contextmanager
    def showing(title: str):
        seen.append(len(told))
        yield lambda progress: None

    outcome = run_study(read_study(study_file), showing, telling=told.append)
    assert outcome.problems == told
    assert len(told) == 1
    assert "empty" in told[0]
    assert seen == [1, 1], "before the first run"


def test_what_cannot_run_is_told_and_the_rest_goes_on(study_file: Path) -> None:
    study_file.write_text(TEXT.replace('"input", {', '"input", "ifan-dual", {'))
    computed, problems = run(read_study(study_file))
    assert len(computed) == 8
    assert len(problems) == 2
    assert all("dual-pixel views" in problem for problem in problems)


def test_a_comparison_that_cannot_be_made_is_told_and_the_others_are_written(
    study_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = study_module.compare

    def some(a: Run, b: Run):
        if a.settings.protocol == "ifan-cvpr21":
            raise InputError("no image with a finite PSNR in both")
        return compared(a, b)

    monkeypatch.setattr(study_module, "compare", some)
    study = read_study(study_file)
    _, problems = run(study)
    assert problems == ["hyper-laplacian against input: no image with a finite PSNR in both"]
    assert [path.name.split("-")[2] for path in study.tables.glob("compare-*")] == ["nrknet"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("methods", "method"), "method: there is no such field, did you mean methods"),
        (('"input", {', '"inptu", {'), "did you mean input"),
        (('"nrknet"', '"nrknett"'), "did you mean nrknet"),
        (('"html"', '"htm"'), "did you mean html"),
        (('["2"]', '["6"]'), "no table of the paper named 6"),
        (('baseline = "input"', 'baseline = "ifan"'), "no method of this study to compare with named ifan"),
        (('["psnr", "mae"]', '"psnr"'), 'metrics: input should be .*, found "psnr"'),
        (("root", "rot"), "rot: there is no such field, did you mean root"),
        (("methods = [", "methods = [["), "is no TOML"),
        (
            ('datasets = [{ name = "folder", root = "pairs" }]', "datasets = []"),
            "datasets: tuple should have at least 1 item",
        ),
        (("protocols =", "limit = 0\nprotocols ="), "limit: input should be greater than or equal to 1, found 0"),
    ],
)
def test_a_slip_in_the_file_is_one_sentence_before_anything_is_run(
    study_file: Path, change: tuple[str, str], said: str
) -> None:
    study_file.write_text(TEXT.replace(*change))
    with pytest.raises(InputError, match=said):
        read_study(study_file)


def test_the_command_writes_the_tables(study_file: Path) -> None:
    study_file.write_text(TEXT.replace('"ifan-cvpr21", "nrknet"', '"ifan-cvpr21"').replace(", { name", ", { name"))
    result = CliRunner().invoke(app, ["study", str(study_file)])
    assert result.exit_code == 0, result.output
    assert "leaderboard-folder-ifan-cvpr21.html" in result.output


def task_for(root: Path, protocol: str) -> Task:
    return prepare(PairedFolder(root), registry.protocol(protocol), METRICS)


@pytest.fixture
def ran(make_pairs, tmp_path: Path) -> tuple[Path, Run]:
    root = make_pairs(2, bits=16)
    folder, _ = runner.run(task_for(root, "ifan-cvpr21"), registry.method("hyper-laplacian"), tmp_path / "results")
    return root, folder


@pytest.mark.parametrize("protocol", ["aligned", "blur-stratified", "ifan-cvpr21"])
def test_rescored_outputs_score_as_a_run_under_the_protocol_would(ran, protocol: str, tmp_path: Path) -> None:
    root, run = ran
    task = task_for(root, protocol)
    folder, scored = rescore(run, task, tmp_path / "results")
    _, expected = runner.run(task, registry.method("hyper-laplacian"), tmp_path / "fresh")
    assert scored.scores["psnr"] == pytest.approx(expected.scores["psnr"], abs=1e-3)
    assert scored.scores["ssim"] == pytest.approx(expected.scores["ssim"], abs=1e-5)
    assert folder.settings.rescored == run.id
    assert folder.path != run.path
    first = next(iter(folder.records().values()))
    assert first.seconds == run.records()[first.name].seconds


@pytest.mark.parametrize("protocol", ["ifan-cvpr21-16bit", "nrknet", "restormer"])
def test_outputs_of_other_input_are_not_scored_again(ran, protocol: str, tmp_path: Path) -> None:
    root, run = ran
    with pytest.raises(InputError, match="reads images otherwise"):
        rescore(run, task_for(root, protocol), tmp_path / "results")


def test_clipped_outputs_are_not_scored_by_a_protocol_that_does_not_clip(make_pairs, tmp_path: Path) -> None:
    task = prepare(PairedFolder(make_pairs(1)), registry.protocol("drbnet"), ("psnr",))
    folder, _ = runner.run(task, registry.method("input"), tmp_path / "results")
    with pytest.raises(InputError, match="saved outputs are clipped"):
        rescore(folder, task, tmp_path / "results")


def test_outputs_on_other_images_are_not_scored_again(ran, make_pairs, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is on other images"):
        rescore(ran[1], task_for(make_pairs(3, name="others"), "aligned"), tmp_path / "results")


def test_a_run_on_part_of_a_data_set_is_scored_again_without_its_list(make_pairs, tmp_path: Path) -> None:
    root, results = make_pairs(3), tmp_path / "results"
    (tmp_path / "indoor.txt").write_text("000\n002\n")
    data = ["--root", str(root), "--metrics", "psnr", "--results", str(results)]
    part = ["--dataset", "folder", "--subset", str(tmp_path / "indoor.txt")]
    ran = CliRunner().invoke(app, ["run", "--method", "input", *part, *data])
    assert ran.exit_code == 0, ran.output
    scored = CliRunner().invoke(app, ["results", "rescore", "input", "--protocol", "aligned", *data])
    assert scored.exit_code == 0, (scored.output, scored.exception)
    found = choose(results, "input", protocol="aligned")
    assert found.settings.dataset == "folder@indoor"
    assert list(found.records()) == ["000", "002"]
