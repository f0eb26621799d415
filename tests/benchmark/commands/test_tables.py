"""Every table fits a window of 80 columns without a wrapped row, and is plain and whole in a pipe."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_results import make_run
from typer.testing import CliRunner

from benchmark.commands.app import app
from benchmark.commands.tables import GAP, _blocks, _Column, _least_width, _widths, print_table
from benchmark.leaderboards.render.tables import Cell, Table

WINDOW = 80
METHODS = ("input", "ifan", "hyper-laplacian", "dpdnet-s-3x3", "restormer-dual", "aberration-aware-network-v2-large")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Runs of six methods on DPDD."""
    folder = tmp_path / "results"
    for number, method in enumerate(METHODS):
        make_run(
            folder,
            method,
            [24.0 + number / 7, 26.5, 22.25 + number / 3, 25.0],
            weights=None if method == "input" else ("official", "synthetic")[number % 2],
            seconds=1234.5 / (number + 1),
        )
    return folder


def shown(*words: object) -> list[str]:
    """The lines that a command prints on standard output."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout.splitlines()


def rows_of(lines: list[str]) -> list[str]:
    """Lines but for paths, which are never broken, so that they can be copied."""
    return [line for line in lines if not line.startswith("written: ")]


TABLES = {
    "leaderboard": ["leaderboard", "--dataset", "dpdd", "--results", "RESULTS"],
    "leaderboard, all columns": ["leaderboard", "--dataset", "dpdd", "--results", "RESULTS", "--wide"],
    "leaderboard, columns chosen": [
        "leaderboard", "--dataset", "dpdd", "--results", "RESULTS", "--columns", "mae,psnr,macs_g,params_m,n,source",
    ],
    "leaderboard across sets": ["leaderboard", "--across", "--results", "RESULTS"],
    "compare": ["compare", "ifan", "aberration-aware-network-v2-large", "--results", "RESULTS"],
    "compare, all columns": ["compare", "ifan", "input", "--results", "RESULTS", "--wide"],
    "results list": ["results", "list", "--results", "RESULTS"],
    "results list, all columns": ["results", "list", "--results", "RESULTS", "--wide"],
    "results show": ["results", "show", "restormer-dual", "--results", "RESULTS", "--wide"],
    "methods": ["methods"],
    "a method": ["methods", "ifan"],
    "datasets": ["datasets"],
    "a data set": ["data", "info", "dpdd"],
    "metrics": ["metrics", "--wide"],
    "protocols": ["protocols", "--wide"],
    "published": ["published", "--dataset", "dpdd"],
    "complexity": ["complexity", "--method", "ifan"],
    **{f"table {name}": ["leaderboard", "--paper-table", name, "--results", "RESULTS"] for name in ("1", "2", "s3")},
}  # fmt: skip


@pytest.mark.usefixtures("window")
@pytest.mark.parametrize("table", TABLES)
def test_no_row_of_a_table_is_wider_than_a_terminal(table: str, results: Path) -> None:
    lines = shown(*(results if word == "RESULTS" else word for word in TABLES[table]))
    too_wide = [line for line in rows_of(lines) if len(line) > WINDOW]
    assert not too_wide, "\n".join(too_wide)
    assert len(lines) > 3


@pytest.mark.usefixtures("window")
def test_a_leaderboard_shows_rank_method_figures_time_and_a_mark_for_the_weights(results: Path) -> None:
    lines = shown("leaderboard", "--dataset", "dpdd", "--results", results)
    assert lines[1].split() == ["Rank", "Method", "W", "PSNR", "↑", "SSIM", "↑", "LPIPS", "↓", "Time", "(s)"]
    ours = [line.split() for line in lines[3:9]]
    assert [row[0] for row in ours] == ["1", "2", "3", "4", "5", "6"]
    assert {row[1]: row[2] for row in ours if row[1] != "input"} == {
        method: "s" if number % 2 else "o" for number, method in enumerate(METHODS) if number
    }
    assert lines[9].split()[0] == "paper"
    assert any("W, the weights: o official; s synthetic" in line for line in lines)
    assert any("--wide" in line for line in lines)


def test_a_column_that_is_not_there_is_named_and_columns_are_not_ignored_by_other_formats(results: Path) -> None:
    board = ["leaderboard", "--dataset", "dpdd", "--results", str(results)]
    wrong = CliRunner().invoke(app, [*board, "--columns", "psnrr"])
    assert "did you mean psnr" in str(wrong.exception)
    for option in (["--columns", "psnr"], ["--wide"]):
        ignored = CliRunner().invoke(app, [*board, "--format", "csv", *option])
        assert f"{option[0]} belongs to a leaderboard with --format table" in str(ignored.exception)


def test_no_page_is_printed_into_the_terminal_and_the_command_that_writes_one_is_named(results: Path) -> None:
    words = ["leaderboard", "--dataset", "dpdd", "--format", "html", "--results", str(results)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code != 0
    assert done.output == ""
    assert f"ifan-bench report {results} -o site --dataset dpdd" in str(done.exception)


def test_in_a_pipe_a_table_is_plain_and_no_cell_is_broken(results: Path) -> None:
    lines = shown("results", "list", "--results", results, "--wide")
    assert len(lines) == 3 + len(METHODS), "title, headings, a line of dashes and a line a run"
    assert set(lines[2]) == {"-"}
    assert not any(letter in "".join(lines) for letter in "│┃━─\x1b")
    assert any("aberration-aware-network-v2-large" in line for line in lines)
    protocols = shown("protocols", "--wide")
    assert any(len(line) > WINDOW for line in protocols)
    assert len(protocols) < 25, "a line a protocol"


@pytest.mark.usefixtures("window")
def test_what_does_not_fit_goes_on_below_with_the_first_column_again(capsys: pytest.CaptureFixture[str]) -> None:
    headings = ("method", *(f"figure {number}" for number in range(20)))
    print_table(Table("wide", headings, (tuple(Cell(f"{'a' * 9}{at}") for at in range(21)),)))
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("aaaaaaaaa0") for line in lines) == 4
    assert [word for line in lines for word in line.split() if word in ("aaaaaaaaa1", "aaaaaaaaa20")] == [
        "aaaaaaaaa1", "aaaaaaaaa20",
    ]  # fmt: skip


@pytest.mark.usefixtures("window")
def test_extra_columns_are_named_where_they_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("t", ("a", "b", "c"), ((Cell("1"), Cell("2"), Cell("3")),), extra=frozenset({1}))
    print_table(table)
    assert "--wide shows also: b" in capsys.readouterr().out
    print_table(table, wide=True)
    assert "--wide" not in capsys.readouterr().out


words = st.text("abc -", min_size=1, max_size=40).map(str.strip).filter(bool)


@given(st.lists(st.tuples(st.lists(words, min_size=2, max_size=4), st.booleans()), min_size=1, max_size=15))
def test_every_block_fits_if_two_of_its_columns_do(made: list[tuple[list[str], bool]]) -> None:
    columns = [_Column(tuple(cells), is_words) for cells, is_words in made]
    blocks = _blocks(columns, WINDOW)
    assert [column for number, block in enumerate(blocks) for column in block[number > 0 :]] == columns
    for block in blocks:
        widths = _widths(block, WINDOW)
        assert all(width >= column.least for width, column in zip(widths, block, strict=True))
        if _least_width(block) <= WINDOW:
            assert sum(widths) + GAP * (len(block) - 1) <= WINDOW
        else:
            assert len(block) <= 2
