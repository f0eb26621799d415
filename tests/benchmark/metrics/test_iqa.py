"""Metrics of pyiqa through one adapter: directions from it, its traps handled, and what was loaded recorded."""

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import standin_pyiqa
import torch
from typer.testing import CliRunner

from benchmark import registry
from benchmark.commands.app import app
from benchmark.datasets.folder import PairedFolder
from benchmark.leaderboards.build import build
from benchmark.leaderboards.render.formats import to_csv, to_table
from benchmark.metrics.card import MetricCard
from benchmark.metrics.iqa import catalogue
from benchmark.metrics.iqa.metric import weights_sha256
from benchmark.results.choice import every_run
from benchmark.running import runner
from benchmark.running.task import Task, prepare
from realdof.common.errors import InputError


@pytest.fixture
def pyiqa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    standin_pyiqa.install(tmp_path / "site", monkeypatch)
    yield tmp_path / "site"
    monkeypatch.undo()
    standin_pyiqa.forget()


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    standin_pyiqa.forget()
    monkeypatch.setattr(catalogue, "is_installed", lambda: False)
    yield
    standin_pyiqa.forget()


def image(seed: int = 0, height: int = 40, width: int = 56) -> torch.Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("name", "better", "bounds", "needs"),
    [
        ("pyiqa:psnr", "higher", (-np.inf, np.inf), {"output", "target"}),
        ("pyiqa:ssim", "higher", (0, 1), {"output", "target"}),
        ("pyiqa:dists", "lower", (0, np.inf), {"output", "target"}),
        ("pyiqa:musiq", "higher", (-np.inf, np.inf), {"output"}),
        ("pyiqa:musiq@input", "higher", (-np.inf, np.inf), {"input"}),
        ("pyiqa:clipiqa+_vitL14_512", "higher", (0, 1), {"output"}),
    ],
)
@pytest.mark.usefixtures("pyiqa")
def test_direction_and_range_are_pyiqas_and_estimates_are_no_bounds(
    name: str, better: str, bounds: tuple[float, float], needs: set[str]
) -> None:
    card = registry.metric_card(name)
    assert (card.name, card.better, card.range, set(card.needs)) == (name, better, bounds, needs)
    assert MetricCard.model_validate(json.loads(card.model_dump_json())) == card


@pytest.mark.usefixtures("pyiqa")
def test_the_card_of_a_loaded_metric_records_version_options_and_the_hash_of_its_weights() -> None:
    facts = registry.recorded_card("pyiqa:musiq").facts
    assert facts["package"] == "pyiqa 9.9"
    assert json.loads(facts["options"]) == {"type": "MUSIQ"}
    assert facts["weights"] == weights_sha256(torch.nn.ParameterDict({"weight": torch.tensor([0.5])}))
    assert registry.recorded_card("pyiqa:psnr").facts["weights"] == "", "a metric without weights has no hash"
    assert f"weights {facts['weights'][:12]}" in registry.recorded_card("pyiqa:musiq").source


def test_the_hash_tells_weights_that_did_not_load_from_those_that_did() -> None:
    torch.manual_seed(0)
    network = torch.nn.Conv2d(3, 4, 3)
    loaded = {name: value + 1 for name, value in network.state_dict().items()}
    before = weights_sha256(network)
    # Names that do not fit are skipped in silence: the network keeps its random weights, and so its hash.
    network.load_state_dict({f"net.{name}": value for name, value in loaded.items()}, strict=False)
    assert weights_sha256(network) == before
    network.load_state_dict(loaded)
    assert weights_sha256(network) != before


def test_the_hash_covers_files_that_a_network_names(tmp_path: Path) -> None:
    network = torch.nn.Identity()
    network.parameters_file = str(tmp_path / "niqe.mat")  # type: ignore[assignment]
    assert weights_sha256(network) == ""
    (tmp_path / "niqe.mat").write_bytes(b"one")
    one = weights_sha256(network)
    (tmp_path / "niqe.mat").write_bytes(b"two")
    assert len({"", one, weights_sha256(network)}) == 3


@pytest.mark.usefixtures("pyiqa")
def test_random_crops_are_drawn_alike_for_every_image_and_leave_other_random_numbers_alone() -> None:
    measure = registry.metric("pyiqa:maniqa")
    states = np.random.get_state()[1].copy(), random.getstate(), torch.get_rng_state()  # noqa: NPY002
    values = {measure(output=image(height=200)) for _ in range(5)}
    assert len(values) == 1
    assert (np.random.get_state()[1] == states[0]).all()  # noqa: NPY002
    assert random.getstate() == states[1]
    assert torch.equal(torch.get_rng_state(), states[2])


@pytest.mark.usefixtures("pyiqa")
def test_images_beyond_0_to_1_are_clipped_where_pyiqa_would_fail() -> None:
    target = image()
    measure = registry.metric("pyiqa:dists")
    assert measure(output=target * 3 - 1, target=target) == measure(output=(target * 3 - 1).clamp(0, 1), target=target)


@pytest.mark.usefixtures("pyiqa")
def test_identical_images_score_80_db_and_the_card_says_so() -> None:
    target = image()
    assert registry.metric("pyiqa:psnr")(output=target, target=target) == pytest.approx(80)
    assert "identical images score 80, not infinity" in registry.metric_card("pyiqa:psnr").source


