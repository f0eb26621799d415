"""Draws the pictures of IAC and of protocols: python docs/make_explanations.py RESULTS

RESULTS holds runs of ``input`` and ``ifan`` on ``sample`` under the protocols that are shown.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
import torch
from matplotlib import pyplot
from matplotlib.patches import FancyArrowPatch, Rectangle

from benchmark.datasets.sample.dataset import SampleDataset
from benchmark.protocols.papers import IFAN_CVPR21
from benchmark.results.choice import every_run
from ifan.iac import iterative_adaptive_convolution
from ifan.network import IFAN

IMAGES = Path(__file__).parent / "images"
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#607d8b"
SCENE, PLACES = "motorcycle_near", {"in focus": (27, 30), "out of focus": (10, 70)}
"""Row and column of the shown places, px of the features, an eighth of the image."""
REACH = 8
"""Features to each side that are shown; IAC could reach 17."""


def grid(axes: pyplot.Axes, left: float, top: float, rows: int, columns: int, cell: float, colour: str) -> None:
    """A filter as cells."""
    for row in range(rows):
        for column in range(columns):
            corner = (left + column * cell, top - (row + 1) * cell)
            axes.add_patch(Rectangle(corner, cell, cell, facecolor=colour, edgecolor="white", linewidth=0.6))


def arrow(axes: pyplot.Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """An arrow from one place to another."""
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=12, color="#333333", linewidth=1.2))


def steps() -> None:
    """FAC's one square filter beside IAC's N steps of two short ones."""
    figure, axes = pyplot.subplots(figsize=(9, 2.9))
    axes.set(xlim=(0, 96), ylim=(3, 34), aspect="equal")
    axes.axis("off")
    axes.text(11, 32, "FAC, 11 x 11", ha="center", weight="bold")
    grid(axes, 3, 28, 11, 11, 1.5, GREY)
    axes.text(11, 8, "121 numbers a place and channel\nreaches 11 x 11 features", ha="center", va="top")
    axes.text(60, 32, "IAC, N = 17 steps of k = 3", ha="center", weight="bold")
    for at, (label, colour) in enumerate({"1": BLUE, "2": BLUE, "17": BLUE}.items()):
        left = 29 + 21 * at + (4 if at == 2 else 0)
        grid(axes, left, 23, 3, 1, 2, colour)
        grid(axes, left + 5, 21, 1, 3, 2, ORANGE)
        axes.text(left + 12.6, 20, "+", ha="center", va="center", fontsize=13)
        grid(axes, left + 14, 21, 1, 1, 2, GREEN)
        axes.text(left + 8, 26, f"n = {label}", ha="center")
        if at < 2:
            arrow(axes, (left + 16.4, 20), (left + (20.6 if at == 0 else 24.6), 20))
    axes.text(69, 25.5, "...", ha="center", fontsize=14)
    for left, colour, words in (
        (29, BLUE, "column filter, 3 x 1"),
        (51, ORANGE, "row filter, 1 x 3"),
        (70, GREEN, "bias, then leaky ReLU"),
    ):
        grid(axes, left, 14, 1, 1, 1.6, colour)
        axes.text(left + 2.4, 13.2, words, va="center")
    axes.text(
        60, 8, "17 x (3 + 3 + 1) = 119 numbers a place and channel\nreaches 35 x 35 features", ha="center", va="top"
    )
    figure.savefig(IMAGES / "iac.svg", bbox_inches="tight", facecolor="white")


def reach() -> None:
    """How strongly one deblurred feature depends on the defocused ones around it, at two places of a scene."""
    dataset = SampleDataset()
    dataset.prepare()
    entry = next(entry for entry in dataset.entries() if entry.name == SCENE)
    image = IFAN_CVPR21.load(entry).image[None]
    network = IFAN.from_pretrained("synthetic").eval()
    with torch.no_grad():
        *_, features = network.encode(image)
        filter_map = network.F(network.fuse(network.encode_filters(image))[1])
    features.requires_grad_()
    deblurred = iterative_adaptive_convolution(features, filter_map, network.shape.layout)
    figure, axes = pyplot.subplots(1, 3, figsize=(9, 3.2), width_ratios=(1.6, 1, 1))
    axes[0].imshow(image[0].permute(1, 2, 0))
    axes[0].axis("off")
    for plot, (name, (row, column)), colour in zip(axes[1:], PLACES.items(), (BLUE, ORANGE), strict=True):
        (gradient,) = torch.autograd.grad(deblurred[0, :, row, column].sum(), features, retain_graph=True)
        padded = torch.nn.functional.pad(gradient[0], (REACH, REACH, REACH, REACH))
        window = padded[:, row : row + 2 * REACH + 1, column : column + 2 * REACH + 1]
        strength = window.square().mean(0).sqrt().numpy()
        plot.imshow(np.log10(np.maximum(strength / strength.max(), 1e-4)), cmap="cividis", vmin=-4, vmax=0)
        plot.set(title=name, xticks=[], yticks=[])
        plot.title.set_color(colour)
        side = 8 * (2 * REACH + 1)
        corner = (8 * column - side / 2, 8 * row - side / 2)
        axes[0].add_patch(Rectangle(corner, side, side, fill=False, edgecolor=colour, linewidth=2))
        spread = (strength**2 * (np.hypot(*np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1])) ** 2).sum()
        print(name, "root mean square distance, features:", np.sqrt(spread / (strength**2).sum()))
    figure.colorbar(axes[2].images[0], ax=axes[1:], label="log10 of the strength", shrink=0.8)
    figure.savefig(
        IMAGES / "iac_reach.jpg", bbox_inches="tight", facecolor="white", dpi=130, pil_kwargs={"quality": 88}
    )


def protocols(results: Path) -> None:
    """PSNR of the defocused image and of ifan under the protocols of the papers."""
    names = ("ifan-cvpr21", "ifan-cvpr21-16bit", "restormer", "drbnet", "nrknet", "dpdnet-16bit")
    found = {
        (run.settings.method, run.settings.protocol): run.summary().scores["psnr"]
        for run in every_run(results, "sample")
        if run.finished
    }
    figure, axes = pyplot.subplots(figsize=(7.5, 2.6))
    places = range(len(names), 0, -1)
    before, after = ([found[method, name] for name in names] for method in ("input", "ifan"))
    axes.hlines(places, before, after, colors="#b0bec5", linewidth=3, zorder=1)
    axes.scatter(before, places, color=ORANGE, label="input, the defocused image", zorder=2)
    axes.scatter(after, places, color=BLUE, marker="D", label="ifan, synthetic weights", zorder=2)
    for place, low, high in zip(places, before, after, strict=True):
        axes.annotate(f"+{high - low:.2f} dB", (high, place), (8, 0), textcoords="offset points", va="center")
    axes.set(yticks=list(places), yticklabels=names, xlabel="PSNR on sample, dB", xlim=(28, 30.8), ylim=(0.4, 7.6))
    axes.grid(axis="x", color="#eceff1")
    axes.legend(loc="upper right", ncols=2, frameon=False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    figure.savefig(IMAGES / "protocols.svg", bbox_inches="tight", facecolor="white")


if __name__ == "__main__":
    matplotlib.rcParams |= {
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "svg.fonttype": "path",
        "svg.hashsalt": "ifan",
    }
    steps()
    reach()
    protocols(Path(sys.argv[1]))
