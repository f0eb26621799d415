"""A study's file runs what is missing and writes every table; outputs are scored again without the method."""

from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmark import registry
from benchmark.commands.app import app
from benchmark.datasets.folder import PairedFolder
from benchmark.leaderboards.study import Study, read_study, run_study
from benchmark.protocols import PROTOCOLS
from benchmark.results.choice import Chosen, choose, every_run
from benchmark.running import runner
from benchmark.running.rescoring import rescore
from benchmark.running.runner import Progress, Task
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

    def prepare(choice, protocol: str | None) -> Task:
        data = registry.dataset(choice.name)(choice.root)
        return runner.prepare(data, PROTOCOLS[protocol or "ifan-cvpr21"], study.metrics, study.limit)

    return computed, run_study(study, prepare, showing).problems


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
    records = choose(study.results, "input", protocol="nrknet").folder.path / "records.jsonl"
    records.write_text(records.read_text().splitlines(keepends=True)[0])
    computed, _ = run(study)
    assert computed == ["input on folder, nrknet: 001"]


def test_what_cannot_run_is_told_and_the_rest_goes_on(study_file: Path) -> None:
    study_file.write_text(TEXT.replace('"input", {', '"input", "ifan-dual", {'))
    computed, problems = run(read_study(study_file))
    assert len(computed) == 8
    assert len(problems) == 2
    assert all("dual-pixel views" in problem for problem in problems)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("methods", "method"), "no key in .* named method; did you mean methods"),
        (('"input", {', '"inptu", {'), "did you mean input"),
        (('"nrknet"', '"nrknett"'), "did you mean nrknet"),
        (('"html"', '"htm"'), "did you mean html"),
        (('["2"]', '["6"]'), "no table of the paper named 6"),
        (('baseline = "input"', 'baseline = "ifan"'), "no method of this study to compare with named ifan"),
        (('["psnr", "mae"]', '"psnr"'), "metrics is 'psnr'; it must be a list"),
        (("root", "rot"), "did you mean root"),
        (("methods = [", "methods = [["), "is no TOML"),
        (('datasets = [{ name = "folder", root = "pairs" }]', "datasets = []"), "lacks datasets"),
        (("protocols =", "limit = 0\nprotocols ="), "limit is 0"),
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
    return runner.prepare(PairedFolder(root), PROTOCOLS[protocol], METRICS)


@pytest.fixture
def ran(make_pairs, tmp_path: Path) -> tuple[Path, Chosen]:
    root = make_pairs(2)
    folder, _ = runner.run(task_for(root, "ifan-cvpr21"), registry.method("hyper-laplacian"), tmp_path / "results")
    return root, Chosen(folder, folder.description)


@pytest.mark.parametrize("protocol", ["aligned", "blur-stratified", "ifan-cvpr21"])
def test_rescored_outputs_score_as_a_run_under_the_protocol_would(ran, protocol: str, tmp_path: Path) -> None:
    root, run = ran
    task = task_for(root, protocol)
    folder, scored = rescore(run, task, tmp_path / "results")
    _, expected = runner.run(task, registry.method("hyper-laplacian"), tmp_path / "fresh")
    assert scored.scores["psnr"] == pytest.approx(expected.scores["psnr"], abs=1e-3)
    assert scored.scores["ssim"] == pytest.approx(expected.scores["ssim"], abs=1e-5)
    assert folder.description["determinants"]["rescored"] == run.description["id"]
    assert folder.path != run.folder.path
    first = next(iter(folder.records().values()))
    assert first.seconds == run.folder.records()[first.name].seconds


@pytest.mark.parametrize("protocol", ["ifan-cvpr21-16bit", "nrknet", "restormer"])
def test_outputs_of_other_input_are_not_scored_again(ran, protocol: str, tmp_path: Path) -> None:
    root, run = ran
    with pytest.raises(InputError, match="reads images otherwise"):
        rescore(run, task_for(root, protocol), tmp_path / "results")


def test_clipped_outputs_are_not_scored_by_a_protocol_that_does_not_clip(make_pairs, tmp_path: Path) -> None:
    task = runner.prepare(PairedFolder(make_pairs(1)), PROTOCOLS["drbnet"], ("psnr",))
    folder, _ = runner.run(task, registry.method("input"), tmp_path / "results")
    with pytest.raises(InputError, match="saved outputs are clipped"):
        rescore(Chosen(folder, folder.description), task, tmp_path / "results")


def test_outputs_on_other_images_are_not_scored_again(ran, make_pairs, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is on other images"):
        rescore(ran[1], task_for(make_pairs(3, name="others"), "aligned"), tmp_path / "results")
