"""Plots for a paper: gain against blur, PSNR against cost, and the gain on every image."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark.leaderboards.column import COSTS
from benchmark.report.charts import BLURRED, Errors, gain_in
from benchmark.report.contents import INPUT_METHOD, Board, Entrant
from benchmark.report.figures.canvas import WIDTH, figure, style
from benchmark.report.layers import INPUT
from realdof.common.errors import InputError


def draw_blur_bands(errors: Sequence[Errors], labels: Mapping[str, str], out: Path) -> None:
    """Draw the gain in PSNR over the input, dB, in each band of the input's blur, over all pixels of the band.

    Raises
    ------
    InputError
        No image has both an all-in-focus image and an output.
    """
    gains = {label: [gain_in(errors, key, band) for band in BLURRED] for key, label in labels.items() if key != INPUT}
    if not any(value is not None for one in gains.values() for value in one):
        raise InputError("no image has both an all-in-focus image and an output, so no gain can be drawn")
    with figure(out, WIDTH / 2, 2.4) as made:
        axes = made.add_axes((0.15, 0.17, 0.8, 0.8))
        axes.axhline(0, color="0.5", linewidth=0.8)
        for at, (label, values) in enumerate(gains.items()):
            known = [(place, value) for place, value in enumerate(values) if value is not None]
            axes.plot([place for place, _ in known], [value for _, value in known], label=label, ms=3.5, **style(at))
        axes.set_xticks(range(len(BLURRED)), [band if band[-1] != "-" else f"over {band[:-1]}" for band in BLURRED])
        axes.set_xlim(-0.4, len(BLURRED) - 0.6)
        axes.set_xlabel("blur of the input, px (standard deviation of a Gaussian)")
        axes.set_ylabel("gain over the input, dB")
        axes.legend(frameon=False, fontsize=6)


def draw_rate(title: str, entrants: Sequence[Entrant], out: Path) -> None:
    """Draw PSNR against multiply-accumulates, parameters and time, a panel each, for complete runs.

    Raises
    ------
    InputError
        No run has both a PSNR and a cost; the message contains ``title``.
    """
    # The input is left out because it has no cost; this also gives every method the same colour as in the other plots.
    rows = [
        entrant
        for entrant in entrants
        if entrant.row.ranked and entrant.row.method != INPUT_METHOD and entrant.row.figures.get("psnr") is not None
    ]
    # A logarithmic axis cannot show a cost of zero.
    panels = {c: [e for e in rows if (e.row.figures.get(c.key) or 0) > 1e-3] for c in COSTS}
    panels = {cost: found for cost, found in panels.items() if found}
    if not panels:
        raise InputError(f"no complete run on {title} has both a PSNR and a cost")
    with figure(out, WIDTH, 2.3) as made:
        from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

        all_axes = made.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        made.subplots_adjust(left=0.085, right=0.99, bottom=0.32, top=0.97, wspace=0.06)
        for axes, (cost, found) in zip(all_axes, panels.items(), strict=True):
            for entrant in found:
                axes.scatter(
                    entrant.row.figures[cost.key], entrant.row.figures["psnr"], label=entrant.label, s=22,
                    **style(rows.index(entrant)),
                )  # fmt: skip
            axes.set_xscale("log")
            axes.margins(0.1)
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_xlabel(cost.heading)
            axes.grid(color="0.9", linewidth=0.5)
            axes.set_axisbelow(True)
        all_axes[0].set_ylabel("PSNR, dB")
        made.legend(*_entries(all_axes), loc="lower center", ncol=min(4, len(rows)), frameon=False, fontsize=6.5)


def draw_gains(board: Board, entrants: Sequence[Entrant], out: Path) -> None:
    """Draw the sorted gains in PSNR over the input, dB, against the share of images, for complete runs.

    Raises
    ------
    InputError
        There is no run of ``input``, or no image that it shares with another run.
    """
    before = next((one for one in board.entrants if one.row.method == INPUT_METHOD), None)
    if before is None:
        raise InputError(
            f"{board.title} has no run of the method input to compare with; make one with "
            f"ifan-bench run --method input --dataset {board.table.dataset}"
        )
    base = _psnr(before)
    found: dict[str, list[float]] = {}
    for entrant in entrants:
        if entrant.row.method != INPUT_METHOD and entrant.row.ranked:
            after = _psnr(entrant)
            found[entrant.label] = sorted(after[name] - base[name] for name in after if name in base)
    found = {label: values for label, values in found.items() if values}
    if not found:
        raise InputError(f"no complete run on {board.title} shares an image with a PSNR with the run of input")
    with figure(out, WIDTH / 2, 2.4) as made:
        axes = made.add_axes((0.15, 0.17, 0.8, 0.8))
        axes.axhline(0, color="0.5", linewidth=0.8)
        for at, (label, values) in enumerate(found.items()):
            shares = [100 * (place + 0.5) / len(values) for place in range(len(values))]
            lost = sum(value < 0 for value in values)
            told = f"{label}: {lost} of {len(values)} lose"
            every = max(1, len(values) // 12)
            axes.plot(shares, values, label=told, ms=3, markevery=every, linewidth=1.2, **style(at))
        axes.set_xlim(0, 100)
        axes.set_xlabel("images from the least gain to the most, %")
        axes.set_ylabel("gain over the input, dB")
        axes.legend(frameon=False, fontsize=6)


def _psnr(entrant: Entrant) -> dict[str, float]:
    scores = {name: record.scores.get("psnr") for name, record in entrant.records.items()}
    return {name: value for name, value in scores.items() if value is not None and math.isfinite(value)}


def _entries(all_axes: Iterable[Any]) -> tuple[list[Any], list[str]]:
    """Return the legend entries of all panels, each method once."""
    found: dict[str, Any] = {}
    for axes in all_axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    return list(found.values()), list(found)
