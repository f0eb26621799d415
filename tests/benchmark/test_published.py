"""`published.csv` is what the papers print, each figure once and with its source."""

import pandas as pd

from benchmark.published import FIGURES, KEY, published


def test_no_figure_stands_twice() -> None:
    assert not published().duplicated(list(KEY)).any()


def test_every_row_names_its_source_and_has_a_figure() -> None:
    rows = published()
    assert (rows["source"].str.len() > 5).all()
    assert rows[["psnr", "ssim"]].notna().any(axis=1).all()


def test_figures_are_in_their_ranges() -> None:
    rows = published()
    for name, (low, high) in {
        "psnr": (20, 30),
        "ssim": (0.5, 1),
        "mae": (0.02, 0.06),
        "lpips": (0.05, 0.7),
    }.items():
        values = rows[name].dropna()
        assert values.between(low, high).all(), name


def test_table_2_of_the_paper_is_there_to_the_digit() -> None:
    rows = published()
    table = rows[(rows["table"] == "Table 2") & rows["source"].str.startswith("Lee")].set_index("method")
    expected = {
        "input": (23.89, 0.725, 0.0471, 0.349),
        "ifan": (25.37, 0.789, 0.0394, 0.217),
        "dpdnet-d": (25.23, 0.787, 0.0401, 0.224),
    }
    for method, figures in expected.items():
        assert tuple(table.loc[method, ["psnr", "ssim", "mae", "lpips"]]) == figures


def test_combined_figure_is_the_weighted_mean_of_indoor_and_outdoor_where_both_are_given() -> None:
    rows = published()
    key = [name for name in KEY if name != "subset"]
    for _, group in rows.groupby(key, dropna=False):
        subsets = group.set_index("subset")
        if {"all", "indoor", "outdoor"} <= set(subsets.index):
            mean = (37 * subsets.loc["indoor", "psnr"] + 39 * subsets.loc["outdoor", "psnr"]) / 76
            assert abs(mean - subsets.loc["all", "psnr"]) < 0.011
    assert isinstance(rows, pd.DataFrame)
    assert set(FIGURES) <= set(rows.columns)
