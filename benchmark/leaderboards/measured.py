"""The measured rows of a results folder, for tables that show them beside published figures."""

from collections.abc import Callable
from pathlib import Path

from benchmark.leaderboards.build import build
from benchmark.leaderboards.rows import Row
from benchmark.results.choice import every_run


def measured_in(results: Path, images: str | None = None) -> Callable[[str, str], list[Row]]:
    """Return a function from data set and protocol to the measured rows, best PSNR first; no rows without runs.

    Parameters
    ----------
    images
        See ``benchmark.leaderboards.build.build``.
    """

    def rows(dataset: str, protocol: str) -> list[Row]:
        if not results.is_dir() or not every_run(results, dataset, protocol):
            return []
        return [row for row in build(results, dataset, protocol, images=images).rows if row.kind == "measured"]

    return rows
