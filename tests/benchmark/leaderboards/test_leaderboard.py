"""Leaderboards: what is ranked, what stands beside, and what every format keeps."""

import csv
import io
import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_results import ENVIRONMENT, made_record, made_settings, make_run, open_run, scattered
from typer.testing import CliRunner

from benchmark.commands.app import app
from benchmark.leaderboards.build import Leaderboard, build
from benchmark.leaderboards.column import CSV_COLUMNS
from benchmark.leaderboards.render import tables
from benchmark.leaderboards.render.formats import to_csv, to_json, to_table
from benchmark.leaderboards.render.tables import Cell, Table, to_html, to_latex, to_markdown
from benchmark.leaderboards.rows import Row
from benchmark.metrics.card import MetricCard
from realdof.common.errors import InputError


def measured(board: Leaderboard) -> list[Row]:
    return [row for row in board.rows if row.kind == "measured"]


def test_complete_rows_are_ordered_by_psnr_and_incomplete_ones_come_last_unranked(tmp_path: Path) -> None:
    make_run(tmp_path, "worse", 24.0)
    make_run(tmp_path, "better", 26.0)
    make_run(tmp_path, "broken", [30.0, 30.0], failed=1)
    make_run(tmp_path, "started", [30.0, 30.0], total=4)
    board = build(tmp_path, "dpdd", "ifan-cvpr21")
    assert [row.method for row in measured(board)][:2] == ["better", "worse"]
    assert {row.method for row in measured(board) if not row.ranked} == {"broken", "started"}
    text = to_markdown(to_table(board))
    assert "2 of 3" in text
    assert "2 of 4 images, not ranked" in text
    assert board.places(board.columns[0])[:4] == [1, 2, None, None]


def test_a_row_gives_parameters_in_millions_products_in_billions_and_memory_in_gigabytes(tmp_path: Path) -> None:
    run = make_run(tmp_path, "a", [26.0, 25.0])
    run.append(made_record("000", scores={"psnr": 26.0}, seconds=0.5, peak_memory=2_500_000_000))
    (row,) = measured(build(tmp_path, "dpdd", "ifan-cvpr21"))
    found = {key: row.figures[key] for key in ("params_m", "macs_g", "time_s", "memory_gb")}
    assert found == pytest.approx({"params_m": 10.476996, "macs_g": 362.872, "time_s": 0.5, "memory_gb": 2.5})


def test_a_row_without_devices_in_its_records_names_that_of_the_last_attempt(tmp_path: Path) -> None:
    run = make_run(tmp_path, "a", 26.0)
    run.begin(ENVIRONMENT.model_copy(update={"device": "another processor"}), again=True)
    (row,) = measured(build(tmp_path, "dpdd", "ifan-cvpr21"))
    assert row.source == f"run {run.id}, another processor"


def test_a_row_says_how_many_of_its_images_lack_a_metric(tmp_path: Path) -> None:
    run = open_run(tmp_path, made_settings(count=3), metrics={})
    for name, scores in (("000", {"psnr": 26.0, "ssim": 0.7}), ("001", {"psnr": 25.0}), ("002", {"psnr": 24.0})):
        run.append(made_record(name, scores=scores))
    run.finish(run.summary())
    (row,) = measured(build(tmp_path, "dpdd", "ifan-cvpr21"))
    assert [remark for remark in row.remarks if "images have no" in remark] == ["2 of 3 images have no SSIM"]


def test_best_and_second_best_are_marked_in_each_column_by_its_own_direction(tmp_path: Path) -> None:
    make_run(tmp_path, "a", 26.0, seconds=3.0)
    make_run(tmp_path, "b", 25.0, seconds=2.0)
    make_run(tmp_path, "c", 24.0, seconds=1.0)
    table = to_table(build(tmp_path, "dpdd", "ifan-cvpr21"))
    marks = {title: [row[at].mark for row in table.rows[:3]] for at, title in enumerate(table.columns)}
    assert marks["PSNR ↑"] == ["best", "second", None]
    assert marks["MAE ↓"] == ["best", "second", None]
    assert marks["Time (s)"] == [None, "second", "best"]
    assert all(cell.mark is None for row in table.rows[3:] for cell in row), "published rows are not ranked"


