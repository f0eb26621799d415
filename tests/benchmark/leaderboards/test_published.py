"""`published.csv` is what the papers print, each figure once and with its source; its lint finds what is not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmark.commands.app import app
from benchmark.leaderboards.published import (
    HEADER,
    SSIM_KINDS,
    PublishedFigure,
    every_figure,
    is_resolvable,
    published_figures,
    published_file,
    read_figures,
)
from benchmark.leaderboards.published_lint import lint
from benchmark.leaderboards.render.published import chosen, published_tables
from realdof.common.errors import InputError

FILE = published_file()


def test_the_packages_file_has_no_fault() -> None:
    assert lint(FILE) == []


def test_only_figures_under_a_known_protocol_at_the_data_sets_own_size_are_compared() -> None:
    found = published_figures("realdof", "ifan-cvpr21")
    assert {figure.method for figure in found} == {"input", "jnb", "ebdb", "dmenet", "dpdnet-s", "ifan"}
    assert {figure.resolution for figure in found} == {""}


def of_source(text: str) -> list[PublishedFigure]:
    return [figure for figure in read_figures(FILE) if text in figure.source]


def test_an_lpips_of_another_network_than_alexnet_is_never_compared_with_ours() -> None:
    printed = [figure for figure in of_source("ContextualDeblur") if figure.figures["lpips"] is not None]
    assert len([figure for figure in printed if figure.dataset == "dpdd"]) == 10
    assert len([figure for figure in printed if figure.dataset == "realdof"]) == 11
    assert len([figure for figure in printed if figure.dataset == "lfdof"]) == 10
    for figure in printed:
        assert figure.lpips_net in ("squeeze", "unknown")
        assert figure.comparable["lpips"] is None
        assert "not as ours" in figure.remarks[-1]


def test_the_inputs_lpips_that_was_copied_from_another_network_is_marked_as_a_conflict() -> None:
    copied = [
        figure for figure in of_source("ContextualDeblur") if figure.method == "input" and figure.dataset != "lfdof"
    ]
    lee = {figure.dataset: figure for figure in of_source("Lee et al.") if figure.method == "input"}
    assert len(copied) == 2
    for figure in copied:
        assert figure.figures["lpips"] == lee[figure.dataset].figures["lpips"]
        assert figure.lpips_net == "unknown"
        assert "AlexNet" in figure.conflict


@pytest.mark.parametrize(
    ("method", "source", "said"),
    [("uformer", "GRL", "26.28"), ("uformer", "Uformer issue", "25.65"), ("drbnet", "ContextualDeblur", "24.94")],
)
def test_claims_that_contradict_each_other_say_so(method: str, source: str, said: str) -> None:
    found = [figure for figure in of_source(source) if figure.method == method and figure.dataset == "dpdd"]
    assert found
    assert all(said in figure.conflict for figure in found)


# Typed from the sources, not from our own file.
TYPED = """
    defocusgan dpdd 25.52 0.791 0.165 0.0965        | deddnet dpdd 25.57 0.794 0.162 0.0975
    defocusgan realdof 24.07 0.734 0.280 0.1255     | deddnet realdof 24.37 0.748 0.264 0.1205
    mbsd dpdd 26.55 0.800 0.106 0.0611              | mbsd realdof 26.32 0.769 0.179 0.0826
    3sdeblur dpdd 26.09 0.866 0.131 -               | 3sdeblur lfdof 31.33 0.896 0.127 -
    bokehlicious dpdd - - 0.1598 0.0918             | genrefocus realdof - - 0.2408 0.1126
