"""Two runs compared image by image: who wins where, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from made_results import make_run, scattered
from scipy import stats
from typer.testing import CliRunner

from benchmark.commands.app import app
from benchmark.leaderboards.compare import Comparison, compare, image_table, summary_table, to_json, write_strips
from benchmark.leaderboards.render.tables import to_markdown
from benchmark.results.choice import choose
from realdof.common.errors import InputError
from realdof.images.files import read_pixels, write_pixels


def of(results: Path, a: str, b: str) -> Comparison:
    return compare(choose(results, a), choose(results, b))


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    base = scattered(25.0, 20)
    gains = np.linspace(1.0, -0.5, 20)
    make_run(tmp_path, "ours", [float(value) for value in base + gains])
    make_run(tmp_path, "theirs", base)
    return tmp_path


def test_means_wins_and_tests_are_those_of_the_paired_scores(pair: Path) -> None:
    found = of(pair, "ours", "theirs")
    result = found.metrics["psnr"].result
    gains = np.linspace(1.0, -0.5, 20)
    assert found.metrics["psnr"].column.title == "PSNR"
    assert result.difference.mean == pytest.approx(0.25)
    assert (result.wins, result.losses) == (int((gains > 0).sum()), int((gains < 0).sum()))
    assert result.wilcoxon_p == pytest.approx(stats.wilcoxon(gains).pvalue)
    # A lower error is a win too, on the same images.
    assert found.metrics["mae"].result.wins == result.wins


def test_images_stand_from_the_largest_win_to_the_largest_loss(pair: Path) -> None:
    found = of(pair, "ours", "theirs")
    assert [row.name for row in found.metrics["psnr"].images] == [f"{number:03d}" for number in range(20)]
    table = image_table(found, "psnr", 2)
    assert [row[0].text for row in table.rows] == ["000", "001", "018", "019"]
    assert [row[1].text for row in table.rows] == ["wins", "wins", "loses", "loses"]


def test_the_better_mean_is_marked_and_the_baselines_swap_turns_the_signs(pair: Path) -> None:
    there, back = summary_table(of(pair, "ours", "theirs")), summary_table(of(pair, "theirs", "ours"))
    assert there.rows[0][1].mark == "best"
    assert back.rows[0][2].mark == "best"
    assert there.rows[0][3].text == "+0.25"
    assert back.rows[0][3].text == "−0.25"
    assert "PSNR ↑" in to_markdown(there)


def test_only_images_that_both_have_are_compared_and_the_others_named(tmp_path: Path) -> None:
    make_run(tmp_path, "a", [25.0, 26.0], failed=1)
    make_run(tmp_path, "b", [24.0, 25.0, 26.0])
    found = of(tmp_path, "a", "b")
    assert found.metrics["psnr"].result.images == 2
    assert found.missing == ("002",)
    assert "only one of them has a result: 002" in to_markdown(summary_table(found))


def test_images_with_an_infinite_score_count_and_are_named(tmp_path: Path) -> None:
    inf = float("inf")
    make_run(tmp_path, "a", [inf, inf, 25.0, 24.0])
    make_run(tmp_path, "b", [inf, 30.0, 26.0, 23.0])
    found = of(tmp_path, "a", "b")
    one = found.metrics["psnr"]
    assert one.infinite == ("000", "001")
    assert (one.result.wins, one.result.losses, one.result.ties) == (2, 1, 1)
    assert [(row.name, row.gain) for row in one.images] == [("001", inf), ("003", 1.0), ("000", 0.0), ("002", -1.0)]
    assert (one.result.images, one.result.mean_a) == (2, 24.5)
    assert "PSNR is infinite for 000, 001: counted as wins, losses or ties" in to_markdown(summary_table(found))
    assert json.loads(to_json(found))["images"]["psnr"][0]["gain"] == "inf"


def test_runs_that_are_perfect_on_every_image_tie(tmp_path: Path) -> None:
    for method in ("a", "b"):
        make_run(tmp_path, method, [float("inf")] * 3)
    found = of(tmp_path, "a", "b")
    result = found.metrics["psnr"].result
    assert (result.images, result.ties) == (0, 3)
    assert [cell.text for cell in summary_table(found).rows[0][1:5]] == [""] * 4
    assert json.loads(to_json(found))["metrics"]["psnr"]["mean_a"] is None


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"protocol": "nrknet"}, "differ in protocol"),
        ({"dataset": "realdof"}, "differ in dataset"),
        ({"images": "beef"}, "differ in images"),
        ({"version": 0}, "differ in protocol version"),
    ],
)
def test_runs_that_share_no_ground_are_refused(tmp_path: Path, other: dict[str, str], said: str) -> None:
    make_run(tmp_path, "a", 25.0)
    make_run(tmp_path, "b", 25.0, **other)
    with pytest.raises(InputError, match=said):
        of(tmp_path, "a", "b")


def test_a_run_is_meant_by_its_folder_its_id_or_its_method(pair: Path) -> None:
    by_name = choose(pair, "ours")
    identity = by_name.id
    assert choose(pair, identity[:6]).path == by_name.path
    assert choose(Path("nowhere"), str(by_name.path)).description == by_name.description
    with pytest.raises(InputError, match=r"has no run mine; there are ours"):
        choose(pair, "mine")
    make_run(pair, "ours", 25.0, weights="synthetic")
    with pytest.raises(InputError, match="ours means 2 runs"):
        choose(pair, "ours")


def test_strips_show_both_outputs_in_the_tables_order(pair: Path, tmp_path: Path) -> None:
    found = of(pair, "ours", "theirs")
    for run, level in ((found.a, 60000), (found.b, 5000)):
        for name in ("000", "019"):
            write_pixels(run.output(name), np.full((64, 80, 3), level, np.uint16))
    paths = write_strips(found, "psnr", 1, tmp_path / "pictures")
    assert [path.name for path in paths] == ["01-wins-000.png", "02-loses-019.png"]
    strip = read_pixels(paths[0])
    assert strip.shape == (64, 168, 3)
    assert strip[0, 0, 0] == 60000 >> 8
    assert strip[0, -1, 0] == 5000 >> 8


def test_the_command_prints_both_tables_and_json(pair: Path) -> None:
    runner = CliRunner()
    shown = runner.invoke(app, ["compare", "ours", "theirs", "--results", str(pair), "--format", "markdown"])
    assert shown.exit_code == 0, shown.output
    assert "Where ours wins and loses against theirs, by PSNR" in shown.output
    printed = runner.invoke(app, ["compare", "ours", "theirs", "--results", str(pair), "--format", "json"])
    assert json.loads(printed.output)["metrics"]["psnr"]["wins"] == 13
