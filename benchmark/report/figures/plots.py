"""Plots for a paper: gain against blur, and PSNR against what a method costs."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark.leaderboards.column import COSTS
from benchmark.report.charts import BLURRED, Errors, gain_in
from benchmark.report.contents import Board
from benchmark.report.figures.canvas import COLOURS, MARKERS, WIDTH, figure
from benchmark.report.layers import INPUT
from realdof.common.errors import InputError


def draw_blur_bands(errors: Sequence[Errors], labels: Mapping[str, str], out: Path) -> None:
    """Gain in PSNR over the input, dB, in each band of the input's blur, over all pixels of the band.

    Raises
    ------
    InputError
        No image has both a truth and an output.
    """
    gains = {label: [gain_in(errors, key, band) for band in BLURRED] for key, label in labels.items() if key != INPUT}
    if not any(value is not None for one in gains.values() for value in one):
        raise InputError("no image has both an all-in-focus image and an output, so no gain can be drawn")
    with figure(out, WIDTH / 2, 2.4) as made:
        axes = made.add_axes((0.14, 0.17, 0.84, 0.8))
        axes.axhline(0, color="0.5", linewidth=0.8)
        for at, (label, values) in enumerate(gains.items()):
            known = [(place, value) for place, value in enumerate(values) if value is not None]
            style: dict[str, Any] = {"color": COLOURS[at % 8], "marker": MARKERS[at % 8], "markersize": 3.5}
            axes.plot([place for place, _ in known], [value for _, value in known], label=label, **style)
        axes.set_xticks(range(len(BLURRED)), [band if band[-1] != "-" else f"over {band[:-1]}" for band in BLURRED])
        axes.set_xlabel("blur of the input, px (standard deviation of a Gaussian)")
        axes.set_ylabel("gain over the input, dB")
        axes.legend(frameon=False, fontsize=6)


def draw_rate(board: Board, out: Path) -> None:
    """PSNR against multiply-accumulates, parameters and time, a panel each, over complete runs.

    Raises
    ------
    InputError
        No run has both a PSNR and a cost.
    """
    rows = [entrant for entrant in board.entrants if entrant.row.ranked and entrant.row.figures.get("psnr") is not None]
    # What costs nothing has no place on a logarithmic axis.
    panels = {c: [e for e in rows if (e.row.figures.get(c.key) or 0) > 1e-3] for c in COSTS}
    panels = {cost: found for cost, found in panels.items() if found}
    if not panels:
        raise InputError(f"no complete run on {board.table.dataset} has both a PSNR and a cost")
    with figure(out, WIDTH, 2.3) as made:
        from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

        all_axes = made.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        made.subplots_adjust(left=0.07, right=0.99, bottom=0.32, top=0.97, wspace=0.06)
        for axes, (cost, found) in zip(all_axes, panels.items(), strict=True):
            for entrant in found:
                at = rows.index(entrant)
                style: dict[str, Any] = {"color": COLOURS[at % 8], "marker": MARKERS[at % 8], "s": 22}
                axes.scatter(entrant.row.figures[cost.key], entrant.row.figures["psnr"], label=entrant.label, **style)
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_xlabel(cost.heading)
            axes.grid(color="0.9", linewidth=0.5)
            axes.set_axisbelow(True)
        all_axes[0].set_ylabel("PSNR, dB")
        made.legend(*_entries(all_axes), loc="lower center", ncol=min(4, len(rows)), frameon=False, fontsize=6.5)


def _entries(all_axes: Iterable[Any]) -> tuple[list[Any], list[str]]:
    """Every method's mark and label once, whichever panels it is in."""
    found: dict[str, Any] = {}
    for axes in all_axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    return list(found.values()), list(found)