@pytest.mark.parametrize("sort", ["psnr", "ssim", "mae", "lpips", "params_m", "macs_g", "time_s"])
def test_every_column_can_order_the_rows(tmp_path: Path, sort: str) -> None:
    for number, method in enumerate("bca"):
        make_run(tmp_path, method, 25.0 + number, ssim=0.7 + number / 100, seconds=3.0 - number)
    board = build(tmp_path, "dpdd", "ifan-cvpr21", sort=sort)
    values = [row.figures[sort] for row in measured(board)]
    assert values == sorted(values, reverse=sort in ("psnr", "ssim"))


def test_the_difference_to_the_paper_stands_beside_the_measured_figure(tmp_path: Path) -> None:
    make_run(tmp_path, "ifan", 25.30)
    board = build(tmp_path, "dpdd", "ifan-cvpr21")
    row = measured(board)[0]
    assert row.claims["psnr"].difference == pytest.approx(25.30 - 25.37)
    assert "25.30 [25.30, 25.30] (published 25.37, −0.07 ✗)" in to_markdown(to_table(board))
    paper = next(row for row in board.rows if row.kind == "published" and row.method == "ifan")
    assert paper.figures["psnr"] == 25.37


def test_intervals_widen_with_scatter_and_hold_the_mean(tmp_path: Path) -> None:
    make_run(tmp_path, "a", scattered(25.0))
    row = measured(build(tmp_path, "dpdd", "ifan-cvpr21"))[0]
    interval = row.intervals["psnr"]
    assert row.figures["psnr"] is not None
    assert interval.low < row.figures["psnr"] < interval.high
    assert 0.8 < interval.high - interval.low < 2.2


def test_a_table_never_mixes_protocols(tmp_path: Path) -> None:
    make_run(tmp_path, "a", 25.0)
    make_run(tmp_path, "b", 26.0, protocol="drbnet")
    make_run(tmp_path, "c", 27.0, version=0)
    for protocol in ("ifan-cvpr21", "drbnet"):
        board = build(tmp_path, "dpdd", protocol)
        assert {row.protocol for row in board.rows} == {protocol}
        assert "c" not in {row.method for row in board.rows}
    assert any("older version" in note for note in build(tmp_path, "dpdd", "ifan-cvpr21").notes)
    with pytest.raises(InputError, match="there are runs under drbnet, ifan-cvpr21: give --protocol"):
        build(tmp_path, "dpdd", "nrknet")


def test_different_images_of_one_name_share_no_table(tmp_path: Path) -> None:
    make_run(tmp_path, "a", 25.0, dataset="folder", images="aaaa1111")
    make_run(tmp_path, "b", 26.0, dataset="folder", images="bbbb2222")
    with pytest.raises(InputError, match="choose one with --images: aaaa1111, bbbb2222"):
        build(tmp_path, "folder", "ifan-cvpr21")
    assert [row.method for row in build(tmp_path, "folder", "ifan-cvpr21", images="bbbb").rows] == ["b"]


def test_no_tiled_result_is_ranked_and_other_precisions_say_so(tmp_path: Path) -> None:
    make_run(tmp_path, "whole", 25.0)
    make_run(tmp_path, "whole", 27.0, tiling="512, overlap 64")
    make_run(tmp_path, "whole", 24.0, dtype="bfloat16")
    board = build(tmp_path, "dpdd", "ifan-cvpr21")
    assert [row.figures["psnr"] for row in measured(board)] == [25.0, 24.0, 27.0]
    assert [row.ranked for row in measured(board)] == [True, True, False]
    text = to_markdown(to_table(board))
    assert "computed in tiles (512, overlap 64), not ranked among whole images" in text
    assert "computed in bfloat16" in text


