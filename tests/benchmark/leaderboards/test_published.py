"""`published.csv` is what the papers print, each figure once and with its source; its lint finds what is not."""

from pathlib import Path

import pytest

from benchmark.leaderboards.published import HEADER, lint, published_figures, published_file, read_figures
from realdof.common.errors import InputError

FILE = published_file()


def test_the_packages_file_has_no_fault() -> None:
    assert lint(FILE) == []


def test_only_figures_under_a_known_protocol_at_the_data_sets_own_size_are_compared() -> None:
    found = published_figures("realdof", "ifan-cvpr21")
    assert {figure.method for figure in found} == {"input", "jnb", "ebdb", "dmenet", "dpdnet-s", "ifan"}
    assert {figure.resolution for figure in found} == {""}


def test_an_lpips_of_another_network_than_alexnet_is_never_compared_with_ours() -> None:
    contextual = [figure for figure in read_figures(FILE) if "ContextualDeblur" in figure.source]
    assert len([figure for figure in contextual if figure.dataset == "dpdd"]) == 5
    assert len([figure for figure in contextual if figure.dataset == "realdof"]) == 11
    for figure in contextual:
        assert figure.lpips_net == "squeeze"
        assert figure.figures["lpips"] is not None
        assert figure.comparable["lpips"] is None
        assert "computed with squeeze, not AlexNet" in figure.remarks[-1]


def edited(folder: Path, change: str, to: str) -> Path:
    """The package's file with one text replaced, once."""
    text = FILE.read_text(encoding="utf-8")
    assert change in text
    path = folder / "published.csv"
    path.write_text(text.replace(change, to, 1), encoding="utf-8")
    return path


JNB = next(line for line in FILE.read_text(encoding="utf-8").splitlines() if line.startswith("jnb,"))


@pytest.mark.parametrize(
    ("change", "to", "said"),
    [
        (JNB, f"{JNB}\n{JNB}", "line 4 (jnb on dpdd) repeats line 3"),
        ("23.69", "2.369", "has psnr 2.369, outside 15 to 40"),
        ("0.0480", "0.480", "has mae 0.48, outside"),
        (JNB, JNB.replace('"Lee et al., CVPR 2021, Table 2"', ""), "line 3 (jnb on dpdd) has no source"),
        (JNB, JNB.replace("paper", "hearsay"), "source kind 'hearsay'"),
        (JNB, JNB.replace("23.69,0.707", ","), "has neither PSNR nor SSIM"),
        (JNB, JNB.replace("alex", ""), "has lpips_net ''"),
        (JNB, JNB.replace("alex", "squeezed"), "has lpips_net 'squeezed'; it is one of alex, squeeze, vgg"),
    ],
)  # fmt: skip
def test_the_lint_finds_a_slip(tmp_path: Path, change: str, to: str, said: str) -> None:
    problems = lint(edited(tmp_path, change, to))
    assert len(problems) == 1
    assert said in problems[0]


@pytest.mark.parametrize(("whole", "faults"), [("25.98", 0), ("25.99", 0), ("26.05", 1)])
def test_the_combined_figure_is_the_mean_of_37_indoor_and_39_outdoor_scenes(
    tmp_path: Path, whole: str, faults: int
) -> None:
    line = '{},single,8,dpdd,{},,restormer,{},,,,,,,,DPDD,,Table 3,"Zamir et al., CVPR 2022",author,'
    rows = [
        line.format("r", subset, psnr) for subset, psnr in (("all", whole), ("indoor", "28.87"), ("outdoor", "23.24"))
    ]
    path = tmp_path / "published.csv"
    path.write_text("\n".join([",".join(HEADER), *rows]) + "\n", encoding="utf-8")
    problems = lint(path)
    assert len(problems) == faults
    assert all("not the mean 25.98 of 37 indoor and 39 outdoor" in problem for problem in problems)


@pytest.mark.parametrize(
    ("change", "to", "said"),
    [
        ("method,input", "name,input", "has columns name, input"),
        (JNB, JNB + ",more", "line 3 has not 21 fields"),
        (JNB, JNB.rsplit(",", 1)[0], "line 3 has not 21 fields"),
        ("23.69", "23,69", "line 3 has not 21 fields"),
        ("0.707", "0.7o7", "line 3: could not convert string to float: '0.7o7'"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(tmp_path: Path, change: str, to: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_figures(edited(tmp_path, change, to))


def test_a_missing_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv cannot be read"):
        lint(tmp_path / "none.csv")
