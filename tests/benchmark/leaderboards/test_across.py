"""The table over data sets: ranks among methods that have them all, and what is missing shown as missing."""

import csv
import io
from pathlib import Path

import pytest
from made_results import make_run
from typer.testing import CliRunner

from benchmark.commands.app import app
from benchmark.leaderboards.across import across_table, build_across
from realdof.common.errors import InputError

PROTOCOLS = {"dpdd": "ifan-cvpr21", "realdof": "ifan-cvpr21"}


def three_methods(folder: Path) -> None:
    """A has both ranks 1 and 2, b the other way round but for one place more; c lacks a data set."""
    for method, figures in {"a": (26.0, 23.0), "b": (25.0, 24.0), "c": (27.0, None), "d": (24.0, 22.0)}.items():
        for dataset, psnr in zip(PROTOCOLS, figures, strict=True):
            if psnr is not None:
                make_run(folder, method, psnr, dataset=dataset)


def test_methods_with_every_data_set_come_first_by_mean_rank_and_the_others_have_none(tmp_path: Path) -> None:
    three_methods(tmp_path)
    found = build_across(tmp_path)
    assert dict(found.protocols) == PROTOCOLS
    measured = [(row.method, row.mean_rank) for row in found.rows if row.kind == "measured"]
    assert measured == [("a", 1.5), ("b", 1.5), ("d", 3.0), ("c", None)], "c's 27 dB take no place from a"


def test_a_missing_figure_is_shown_as_missing(tmp_path: Path) -> None:
    three_methods(tmp_path)
    table = across_table(build_across(tmp_path))
    rows = {row[0].text: row for row in table.rows if row[2].text == "measured"}
    assert [cell.text for cell in rows["c"]] == ["c", "official", "measured", "27.00", "missing", "", "1 of 2"]
    assert [cell.text for cell in rows["a"]][3:] == ["26.00", "23.00", "1.50", "2 of 2"]
    assert rows["c"][3].mark == "best", "the best figure of a data set is marked, whoever has it"


def test_published_figures_stand_below_muted_and_unranked(tmp_path: Path) -> None:
    three_methods(tmp_path)
    table = across_table(build_across(tmp_path))
    published = {row[0].text: [cell.text for cell in row] for row in table.rows if row[2].text == "published"}
    assert published["ifan"][3:] == ["25.37", "24.71", "", "2 of 2"]
    assert published["dpdnet-d"][3:5] == ["25.23", "missing"]
    assert {at for at, row in enumerate(table.rows) if row[2].text == "published"} == set(table.muted)


def test_a_metric_that_ranks_low_values_first_turns_the_ranks(tmp_path: Path) -> None:
    three_methods(tmp_path)
    assert [row.method for row in build_across(tmp_path, sort="mae").rows][:3] == ["a", "b", "d"]


def test_a_run_that_is_not_complete_or_is_cut_into_tiles_counts_as_missing(tmp_path: Path) -> None:
    three_methods(tmp_path)
    make_run(tmp_path, "e", [30.0, 30.0], total=9)
    make_run(tmp_path, "f", 31.0, tiling="512 px")
    assert {row.method for row in build_across(tmp_path).rows if row.kind == "measured"} == {"a", "b", "c", "d"}


def test_other_weights_of_a_method_are_another_row(tmp_path: Path) -> None:
    three_methods(tmp_path)
    make_run(tmp_path, "a", 20.0, weights="synthetic")
    rows = [row for row in build_across(tmp_path).rows if row.method == "a" and row.kind == "measured"]
    assert [(row.weights, dict(row.figures)) for row in rows] == [
        ("official", {"dpdd": 26.0, "realdof": 23.0}), ("synthetic", {"dpdd": 20.0}),
    ]  # fmt: skip


def test_a_data_set_that_cannot_be_compared_is_left_out_with_its_reason(tmp_path: Path) -> None:
    three_methods(tmp_path)
    make_run(tmp_path, "a", 25.0, dataset="folder", images="one")
    make_run(tmp_path, "a", 25.0, dataset="folder", images="two")
    found = build_across(tmp_path)
    assert dict(found.protocols) == PROTOCOLS
    assert found.left_out[0].startswith("folder is left out: there are runs on 2 different sets of images")
    with pytest.raises(InputError, match=r"has no data set to compare over; [a-z0-9-]+ is left out: "):
        build_across(tmp_path, "aligned")


@pytest.mark.parametrize("format", ["table", "markdown", "latex", "json", "csv"])
def test_the_command_prints_it_in_every_format(tmp_path: Path, format: str) -> None:
    three_methods(tmp_path)
    done = CliRunner().invoke(app, ["leaderboard", "--across", "--results", str(tmp_path), "--format", format])
    assert done.exit_code == 0, done.output
    assert "missing" in done.output
    if format == "csv":
        assert next(csv.reader(io.StringIO(done.output)))[-2:] == ["Mean rank ↓", "Data sets"]
    assert (tmp_path / "leaderboard-across.md").is_file()