def test_on_a_data_set_no_paper_used_the_papers_rows_name_theirs_and_no_difference_is_drawn(tmp_path: Path) -> None:
    make_run(tmp_path, "ifan", 30.0, dataset="sample", weights="synthetic")
    board = build(tmp_path, "sample", "ifan-cvpr21")
    assert measured(board)[0].claims == {}
    assert {row.dataset for row in board.rows if row.kind == "published"} == {"dpdd"}
    assert "published (dpdd)" in to_markdown(to_table(board))
    assert any("another data set than sample" in note for note in board.notes)


def test_the_csv_has_its_fixed_columns_and_full_precision(tmp_path: Path) -> None:
    values = scattered(25.0)
    make_run(tmp_path, "a", values)
    rows = list(csv.DictReader(io.StringIO(to_csv(build(tmp_path, "dpdd", "ifan-cvpr21")))))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert float(rows[0]["psnr"]) == pytest.approx(sum(values) / len(values), abs=1e-12)
    assert rows[0]["n"] == rows[0]["total"] == "30"
    assert {row["kind"] for row in rows} == {"measured", "published"}


def test_json_says_everything_the_other_formats_do(tmp_path: Path) -> None:
    make_run(tmp_path, "ifan", [25.0, float("inf")])
    make_run(tmp_path, "input", 24.0)
    content = json.loads(to_json(build(tmp_path, "dpdd", "ifan-cvpr21")))
    first = content["rows"][0]
    assert (first["method"], first["psnr"], first["rank"]) == ("ifan", "inf", 1)
    assert content["rows"][1]["difference"]["psnr"] == pytest.approx(24.0 - 23.89)
    assert content["protocol_version"] == 1
    assert "the official ones" in first["remarks"][0]


HOSTILE = "<script>alert(1)</script> & 100 % of_it | a \\ b"


def test_hostile_names_are_text_in_every_format() -> None:
    table = Table(HOSTILE, ("Method", HOSTILE), ((Cell(HOSTILE, "best", HOSTILE, (1,)), Cell("1")),), (HOSTILE,))
    page = to_html(table)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    latex = to_latex(table)
    assert not re.search(r"(?<!\\)[%_]", latex.replace("\\caption", ""))
    assert "<script>" not in to_markdown(table)
    assert len(re.findall(r"(?<!\\)\|", to_markdown(table).splitlines()[4])) == 3


@given(st.lists(st.text(max_size=12), min_size=1, max_size=4))
def test_csv_gives_back_every_text(texts: list[str]) -> None:
    texts = [text.replace("\r", " ").replace("\0", " ") for text in texts]
    table = Table("t", tuple(f"c{at}" for at in range(len(texts))), (tuple(Cell(text) for text in texts),))
    read = list(csv.reader(io.StringIO(tables.to_csv(table), newline="")))
    assert read[1] == texts or texts == [""]


def test_the_html_page_needs_nothing_else(tmp_path: Path) -> None:
    make_run(tmp_path, "a", 25.0)
    make_run(tmp_path, "b", 24.0)
    page = to_html(to_table(build(tmp_path, "dpdd", "ifan-cvpr21")))
    assert not re.search(r"(src|href|@import|url\()\s*=?", page)
    assert "<strong>25.00</strong>" in page
    assert "<u>24.00</u>" in page


def test_latex_marks_and_aligns(tmp_path: Path) -> None:
    make_run(tmp_path, "a", 25.0)
    make_run(tmp_path, "b", 24.0)
    text = to_latex(to_table(build(tmp_path, "dpdd", "ifan-cvpr21")))
    assert r"\textbf{25.00}" in text
    assert r"\underline{24.00}" in text
    assert r"PSNR $\uparrow$" in text
    assert all(line.count(" & ") == 11 for line in text.splitlines() if line.endswith(r"\\") and "&" in line)


