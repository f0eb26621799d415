"""The paper's tables print with its figures to the digit: expected is text typed from the paper, not our own file."""

from pathlib import Path

import pytest
from made_results import make_run

from benchmark.leaderboards.measured import measured_in
from benchmark.leaderboards.paper_tables import PAPER_TABLES, render
from benchmark.leaderboards.render.tables import Table, to_markdown
from realdof.common.errors import InputError

# B before a figure: the paper prints it in bold.
PRINTED = {
    "1": """
        . . . 24.88 0.753 0.416 0.289 10.58 364.3
        . ✓ . 24.97 0.761 0.412 0.280 . .
        ✓ . . 25.07 0.765 0.406 0.271 10.48 362.9
        ✓ ✓ . 25.18 0.780 0.403 0.233 . .
        ✓ . ✓ 25.28 0.780 0.400 0.245 . .
        ✓ ✓ ✓ B25.37 B0.789 B0.394 B0.217 . .
    """,
    "2": """
        Input 23.89 0.725 0.471 0.349 - - -
        JNB 23.69 0.707 0.480 0.442 - - 105.8
        EBDB 23.94 0.723 0.468 0.402 - - 96.58
        DMENet 23.90 0.720 0.470 0.410 26.94 1172.5 77.70
        DPDNet_S 24.03 0.735 0.461 0.279 35.25 989.8 0.462
        DPDNet_D 25.23 0.787 0.401 0.224 35.25 991.4 0.474
        Ours B25.37 B0.789 B0.394 B0.217 B10.48 B362.9 B0.014
    """,
    "3": """
        Input 22.33 0.633 0.513 0.524
        JNB 22.36 0.635 0.511 0.601
        EBDB 22.38 0.638 0.509 0.594
        DMENet 22.41 0.639 0.508 0.597
        DPDNet_S 22.67 0.666 0.506 0.420
        Ours B24.71 B0.748 B0.407 B0.306
    """,
    "4": """
        8_(17) 25.19 0.777 0.404 0.246 B9.44 B347.9
        17_(35) 25.37 0.789 0.394 0.217 10.48 362.9
        26_(53) 25.39 0.788 0.393 0.215 11.52 377.9
        35_(71) 25.42 0.789 0.391 0.213 12.56 392.8
        44_(89) B25.45 B0.792 B0.389 B0.206 13.60 407.8
    """,
    "5": """
        FAC 25.18 0.778 0.406 0.249 10.51 363.4
        IAC B25.37 B0.789 B0.394 B0.217 B10.48 B362.9
    """,
    "s1": """
        DPDNet_D-16 25.13 0.786 0.406 0.224
        DPDNet_S-16 24.41 0.751 0.434 0.278
        Ours_S-16 B25.38 B0.791 B0.394 B0.213
    """,
    "s2": """
        DPDNet_D 25.23 0.787 0.401 0.224
        Ours_D B25.99 B0.804 B0.373 B0.207
    """,
    "s3": """
        0.07 25.37 B0.789 0.394 B0.217
        0.14 25.38 0.789 0.395 0.221
        0.21 B25.39 0.787 B0.394 0.224
    """,
}


def as_typed(table: Table, name: str) -> list[list[str]]:
    """The paper's own cells, ours left out, in the notation above."""
    labels = len(PAPER_TABLES[name].labels)
    kept = [*range(labels), *range(labels, len(table.columns), 2)]
    return [
        [("B" if row[at].mark == "best" else "") + (row[at].text.replace("8 (", "8_(") or ".") for at in kept]
        for row in table.rows
    ]


@pytest.mark.parametrize("name", PRINTED)
def test_a_table_prints_with_the_papers_figures_exactly(name: str, tmp_path: Path) -> None:
    table = render(name, measured_in(tmp_path / "no results yet"))
    found = [[cell.replace(" ", "_") for cell in row] for row in as_typed(table, name)]
    assert found == [line.split() for line in PRINTED[name].strip().splitlines()]


def test_every_table_of_the_paper_is_there() -> None:
    assert list(PAPER_TABLES) == ["1", "2", "3", "4", "5", "s1", "s2", "s3"]


def test_headings_are_the_papers_with_ours_beside_each() -> None:
    table = render("2", measured_in(Path("no results yet")))
    assert table.columns[1::2] == (
        "PSNR ↑", "SSIM ↑", "MAE(×10⁻¹) ↓", "LPIPS ↓", "Params (M)", "MACs (B)", "Time (Sec)",
    )  # fmt: skip
    assert set(table.columns[2::2]) == {"ours"}


def test_our_figures_stand_beside_with_the_difference_in_the_papers_units(tmp_path: Path) -> None:
    make_run(tmp_path, "ifan", 25.30, ssim=0.788)
    make_run(tmp_path, "input", [23.89, 23.89], total=4)
    table = render("2", measured_in(tmp_path))
    ours = dict(zip(table.columns[1::2], table.rows[-1][2::2], strict=True))
    assert (ours["PSNR ↑"].text, ours["PSNR ↑"].details) == ("25.30", ("(−0.07 ✗)",))
    assert (ours["SSIM ↑"].text, ours["SSIM ↑"].details) == ("0.788", ("(−0.001 ✗)",))
    assert ours["MAE(×10⁻¹) ↓"].text == f"{10 ** (-25.30 / 20) * 0.7 * 10:.3f}"
    assert ours["MACs (B)"].text == "362.9"
    assert all(cell.text == "" for cell in table.rows[0][2::2]), "an incomplete run stands in no paper's table"
    assert "weights official: the official ones" in to_markdown(table)


def test_no_difference_is_drawn_to_weights_that_are_not_the_papers(tmp_path: Path) -> None:
    make_run(tmp_path, "ifan", 25.90, weights="synthetic")
    table = render("2", measured_in(tmp_path))
    ours = table.rows[-1][2::2]
    assert ours[0].text == "25.90"
    assert all(cell.details == () for cell in ours)
    make_run(tmp_path, "ifan", 25.30)
    ours = render("2", measured_in(tmp_path)).rows[-1][2::2]
    assert (ours[0].text, ours[0].details) == ("25.30", ("(−0.07 ✗)",)), "the paper's weights go first"


def test_runs_under_another_protocol_never_stand_in_a_papers_table(tmp_path: Path) -> None:
    make_run(tmp_path, "ifan", 25.30, protocol="nrknet")
    table = render("2", measured_in(tmp_path))
    assert all(cell.text == "" for row in table.rows for cell in row[2::2])


def test_a_table_that_the_paper_does_not_have_is_refused() -> None:
    with pytest.raises(InputError, match="there are 1, 2, 3, 4, 5, s1, s2, s3"):
        render("6", measured_in(Path("no results yet")))