@pytest.mark.usefixtures("pyiqa")
def test_rounding_beyond_an_exact_bound_is_put_on_it() -> None:
    target = image()
    assert registry.metric("pyiqa:ssim")(output=target, target=target) == 1.0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pyiqa:ssim", "on the luma, while the protocols' ssim is on RGB"),
        ("pyiqa:maniqa", "random crops, drawn alike for every image"),
        ("pyiqa:clipiqa+_vitL14_512", "several GB at 8 to 12 megapixels"),
        ("pyiqa:musiq", "values of other papers, versions and sizes do not compare"),
    ],
)
@pytest.mark.usefixtures("pyiqa")
def test_the_card_names_the_metrics_trap(name: str, said: str) -> None:
    assert said in registry.metric_card(name).source


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pyiqa:musik", "pyiqa 9.9 has no metric named musik; did you mean pyiqa:musiq"),
        ("pyiqa:fid", "pyiqa:fid scores a set of images"),
        ("pyiqa:dists@input", "needs the all-in-focus image; only no-reference metrics are measured of the input"),
    ],
)
@pytest.mark.usefixtures("pyiqa")
def test_what_cannot_be_measured_is_one_sentence(name: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        registry.metric_card(name)


@pytest.mark.usefixtures("pyiqa")
def test_weights_that_cannot_be_had_are_named_with_address_and_place() -> None:
    with pytest.raises(InputError, match=r"put https://huggingface.co/w/broken.pth at /cache/broken.pth, whole"):
        registry.metric("pyiqa:broken")


@pytest.mark.usefixtures("absent")
def test_without_pyiqa_the_metric_names_what_to_install() -> None:
    with pytest.raises(InputError, match=r"need pyiqa: pip install 'ifan-bench\[iqa\]'"):
        registry.metric_card("pyiqa:musiq")
    done = CliRunner().invoke(app, ["metrics"])
    assert done.exit_code == 0
    assert "pyiqa:NAME is any of its metrics" in done.output


@pytest.fixture
def task(pyiqa: Path, make_pairs) -> Task:  # type: ignore[no-untyped-def]
    dataset = PairedFolder(make_pairs(2))
    return prepare(dataset, registry.protocol("ifan-cvpr21"), ("psnr", "pyiqa:dists", "pyiqa:musiq"))


def test_a_no_reference_metric_is_measured_of_the_input_too(task: Task, tmp_path: Path) -> None:
    assert list(task.metrics) == ["psnr", "pyiqa:dists", "pyiqa:musiq", "pyiqa:musiq@input"]
    run, summary = runner.run(task, registry.method("input"), tmp_path / "results")
    assert summary.scores["pyiqa:musiq"] == summary.scores["pyiqa:musiq@input"], "the method returns its input"
    assert run.columns["pyiqa:musiq"].facts["package"] == "pyiqa 9.9"
    sizes = {record.size for record in run.records().values()}
    assert len(sizes) == 1
    height, width = next(iter(sizes)) or (0, 0)
    table = to_table(build(tmp_path / "results", "folder", "ifan-cvpr21"))
    assert {"pyiqa:dists ↓", "pyiqa:musiq ↑", "pyiqa:musiq of the input ↑"} <= set(table.columns)
    assert any(f"measured images of {width}x{height}" in note for note in table.notes)
    assert any("pyiqa 9.9, no reference, weights" in note for note in table.notes)


def test_results_are_read_without_pyiqa(task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner.run(task, registry.method("input"), tmp_path / "results")
    standin_pyiqa.forget()
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place != str(tmp_path / "site")])
    board = build(tmp_path / "results", "folder", "ifan-cvpr21")
    assert "pyiqa:musiq@input" in to_csv(board).splitlines()[0]
    assert "pyiqa" not in sys.modules, "tables do not import it"


def test_a_run_is_not_continued_with_other_weights_or_another_version(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.run(task, registry.method("input"), tmp_path / "results")
    for name, options in {"weights": {"weight": 0.25}, "package": {"version": "10.0"}}.items():
        monkeypatch.setattr(sys, "path", [place for place in sys.path if place != str(tmp_path / "site")])
        standin_pyiqa.install(tmp_path / name, monkeypatch, **options)  # type: ignore[arg-type]
        again = prepare(task.dataset, task.protocol, ("psnr", "pyiqa:musiq"))
        with pytest.raises(InputError, match=f"was scored by pyiqa:musiq with {name}"):
            runner.run(again, registry.method("input"), tmp_path / "results")
        monkeypatch.setattr(sys, "path", [place for place in sys.path if place != str(tmp_path / name)])
    assert len(every_run(tmp_path / "results")) == 1


def test_what_pyiqa_prints_while_loading_stays_out_of_the_output(
    pyiqa: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registry.metric("pyiqa:musiq")
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("pyiqa")
def test_check_metric_tries_a_metric_of_pyiqa() -> None:
    done = CliRunner().invoke(app, ["check-metric", "pyiqa:dists"])
    assert done.exit_code == 0, done.output
