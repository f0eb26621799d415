"""The table for a paper: what stands in it, and that pdflatex compiles it."""

import shutil
import subprocess
from pathlib import Path

import pytest
from made_results import make_run, scattered
from typer.testing import CliRunner

from benchmark.commands.app import app


def latex(results: Path, *options: str, status: int = 0) -> str:
    words = ["leaderboard", "--dataset", "dpdd", "--results", str(results), "--format", "latex", *options]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == status, done.output
    return done.output if status == 0 else str(done.exception)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for seed, method in enumerate(("ifan", "under_score & co", "input")):
        make_run(tmp_path / "results", method, scattered(24.0 + seed, seed=seed), weights=None)
    make_run(tmp_path / "results", "half", scattered(30.0), total=60)
    return tmp_path / "results"


def test_only_the_columns_asked_for_stand_in_order(results: Path) -> None:
    text = latex(results, "--columns", "lpips,psnr")
    heading = next(line for line in text.splitlines() if line.startswith("Method"))
    assert heading == r"Method & LPIPS $\downarrow$ & PSNR $\uparrow$ \\"
    assert r"\begin{tabular}{lrr}" in text


def test_columns_given_twice_are_both_shown(results: Path) -> None:
    assert latex(results, "--columns", "lpips", "--columns", "psnr") == latex(results, "--columns", "lpips,psnr")


def test_a_run_that_is_not_ranked_is_left_out_and_counted(results: Path) -> None:
    text = latex(results)
    assert "half" not in text
    assert "% 1 runs that are incomplete or tiled are left out." in text


def test_published_rows_stand_below_a_rule_and_none_of_another_data_set(results: Path, tmp_path: Path) -> None:
    above, below = latex(results).split("as published")
    assert r"under\_score" in above
    assert r"under\_score" not in below
    assert below.count(r"\\") > 3
    make_run(tmp_path / "other", "ifan", 25.0, dataset="sample", weights=None)
    words = ["leaderboard", "--dataset", "sample", "--results", str(tmp_path / "other"), "--format", "latex"]
    assert "as published" not in CliRunner().invoke(app, words).output


def test_best_and_second_best_are_marked_unless_refused(results: Path) -> None:
    assert latex(results, "--columns", "psnr").count(r"\textbf") == 1
    assert latex(results, "--columns", "psnr").count(r"\underline") == 1
    plain = latex(results, "--columns", "psnr", "--no-bold", "--no-second")
    assert r"\textbf" not in plain
    assert r"\underline" not in plain


def test_intervals_and_full_names_are_there_if_asked_for(results: Path) -> None:
    make_run(results, "net", scattered(25.0))
    text = latex(results, "--intervals", "--names", "full", "--columns", "psnr")
    assert text.count(r"{\scriptsize [") == 4
    assert "net (official)" in text
    assert r"\label{tab:dpdd-ifan-cvpr21}" in text


def test_a_column_that_does_not_exist_is_named_with_the_nearest_or_all_that_do(results: Path) -> None:
    assert latex(results, "--columns", "psnrr", status=1) == "there is no column named psnrr; did you mean psnr?"
    assert latex(results, "--columns", "zzz", status=1).endswith("params_m, psnr, ssim, time_s")


@pytest.mark.parametrize(
    "options",
    [
        ("--format", "markdown", "--columns", "psnr"),
        ("--format", "csv", "--no-bold"),
        ("--across", "--intervals"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(results: Path, options: tuple[str, ...]) -> None:
    said = latex(results, *options, status=1)
    option = [word for word in options if word.startswith("--")][-1].replace("--no-", "--")
    assert said.startswith(f"{option} belongs to a leaderboard with --format ")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex: apt-get install texlive-latex-base")
@pytest.mark.parametrize("columns", ["one", "two"])
def test_pdflatex_compiles_the_table_and_no_line_is_too_wide_for_a_paper_in_one_or_two_columns(
    results: Path, tmp_path: Path, columns: str
) -> None:
    (tmp_path / "table.tex").write_text(latex(results, "--intervals", "--columns", "psnr,ssim,lpips,params_m,time_s"))
    (tmp_path / "paper.tex").write_text(
        f"\\documentclass[{columns}column]{{article}}\n"
        "\\usepackage{booktabs}\n\\begin{document}\n\\input{table}\n"
        "See Table~\\ref{tab:dpdd-ifan-cvpr21}.\n\\end{document}\n"
    )
    for _ in range(2):
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
    said = (tmp_path / "paper.log").read_text(encoding="latin-1")
    assert "undefined" not in said
    assert "Overfull" not in said
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000
