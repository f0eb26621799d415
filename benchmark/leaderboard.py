"""Leaderboards: what runs measured, and what papers print beside it. Reads results, computes none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark.published import published
from benchmark.results import RunFolder, find_runs
from benchmark.summary import summarise
from realdof.errors import InputError

COLUMNS = (
    "method", "dataset", "protocol", "kind", "psnr", "ssim", "mae", "lpips",
    "params_m", "macs_g", "time_s", "n", "total", "weights", "source",
)  # fmt: skip
"""Of the CSV file; fixed, so that scripts can rely on them."""
DECIMALS = {"psnr": 2, "ssim": 4, "mae": 4, "lpips": 4, "params_m": 2, "macs_g": 1, "time_s": 3}


@dataclass(frozen=True)
class Leaderboard:
    """One table: a data set under one protocol.

    Parameters
    ----------
    dataset, protocol
        What every measured row was measured on and how.
    rows
        With the columns `COLUMNS`: measured rows first, complete ones by falling PSNR, then published ones.
    notes
        What a reader must know, one sentence each.
    """

    dataset: str
    protocol: str
    rows: pd.DataFrame
    notes: tuple[str, ...]


def build(results: Path, dataset: str, protocol: str) -> Leaderboard:
    """Collect the runs on a data set under a protocol, and the published rows of the same methods.

    Raises
    ------
    InputError
        There are no such runs.
    """
    descriptions = [(folder, folder.description) for folder in find_runs(results, dataset)]
    measured = [
        _measured_row(folder, description)
        for folder, description in descriptions
        if description["determinants"]["protocol"] == protocol
    ]
    if not measured:
        others = sorted({description["determinants"]["protocol"] for _, description in descriptions})
        advice = f"; there are runs under {', '.join(others)}: give --protocol" if others else ""
        raise InputError(f"{results} has no run on {dataset} under {protocol}{advice}")
    table = pd.DataFrame(measured, columns=[*COLUMNS, "note"])
    table["complete"] = table["n"] == table["total"]
    table = table.sort_values(["complete", "psnr"], ascending=False, kind="stable")
    printed = _published_rows(set(table["method"]), dataset)
    notes = tuple(dict.fromkeys([*_notes(table, dataset, printed)]))
    rows = pd.concat([table[list(COLUMNS)], printed], ignore_index=True) if len(printed) else table[list(COLUMNS)]
    return Leaderboard(dataset, protocol, rows.reset_index(drop=True), notes)


def _measured_row(folder: RunFolder, description: dict[str, Any]) -> dict[str, Any]:
    determinants, cost = description["determinants"], description["complexity"]
    summary = summarise(folder.records().values(), description["total"])
    weights = description["weights"]
    return {
        "method": determinants["method"],
        "dataset": determinants["dataset"],
        "protocol": determinants["protocol"],
        "kind": "measured",
        **{name: summary.scores.get(name) for name in ("psnr", "ssim", "mae", "lpips")},
        "params_m": cost and cost["parameters"] / 1e6,
        "macs_g": cost and cost["macs"] / 1e9,
        "time_s": summary.seconds,
        "n": summary.done,
        "total": summary.total,
        "weights": weights["name"] if weights else "",
        "source": f"run {description['id']}, {description['environment']['device']}",
        "note": weights["label"] if weights else "",
    }


def _published_rows(methods: set[str], dataset: str) -> pd.DataFrame:
    """Published figures of these methods on this data set, or on DPDD where no paper has used it."""
    table = published()
    of_methods = table[table["method"].isin(methods) & (table["subset"] == "all") & (table["resolution"] == "")]
    here = of_methods[of_methods["dataset"] == dataset]
    if here.empty:
        here = of_methods[(of_methods["dataset"] == "dpdd") & (of_methods["source_kind"] == "paper")]
    rows = here.reindex(columns=list(COLUMNS)).copy()
    rows["kind"], rows["source"], rows["weights"] = "published", here["source"], ""
    return rows


def _notes(table: pd.DataFrame, dataset: str, printed: pd.DataFrame) -> Iterable[str]:
    for _, row in table.iterrows():
        if row["note"]:
            yield f"{row['method']}, weights {row['weights']}: {row['note']}."
        if row["n"] < row["total"]:
            yield f"{row['method']} has {row['n']} of {row['total']} images and is not ranked."
    if len(printed) and set(printed["dataset"]) != {dataset}:
        yield f"Published rows are on {', '.join(sorted(set(printed['dataset'])))}, another data set than {dataset}."
    if len(printed) and printed["time_s"].notna().any():
        yield (
            "The published times are on a GeForce RTX 3090; IFAN's 0.014 s cannot be a synchronised float32 time "
            "at 1680x1120 on it, which would take 106 TFLOP/s."
        )
    yield "MACs are counted at 1280x720 as ptflops up to 0.6.3 did; time is the mean an image, without reading."


def to_csv(board: Leaderboard) -> str:
    """The table as CSV, full precision, columns as in `COLUMNS`."""
    return board.rows.to_csv(index=False, lineterminator="\n")


def to_markdown(board: Leaderboard) -> str:
    """The table as GitHub Markdown, with its protocol above and its notes below."""
    cells = display_rows(board)
    body = pd.DataFrame(cells, columns=list(COLUMNS)).to_markdown(index=False, disable_numparse=True)
    notes = "\n".join(f"* {note}" for note in board.notes)
    return f"**{board.dataset}**, protocol `{board.protocol}`\n\n{body}\n\n{notes}\n"


def display_rows(board: Leaderboard) -> list[list[str]]:
    """Every cell as text: figures to their usual digits, nothing where there is none."""
    return [[_cell(name, row[name]) for name in COLUMNS] for _, row in board.rows.iterrows()]


def best_rows(board: Leaderboard, column: str, lower_is_better: bool) -> Sequence[int]:
    """Positions of the best measured, complete rows of a column."""
    rows = board.rows
    ranked = rows[(rows["kind"] == "measured") & (rows["n"] == rows["total"]) & rows[column].notna()]
    if ranked.empty:
        return []
    best = ranked[column].min() if lower_is_better else ranked[column].max()
    return [int(position) for position in ranked.index[ranked[column] == best]]


def _cell(name: str, value: Any) -> str:
    if value is None or pd.isna(value):
        return ""
    if name in DECIMALS:
        return f"{float(value):.{DECIMALS[name]}f}"
    if name in ("n", "total"):
        return str(int(value))
    return str(value)
