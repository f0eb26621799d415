"""The badge: measured, published and the difference, for the paper's weights alone, green if met, red if not."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from made_results import make_run, open_run
from published_trees import Answer, Bench, bench, small_sets, write_tree
from rich.console import Console

from benchmark import registry
from benchmark.commands import tables
from benchmark.leaderboards import published
from benchmark.leaderboards.build import build
from benchmark.leaderboards.column import Column
from benchmark.leaderboards.published import HEADER, every_figure, published_figures
from benchmark.leaderboards.render.formats import to_json, to_table
from benchmark.leaderboards.render.tables import to_html, to_latex, to_markdown
from benchmark.leaderboards.reproduction import Claim, claim_on, rounding
from benchmark.leaderboards.rows import Row
from benchmark.method import MethodCard, WeightsUsed
from benchmark.results.cards import KnownCard
from benchmark.results.description import WeightsFacts
from benchmark.running.facts import weights_facts
from benchmark.studies.reproduce import published_claims
from realdof.common import console
from realdof.common.errors import InputError

__all__ = ["bench", "small_sets"]

CARD = MethodCard("m", "M", "single", "a method", weights={"official": "x"}, published="official", sha256=("a" * 64,))


def row_of(folder: Path, method: str) -> Row:
    return next(
        row for row in build(folder, "dpdd", "ifan-cvpr21").rows if (row.method, row.kind) == (method, "measured")
    )


@pytest.mark.parametrize(
    ("measured", "met"),
    [(25.37, True), (25.3749, True), (25.365, True), (25.376, False), (25.36, False), (30.0, False)],
)
def test_a_figure_is_met_within_half_a_unit_of_the_last_printed_digit(
    tmp_path: Path, measured: float, met: bool
) -> None:
    make_run(tmp_path, "ifan", measured)
    claim = row_of(tmp_path, "ifan").claims["psnr"]
    assert (claim.published, claim.tolerance, claim.met) == (25.37, 0.005, met)
    assert claim.difference == pytest.approx(measured - 25.37)


def test_rounding_follows_the_digits_that_papers_print() -> None:
    columns = {
        name: Column.of(name, KnownCard(registry.metric_card(name), True)) for name in ("psnr", "ssim", "mae", "lpips")
    }
    assert {name: rounding(column) for name, column in columns.items()} == pytest.approx(
        {"psnr": 0.005, "ssim": 0.0005, "mae": 0.00005, "lpips": 0.0005}
    )


def test_the_cards_tolerance_takes_the_place_of_rounding_and_travels_in_run_json(tmp_path: Path) -> None:
    run = make_run(tmp_path, "ifan", 25.30)
    content = json.loads((run.path / "run.json").read_text())
    content["method"]["tolerance"] = {"psnr": 0.1}
    (run.path / "run.json").write_text(json.dumps(content))
    claims = row_of(tmp_path, "ifan").claims
    assert (claims["psnr"].tolerance, claims["psnr"].met) == (0.1, True)
    assert claims["lpips"].tolerance == 0.0005


def test_weights_are_the_papers_by_their_hash_alone_whatever_they_are_called() -> None:
    def facts(name: str, sha256: str, claimed: bool = False) -> WeightsFacts:
        found = weights_facts(WeightsUsed(name, sha256, "label"), CARD, claimed=claimed)
        assert found is not None
        return found

    assert facts("/tmp/any.pt", "a" * 64).published
    assert not facts("official", "b" * 64).of_paper, "a file in the official place may be anybody's"
    assert facts("official", "b" * 64, claimed=True).claimed
    assert not facts("official", "a" * 64, claimed=True).claimed, "the hash tells, nobody's word is needed"


def test_other_weights_never_get_a_badge(tmp_path: Path) -> None:
    make_run(tmp_path, "ifan", 25.37, weights="synthetic")
    assert row_of(tmp_path, "ifan").claims == {}
    assert "published 25.37" not in to_markdown(to_table(build(tmp_path, "dpdd", "ifan-cvpr21")))


def test_incomplete_and_tiled_runs_get_no_badge(tmp_path: Path) -> None:
    make_run(tmp_path, "ifan", [25.37, 25.37], total=76)
    make_run(tmp_path, "input", 23.89, weights=None, tiling="512 px")
    assert row_of(tmp_path, "ifan").claims == {}
    assert row_of(tmp_path, "input").claims == {}


def test_a_method_that_takes_dual_views_is_not_compared_with_a_claim_on_single_images() -> None:
    printed = published_figures("dpdd", "ifan-cvpr21")
    assert claim_on(printed, "dpdnet-d", "dual") is not None
    assert claim_on(printed, "dpdnet-d", "single") is None


def test_several_claims_of_one_author_that_differ_are_no_claim() -> None:
    printed = [figure for figure in every_figure() if figure.protocol == "drbnet"]
    assert {figure.method for figure in printed} == {"lakdnet-s", "lakdnet-l"}
    assert claim_on(printed, "lakdnet-s", "single") is None, "trained on one data set and on two"
    assert claim_on(printed, "lakdnet-l", "single") is not None


def test_the_users_word_is_shown_as_such_and_can_be_given_to_a_run_that_exists(tmp_path: Path) -> None:
    run = make_run(tmp_path, "ifan", 25.37, weights="mine")
    word = WeightsFacts(name="mine", label="mine", claimed=True)
    again = open_run(tmp_path, run.settings, weights=word, total=4)
    assert again.path == run.path
    assert again.weights is not None
    assert again.weights.claimed
    row = row_of(tmp_path, "ifan")
    assert row.claims["psnr"].met
    assert any("is the user's word (--claims-paper)" in remark for remark in row.remarks)
    # A later run without the word does not take it back.
    same = open_run(tmp_path, run.settings, weights=replace_claim(word), total=4)
    assert same.weights is not None
    assert same.weights.claimed


def replace_claim(facts: WeightsFacts) -> WeightsFacts:
    return facts.model_copy(update={"claimed": False})


def test_every_format_shows_published_difference_and_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path, "ifan", 25.37, ssim=0.7)
    board = build(tmp_path, "dpdd", "ifan-cvpr21")
    table = to_table(board)
    assert "(published 25.37, +0.00 ✓)" in to_markdown(table)
    assert "(published 0.789, −0.0890 ✗)" in to_markdown(table)
    html = to_html(table)
    assert '<small class="met">(published 25.37, +0.00 ✓)</small>' in html
    assert '<small class="missed">(published 0.789, −0.0890 ✗)</small>' in html
    assert r"$\checkmark$" in to_latex(table)
    row = json.loads(to_json(board))["rows"][0]
    assert row["reproduced"]["psnr"] is True
    assert row["reproduced"]["ssim"] is False
    assert row["published"]["psnr"] == 25.37
    shown = Console(force_terminal=True, record=True, width=300)
    for module in (tables, console):
        monkeypatch.setattr(module, "stdout", shown)
    tables.print_table(table)
    styled = shown.export_text(styles=True)
    assert "\x1b[32m(published 25.37" in styled, "green"
    assert "\x1b[31m(published 0.789" in styled, "red"


def test_a_claim_off_by_the_last_bit_of_a_decimal_is_met() -> None:
    assert Claim(25.375, 25.37, 0.005).met
    assert not Claim(25.3751, 25.37, 0.005).met


def test_claims_of_a_method_are_those_under_installed_protocols() -> None:
    printed = published_claims(registry.method("input"))
    assert {(figure.dataset, figure.protocol) for figure in printed} == {
        ("dpdd", "ifan-cvpr21"),
        ("realdof", "ifan-cvpr21"),
    }
    with pytest.raises(InputError, match="no figure of input on lfdof is published"):
        published_claims(registry.method("input"), "lfdof")
    with pytest.raises(InputError, match="no figure of hyper-laplacian is published"):
        published_claims(registry.method("hyper-laplacian"))


@pytest.fixture
def claiming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_sets: None, bench: Bench
) -> Iterator[Callable[..., Answer]]:
    """Reproduce a method on a small tree of RealDOF, of which the paper prints what is given and nothing else."""
    tree = write_tree("realdof", tmp_path / "realdof")
    monkeypatch.chdir(tmp_path)

    def reproduce(method: str, psnr: float, *words: object) -> Answer:
        line = dict.fromkeys(HEADER, "") | {
            "method": method, "input": "single", "dataset": "realdof", "subset": "all", "protocol": "ifan-cvpr21",
            "psnr": f"{psnr}", "source": "Lee et al., CVPR 2021, Table 3", "source_kind": "paper",
        }  # fmt: skip
        with (tmp_path / "published.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, HEADER)
            writer.writeheader()
            writer.writerow(line)
        monkeypatch.setattr(published, "published_file", lambda: tmp_path / "published.csv")
        every_figure.cache_clear()
        return bench("reproduce", method, "--root", tree, "--dataset", "realdof", *words)

    yield reproduce
    monkeypatch.undo()
    every_figure.cache_clear()


def test_reproduce_ends_with_0_if_the_figure_is_met_and_with_1_if_not(claiming: Callable[..., Answer]) -> None:
    first = claiming("input", 30.0)
    assert first.status == 1, "random pixels are far below 30 dB"
    assert "not met ✗" in first.out
    (run,) = Path("results/realdof/input").iterdir()
    measured = json.loads((run / "run.json").read_text())["summary"]["scores"]["psnr"]
    second = claiming("input", round(measured, 2))
    assert second.status == 0, second.out + second.err
    assert "met ✓" in second.out
    assert "Lee et al., CVPR 2021, Table 3" in second.out


def test_reproduce_refuses_weights_that_nobody_vouches_for_before_it_computes(claiming: Callable[..., Answer]) -> None:
    refused = claiming("ifan", 25.0, "--weights", "synthetic")
    assert "are not known to be those of the published figures: its card knows no hash" in refused.refusal
    assert "say so with --claims-paper" in refused.refusal
    assert not Path("results").exists()


def test_reproduce_takes_the_users_word_and_says_so(claiming: Callable[..., Answer]) -> None:
    done = claiming("ifan", 25.0, "--weights", "synthetic", "--claims-paper")
    assert done.status == 1
    assert "is the user's word (--claims-paper)" in done.out


def test_reproduce_without_the_data_set_ends_with_1_and_says_why(claiming: Callable[..., Answer]) -> None:
    done = claiming("input", 25.0, "--root", "nowhere")
    assert done.status == 1
    assert "not measured" in done.out
    assert "nowhere" in done.out


def test_reproduce_of_a_method_that_nothing_is_printed_of_is_refused(
    claiming: Callable[..., Answer], bench: Bench
) -> None:
    claiming("input", 25.0)
    assert "no figure of ifan is published" in bench("reproduce", "ifan").refusal
