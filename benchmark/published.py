"""Figures that papers print, each with its source: `published.csv`."""

from functools import cache
from importlib.resources import as_file, files

import pandas as pd

KEY = ("method", "input", "bits", "dataset", "subset", "resolution", "protocol", "train", "source")
"""What tells one published figure from another."""
FIGURES = ("psnr", "ssim", "mae", "lpips", "params_m", "macs_g", "time_s")


@cache
def published() -> pd.DataFrame:
    """Every published row; figures are floats, NaN where the source prints none, everything else is text."""
    with as_file(files("benchmark") / "published.csv") as path:
        return pd.read_csv(
            path,
            dtype=dict.fromkeys(KEY, str),
            keep_default_na=False,
            na_values={f: [""] for f in FIGURES},
        )