"""


@pytest.mark.parametrize("line", [line.strip() for row in TYPED.strip().splitlines() for line in row.split("|")])
def test_the_rows_of_2023_to_2026_are_as_printed(line: str) -> None:
    method, dataset, *values = line.split()
    (figure,) = [one for one in every_figure() if (one.method, one.dataset) == (method, dataset)]
    found = [figure.figures[name] for name in ("psnr", "ssim", "lpips", "dists")]
    assert found == [None if value == "-" else float(value) for value in values]


def is_of_row(one: PublishedFigure, texts: dict[str, str]) -> bool:
    told = (one.method, one.train, one.bits) == (texts["Method"], texts["Trained on"], texts["Bits"])
    return told and texts["Source"].startswith(one.source)


def is_of_title(one: PublishedFigure, title: str) -> bool:
    part = "" if one.subset == "all" else f", {one.subset} scenes"
    size = f", at {one.resolution}" if one.resolution else ""
    unknown = "protocol not told: only figures of one source can be compared"
    protocol = f"protocol {one.protocol}" if one.protocol else unknown
    return title == f"{one.dataset}{part}{size}, {one.input} input; {protocol}"


def test_no_column_of_a_table_mixes_networks_of_lpips_windows_of_ssim_resolutions_inputs_or_protocols() -> None:
    """Every figure of a table is looked up again in the file, by the cells of its row."""
    every = every_figure()
    tables = published_tables(every)
    assert sum(len(table.rows) for table in tables) == len(every), "and no claim is lost"
    for table in tables:
        claims = []
        for row in table.rows:
            texts = {heading: cell.text for heading, cell in zip(table.columns, row, strict=True)}
            of_row = [one for one in every if is_of_row(one, texts) and is_of_title(one, table.title)]
            assert len(of_row) == 1, (table.title, texts)
            claims.append((of_row[0], texts))
        assert len({(one.dataset, one.subset, one.input, one.resolution, one.protocol) for one, _ in claims}) == 1
        for heading in table.columns:
            with_value = [one for one, texts in claims if texts[heading]]
            if heading.startswith("LPIPS"):
                assert len({one.lpips_net for one in with_value}) == 1, (table.title, heading)
            if heading.startswith("SSIM"):
                assert len({one.ssim_kind for one in with_value}) == 1, (table.title, heading)
        assert not any(cell.mark for row in table.rows for cell in row)


@pytest.mark.parametrize("dataset", ["dpdd", "realdof"])
def test_rows_that_stand_in_leaderboards_share_protocol_resolution_window_and_network(dataset: str) -> None:
    for protocol in ("ifan-cvpr21", "ifan-cvpr21-16bit", "drbnet"):
        rows = published_figures(dataset, protocol)
        assert len({(one.protocol, one.resolution, one.ssim_kind or "uniform7") for one in rows}) <= 1
        assert all(one.lpips_net == "alex" for one in rows if one.comparable["lpips"] is not None)


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("Lee et al., CVPR 2021, supplement Table 1", ""),
        ("Tuan Mu et al., arXiv 2512.16923, Table 2", "https://arxiv.org/abs/2512.16923"),
        ("lingyanruan/DRBNet issue 7", "https://github.com/lingyanruan/DRBNet/issues/7"),
        ("c-yn/SFNet README", "https://github.com/c-yn/SFNet#readme"),
        ("owner/name figs/task2.png", "https://github.com/owner/name/blob/HEAD/figs/task2.png"),
    ],
)
def test_a_source_names_a_place_that_can_be_looked_up(source: str, address: str) -> None:
    assert is_resolvable(source)
    figure = every_figure()[0]
    assert type(figure)(**{**vars(figure), "source": source}).address == address


@pytest.mark.parametrize("source", ["", "LaKDNet README", "Lee et al.", "a blog, 2024", "MBSD (AAAI 2026), Table 1"])
def test_a_source_that_nobody_can_look_up_is_none(source: str) -> None:
    assert not is_resolvable(source)


def test_every_source_of_the_file_is_resolvable_in_form() -> None:
    assert {figure.source for figure in every_figure() if not is_resolvable(figure.source)} == set()
    assert {figure.ssim_kind for figure in every_figure()} <= {"", *SSIM_KINDS}


def test_the_command_prints_one_kind_of_input_on_one_data_set() -> None:
    done = CliRunner().invoke(app, ["published", "--dataset", "dpdd", "--input", "single"])
    assert done.exit_code == 0, done.output
    assert "dpdd, single input; protocol ifan-cvpr21" in done.output
    assert "LPIPS (SqueezeNet) ↓" in done.output
    assert "realdof" not in done.output.replace("RealDOF", "")
    assert "dual input" not in done.output


@pytest.mark.parametrize("format", ["markdown", "latex", "html", "csv", "json"])
def test_the_command_prints_every_format(format: str) -> None:
    done = CliRunner().invoke(app, ["published", "--dataset", "lfdof", "--format", format])
    assert done.exit_code == 0, done.output
    assert "3sdeblur" in done.output


def test_csv_and_json_give_every_claim_back(tmp_path: Path) -> None:
    words = ["published", "--dataset", "realdof", "--format"]
    (tmp_path / "realdof.csv").write_text(CliRunner().invoke(app, [*words, "csv"]).output, encoding="utf-8")
    claims = [figure for figure in every_figure() if figure.dataset == "realdof"]
    assert read_figures(tmp_path / "realdof.csv") == claims
    listed = json.loads(CliRunner().invoke(app, [*words, "json"]).output)
    assert [(one["method"], one["psnr"], one["address"]) for one in listed] == [
        (one.method, one.figures["psnr"], one.address) for one in claims
    ]


def test_a_name_that_no_claim_has_gets_the_nearest_one() -> None:
    with pytest.raises(InputError, match="no published dataset named dpd; did you mean dpdd"):
        chosen(every_figure(), dataset="dpd", input=None, protocol=None)
    with pytest.raises(InputError, match="no published figures with dataset lfdof, input dual"):
        chosen(every_figure(), dataset="lfdof", input="dual", protocol=None)


def edited(folder: Path, change: str, to: str) -> Path:
    """The package's file with one text replaced, once."""
    text = FILE.read_text(encoding="utf-8")
    assert change in text
    path = folder / "published.csv"
    path.write_text(text.replace(change, to, 1), encoding="utf-8")
    return path