def test_blur_stratified_runs_have_a_column_for_each_band_pooled_over_the_data_sets_pixels(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "a", [25.0], protocol="blur-stratified", total=2)
    folder.append(
        made_record(
            "000", "ok", {"psnr": 25.0, "share@0-0.5": 0.75, "mse@0-0.5": 0.001, "share@4-": 0.25, "mse@4-": 0.1}
        )
    )
    folder.append(made_record("001", "ok", {"psnr": 26.0, "share@0-0.5": 0.25, "mse@0-0.5": 0.005, "share@4-": 0.0}))
    board = build(tmp_path, "dpdd", "blur-stratified")
    figures = board.rows[0].figures
    assert figures["psnr@0-0.5"] == pytest.approx(10 * math.log10(1 / 0.002))
    assert figures["psnr@4-"] == pytest.approx(10.0)
    assert "PSNR, blur 0-0.5 ↑" in to_table(board).columns
    assert json.loads(to_json(board))["rows"][0]["psnr@4-"] == pytest.approx(10.0)
    assert next(csv.reader(io.StringIO(to_csv(board)))) == [*CSV_COLUMNS, "psnr@0-0.5", "psnr@4-"]


@pytest.mark.parametrize(
    ("format", "suffix", "begins"),
    [
        ("csv", "csv", "method,dataset,protocol,kind"),
        ("markdown", "md", "**dpdd, protocol ifan-cvpr21**"),
        ("latex", "tex", "\\begin{table}"),
        ("json", "json", "{"),
    ],
)
def test_the_command_prints_a_format_and_writes_it(tmp_path: Path, format: str, suffix: str, begins: str) -> None:
    results, out = tmp_path / "results", tmp_path / "tables"
    make_run(results, "a", 25.0)
    words = ["--dataset", "dpdd", "--results", str(results), "--format", format, "--out", str(out)]
    done = CliRunner().invoke(app, ["leaderboard", *words])
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(begins)
    assert (out / f"leaderboard-dpdd-ifan-cvpr21.{suffix}").read_text(encoding="utf-8") == done.stdout
    paper = CliRunner().invoke(app, ["leaderboard", "--paper-table", "s2", *words[2:]])
    assert paper.exit_code == 0, paper.output
    assert (out / f"paper-table-s2.{suffix}").read_text(encoding="utf-8") == paper.output


VALUES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=6)


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=5))
def test_csv_is_what_pandas_writes(rows: list[tuple[object, ...]]) -> None:
    columns = ["a", 'b "quoted"', "c, d"]
    frame = pd.DataFrame(rows, columns=pd.Index(columns), dtype=object)
    assert tables.csv_text(columns, rows) == frame.to_csv(index=False, lineterminator="\n")


