"""A leaderboard as a table for readers, and as CSV and JSON for programs."""

import json
import math
from typing import Any

import pandas as pd

from benchmark.leaderboards.build import COLUMNS, COSTS, METRICS, Leaderboard, Row, places
from benchmark.leaderboards.render.tables import Cell, Mark, Table
from benchmark.protocols.stratified import BANDS

TITLES = {
    "method": "Method", "kind": "Kind", "psnr": "PSNR ↑", "ssim": "SSIM ↑", "mae": "MAE ↓", "lpips": "LPIPS ↓",
    "params_m": "Params (M)", "macs_g": "MACs (B)", "time_s": "Time (s)", "n": "Images", "weights": "Weights",
    "source": "Source",
}  # fmt: skip
"""Columns that readers see; data set and protocol stand above."""
MEMORY = "Memory (GB)"
"""A column of its own where it was measured; the CSV's columns are fixed and have none."""
DECIMALS = {"psnr": 2, "ssim": 4, "mae": 4, "lpips": 4, "params_m": 2, "macs_g": 1, "time_s": 3}
_WORDS = ("method", "kind", "weights", "source")


def to_table(board: Leaderboard) -> Table:
    """For readers: best and second best of the ranked rows marked, intervals, differences and numbered notes."""
    notes: list[str] = list(board.notes)
    ranks = {name: places(board, name) for name in (*METRICS, *COSTS)}
    bands, memory = shown_bands(board), has_memory(board)
    rows = []
    for at, row in enumerate(board.rows):
        whose = f"{row.method}: " if row.kind == "measured" else ""
        numbers = tuple(_number(notes, f"{whose}{remark}.") for remark in row.remarks)
        marks = {name: _mark(ranks[name], at) for name in ranks}
        cells = [_cell(board, row, name, marks.get(name), numbers) for name in TITLES]
        cells += [Cell(figure(row.peak_memory, 2))] if memory else []
        rows.append((*cells, *(Cell(figure(row.bands.get(band), 2)) for band in bands)))
    return Table(
        title=f"{board.dataset}, protocol {board.protocol}",
        columns=(*TITLES.values(), *([MEMORY] if memory else []), *(f"PSNR, blur {band}" for band in bands)),
        rows=tuple(rows),
        notes=tuple(notes),
        words=frozenset(at for at, name in enumerate(TITLES) if name in _WORDS),
        muted=frozenset(at for at, row in enumerate(board.rows) if row.kind == "published"),
    )


def shown_bands(board: Leaderboard) -> list[str]:
    """The bands of blur that any row has a figure for."""
    return [band for band in BANDS if any(band in row.bands for row in board.rows)]


def has_memory(board: Leaderboard) -> bool:
    """Whether any row has a figure for memory."""
    return any(row.peak_memory is not None for row in board.rows)


def to_csv(board: Leaderboard) -> str:
    """Full precision, columns as in `COLUMNS`."""
    # Columns of objects: a count beside an empty cell stays a whole number.
    frame = pd.DataFrame([_content(row) for row in board.rows], columns=pd.Index(COLUMNS), dtype=object)
    return frame.to_csv(index=False, lineterminator="\n")


def to_json(board: Leaderboard) -> str:
    """Everything: the CSV's columns, and rank, intervals, differences and remarks of each row."""
    ranks = places(board, board.sorted_by)
    rows = [
        {
            **_content(row),
            "rank": rank,
            "intervals": {name: [interval.low, interval.high] for name, interval in row.intervals.items()},
            "difference": row.difference,
            "time_quartiles": None if row.quartiles is None else list(row.quartiles),
            "peak_memory_gb": row.peak_memory,
            "bands": row.bands,
            "remarks": list(row.remarks),
        }
        for row, rank in zip(board.rows, ranks, strict=True)
    ]
    content = {
        "dataset": board.dataset,
        "protocol": board.protocol,
        "protocol_version": board.version,
        "sorted_by": board.sorted_by,
        "rows": rows,
        "notes": list(board.notes),
    }
    return json.dumps(_without_infinity(content), indent=2, allow_nan=False) + "\n"


def figure(value: float | None, decimals: int) -> str:
    """A figure to its usual digits, nothing where there is none."""
    return "" if value is None or math.isnan(value) else f"{value:.{decimals}f}"


def _content(row: Row) -> dict[str, Any]:
    return {name: row.figures[name] if name in row.figures else getattr(row, name) for name in COLUMNS}


def _cell(board: Leaderboard, row: Row, name: str, mark: Mark | None, notes: tuple[int, ...]) -> Cell:
    if name == "method":
        return Cell(row.method, notes=notes)
    if name == "kind":
        return Cell(row.kind if row.dataset == board.dataset else f"{row.kind} ({row.dataset})")
    if name == "n":
        return Cell("" if row.n is None else f"{row.n} of {row.total}" if row.n != row.total else str(row.n))
    if name in row.figures:
        return Cell(figure(row.figures[name], _decimals(row, name)), mark, _detail(row, name))
    return Cell(str(getattr(row, name)))


def _decimals(row: Row, name: str) -> int:
    # A published figure is shown with the digits that its source prints, not with more.
    return 3 if row.kind == "published" and name in ("ssim", "lpips") else DECIMALS[name]


def _detail(row: Row, name: str) -> str:
    decimals = DECIMALS[name]
    parts = []
    if name in row.intervals and not math.isnan(row.intervals[name].low):
        interval = row.intervals[name]
        parts.append(f"[{interval.low:.{decimals}f}, {interval.high:.{decimals}f}]")
    if name == "time_s" and row.quartiles is not None:
        parts.append("[{:.{d}f}, {:.{d}f}]".format(*row.quartiles, d=decimals))
    if name in row.difference:
        parts.append(f"({row.difference[name]:+.{decimals}f})".replace("-", "−"))
    return " ".join(parts)


def _mark(ranks: list[int | None], at: int) -> Mark | None:
    # One row alone is neither best nor second best.
    if sum(rank is not None for rank in ranks) < 2:
        return None
    return {1: "best", 2: "second"}.get(ranks[at] or 0)  # type: ignore[return-value]


def _number(notes: list[str], note: str) -> int:
    if note not in notes:
        notes.append(note)
    return notes.index(note) + 1


def _without_infinity(value: Any) -> Any:
    """JSON has neither infinity nor NaN."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, dict):
        return {key: _without_infinity(item) for key, item in value.items()}
    return [_without_infinity(item) for item in value] if isinstance(value, list) else value