JNB = next(line for line in FILE.read_text(encoding="utf-8").splitlines() if line.startswith("jnb,"))


SOURCE = '"Lee et al., CVPR 2021, Table 2"'
CONFLICT = JNB[JNB.index(",paper,,") + len(",paper,,") :].rsplit(",", 1)[0]


@pytest.mark.parametrize(
    ("change", "to", "said"),
    [
        (JNB, f"{JNB}\n{JNB}", "line 4 (jnb on dpdd) repeats line 3"),
        ("23.69", "2.369", "has psnr 2.369, outside 15 to 40"),
        ("0.0480", "0.480", "has mae 0.48, outside"),
        (JNB, JNB.replace(SOURCE, ""), "line 3 (jnb on dpdd) has source ''"),
        (JNB, JNB.replace(SOURCE, "IFAN README"), "has source 'IFAN README'; write WHO, VENUE"),
        (JNB, JNB.replace("single", "both"), "has input 'both'; it is single or dual"),
        (JNB, JNB.replace("paper,,", "restated,,"), "is restated and has restated_by ''"),
        (JNB, JNB.replace("paper,,", "paper,GRL,"), "is paper and has restated_by 'GRL'"),
        (JNB, JNB.replace("uniform7", ""), "is under protocol ifan-cvpr21 and lacks ssim_kind"),
        (JNB, JNB.replace("uniform7", "box"), "has ssim_kind 'box'"),
        (JNB, JNB.replace("2015", "15"), "has year '15'"),
        (JNB, JNB.replace(CONFLICT, ""), "has PSNR 23.69, ofsoundof/GRL-Image-Restoration figs/task2.png 23.84"),
        (JNB, JNB.replace("paper", "hearsay"), "source kind 'hearsay'"),
        (JNB, JNB.replace("23.69,0.707,uniform7,0.0480,0.442,alex", ",,,,,"), "has none of psnr, ssim, mae"),
        (JNB, JNB.replace("alex", ""), "has lpips_net ''"),
        (JNB, JNB.replace("alex", "squeezed"), "has lpips_net 'squeezed'; it is one of alex, squeeze, vgg"),
    ],
)
def test_the_lint_finds_a_slip(tmp_path: Path, change: str, to: str, said: str) -> None:
    problems = lint(edited(tmp_path, change, to))
    assert len(problems) == 1
    assert said in problems[0]


@pytest.mark.parametrize(("whole", "faults"), [("25.98", 0), ("25.99", 0), ("26.05", 1)])
def test_the_combined_figure_is_the_mean_of_37_indoor_and_39_outdoor_scenes(
    tmp_path: Path, whole: str, faults: int
) -> None:
    line = '{},2022,single,8,dpdd,{},,restormer,{},,,,,,,,,,DPDD,,Table 3,"Zamir et al., CVPR 2022, Table 3",author,,,'
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
        ("method,year", "name,year", "has columns name, year"),
        (JNB, JNB + ",more", "line 3 has not 26 fields"),
        (JNB, JNB.rsplit(",", 1)[0], "line 3 has not 26 fields"),
        ("23.69", "23,69", "line 3 has not 26 fields"),
        ("0.707", "0.7o7", "line 3: could not convert string to float: '0.7o7'"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(tmp_path: Path, change: str, to: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_figures(edited(tmp_path, change, to))


def test_a_missing_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv does not exist; give a file like published\.csv"):
        lint(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("kind", "by", "words"), [("restated", "GRL", "restated by GRL"), ("remeasured", "GRL", "measured again by GRL")]
)
def test_a_figure_that_another_paper_prints_says_whether_it_was_measured_again(kind: str, by: str, words: str) -> None:
    figure = next(figure for figure in every_figure() if figure.source_kind == "paper")
    assert words in replace(figure, source_kind=kind, restated_by=by).remarks