@pytest.mark.parametrize(
    "words",
    [
        ["leaderboard", "--dataset", "dpdd"],
        ["leaderboard", "--paper-table", "2"],
        ["results", "list"],
        ["methods"],
        ["datasets"],
        ["--help"],
    ],
    ids=" ".join,
)
def test_tables_do_not_wait_for_torch_pandas_and_tifffile(tmp_path: Path, words: list[str]) -> None:
    make_run(tmp_path / "results", "a", 25.0)
    program = f"import sys; from benchmark.commands.app import app; app({words}, standalone_mode=False); "
    program += "assert not {'torch', 'pandas', 'tifffile'} & sys.modules.keys()"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_terminal_of_80_columns_cuts_no_figure_off(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["leaderboard", "--paper-table", "2", "--results", str(tmp_path)], env={"COLUMNS": "80"}
    )
    assert done.exit_code == 0, done.output
    for printed in ("DPDNet_D", "1172.5", "77.70", "0.474", "MAE(×10⁻¹) ↓"):
        assert printed in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--format", "latx"), "did you mean latex"),
        (("--format", "html", "--dataset", "dpdd"), "-o site --dataset dpdd"),
        (("--paper-table", "s4"), "no table s4 in the paper"),
        (("--dataset", "dpdd"), "there is no results folder"),
    ],
)
def test_a_slip_on_the_command_line_is_one_sentence(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(app, ["leaderboard", *words, "--results", str(tmp_path / "nowhere")])
    assert isinstance(done.exception, InputError)
    assert said in str(done.exception)


def test_an_unknown_column_to_sort_by_gets_the_nearest_one(tmp_path: Path) -> None:
    make_run(tmp_path, "a", 25.0)
    with pytest.raises(InputError, match="no column to sort by named pnsr; did you mean psnr"):
        build(tmp_path, "dpdd", "ifan-cvpr21", sort="pnsr")


def test_memory_is_a_column_that_ranks_where_it_was_measured(tmp_path: Path) -> None:
    for method, memory in (("a", 3e9), ("b", 2e9)):
        run = make_run(tmp_path, method, 25.0)
        run.append(run.records()["000"].model_copy(update={"peak_memory": int(memory)}))
    board = build(tmp_path, "dpdd", "ifan-cvpr21", sort="memory_gb")
    assert [row.figures["memory_gb"] for row in measured(board)] == [2.0, 3.0]
    table = to_table(board)
    at = table.columns.index("Memory (GB)")
    assert [row[at].mark for row in table.rows[:2]] == ["best", "second"]


def test_measured_minus_published_is_given_for_the_published_weights_alone(tmp_path: Path) -> None:
    make_run(tmp_path, "ifan", 25.30, weights="synthetic")
    make_run(tmp_path, "input", 23.80, weights=None)
    rows = {row.method: row for row in measured(build(tmp_path, "dpdd", "ifan-cvpr21"))}
    assert rows["ifan"].claims == {}
    assert rows["input"].claims["psnr"].difference == pytest.approx(23.80 - 23.89), "without weights it is the paper's"


GAP = MetricCard(name="gap", title="Gap", better="lower", decimals=3, range=(0.0, 1.0), source="a test")


def with_gap(results: Path, method: str, gap: float) -> None:
    """A run that a metric of another package scored too."""
    run = make_run(results, method, 25.0, metrics={"gap": GAP})
    for record in run.records().values():
        run.append(record.model_copy(update={"scores": {**record.scores, "gap": gap}}))


def test_metrics_that_only_papers_have_figures_of_are_installed_ones(tmp_path: Path) -> None:
    run = open_run(tmp_path, made_settings(dataset="dpdd", protocol="ifan-cvpr21", count=1), total=1)
    run.append(made_record("000", "ok", {"psnr": 25.0}))
    run.finish(run.summary())
    headings = to_table(build(tmp_path, "dpdd", "ifan-cvpr21")).columns
    assert "LPIPS ↓" in headings, headings
    assert not any("not installed" in heading for heading in headings)


def test_a_metric_that_is_not_installed_any_more_keeps_its_column_and_its_direction(tmp_path: Path) -> None:
    with_gap(tmp_path, "a", 0.5)
    with_gap(tmp_path, "b", 0.25)
    board = build(tmp_path, "dpdd", "ifan-cvpr21", sort="gap")
    assert [row.method for row in measured(board)] == ["b", "a"]
    table = to_table(board)
    at = table.columns.index("Gap ↓ (not installed)")
    assert [(row[at].text, row[at].mark) for row in table.rows[:2]] == [("0.250", "best"), ("0.500", "second")]
    assert any("Gap (gap) is of a metric that is not installed" in note for note in table.notes)
    assert next(csv.DictReader(io.StringIO(to_csv(board))))["gap"] == "0.25"
    content = json.loads(to_json(board))
    (column,) = (column for column in content["columns"] if column["key"] == "gap")
    assert (column["installed"], column["better"]) == (False, "lower")


def test_runs_under_a_protocol_that_is_not_installed_are_shown_as_they_were_scored(tmp_path: Path) -> None:
    make_run(tmp_path, "a", 25.0, protocol="gone", version=3)
    board = build(tmp_path, "dpdd", "gone")
    assert (board.version, board.rows[0].figures["psnr"]) == (3, 25.0)
    assert "it is not installed" in board.notes[0]


def test_images_without_an_alignment_are_counted_in_a_remark(tmp_path: Path) -> None:
    run = make_run(tmp_path, "a", 25.0, protocol="aligned")
    for name in ("000", "001", "002"):
        record = run.records()[name]
        run.append(record.model_copy(update={"scores": {**record.scores, "shift_px": 1.0}}))
    row = measured(build(tmp_path, "dpdd", "aligned"))[0]
    assert row.figures["shift_px"] is None
    assert "1 of 4 images have no Shift" in row.remarks
