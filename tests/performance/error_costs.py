"""What errors of the truth cost in dB: python tests/performance/error_costs.py RESULTS [PICTURE]

RESULTS holds a run of ``input`` and one of ``ifan`` on ``sample``. The all-in-focus image of each scene is displaced,
or made brighter in linear light, and compared with itself, with the defocused image and with the output of ``ifan``.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

import numpy as np
from matplotlib import pyplot
from scipy.ndimage import shift

from benchmark.datasets.sample.dataset import SampleDataset
from benchmark.results.choice import every_run
from realdof.images.colour import linear_to_srgb, srgb_to_linear
from realdof.images.files import read_pixels

DISPLACEMENTS = (0.05, 0.1, 0.3, 0.5, 1.0, 2.0)
EXPOSURES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
BORDER = 8
Image = np.ndarray


def image_of(path: Path) -> Image:
    """A 16-bit file as float64 (H, W, 3) in [0, 1]."""
    return read_pixels(path).astype(np.float64) / 65535


def displaced(image: Image, distance: float) -> Image:
    """An image moved to the right by so many px, by cubic splines."""
    return shift(image, (0, distance, 0), order=3, mode="mirror")


def brighter(image: Image, share: float) -> Image:
    """An image with so much more light, clipped at white."""
    return linear_to_srgb(np.minimum(srgb_to_linear(image.astype(np.float32)) * np.float32(1 + share), 1))


def psnr(output: Image, truth: Image) -> float:
    """PSNR in dB within the border."""
    inside = (slice(BORDER, -BORDER), slice(BORDER, -BORDER))
    return float(-10 * np.log10(np.square(output[inside] - truth[inside]).mean()))


def costs(change: Callable[[Image, float], Image], amounts: tuple[float, ...]) -> dict[float, list[float]]:
    """For each amount the mean PSNR of truth, input and output against the changed truth, over the scenes."""
    found = {}
    for amount in (0.0, *amounts):
        truths = [change(one[0], amount) for one in scenes]
        found[amount] = [
            fmean(psnr(one[at], truth) for one, truth in zip(scenes, truths, strict=True)) for at in range(3)
        ]
    return found


def table(title: str, found: dict[float, list[float]]) -> None:
    """Print a table in Markdown: dB of the truth itself, and dB lost by input and output."""
    print(f"| {title} | truth | input | loss | output | loss | gain |\n|{' --- |' * 7}")
    unchanged = found[0.0]
    for amount, (truth, before, after) in found.items():
        itself = "" if np.isinf(truth) or truth > 90 else f"{truth:.1f}"
        losses = [f"{unchanged[1] - before:.2f}", f"{unchanged[2] - after:.2f}"]
        print(
            f"| {amount:g} | {itself} | {before:.2f} | {losses[0]} | {after:.2f} | {losses[1]} | {after - before:.2f} |"
        )


def draw(path: Path, displacement: dict[float, list[float]], exposure: dict[float, list[float]]) -> None:
    """Draw PSNR of input and output against the error of the truth."""
    figure, plots = pyplot.subplots(1, 2, figsize=(8, 2.8), sharey=True)
    for plot, found, title, scale in (
        (plots[0], displacement, "displacement of the truth, px", 1),
        (plots[1], exposure, "exposure error of the truth, %", 100),
    ):
        amounts = [scale * amount for amount in found]
        plot.plot(amounts, [one[1] for one in found.values()], "o-", color="#d55e00", label="input")
        plot.plot(amounts, [one[2] for one in found.values()], "D-", color="#0072b2", label="ifan")
        plot.set_xlabel(title)
        plot.grid(color="#eceff1")
        plot.spines[["top", "right"]].set_visible(False)
    plots[0].set_ylabel("PSNR, dB")
    plots[0].legend(frameon=False)
    figure.savefig(path, bbox_inches="tight", facecolor="white")


if __name__ == "__main__":
    dataset = SampleDataset()
    dataset.prepare()
    runs = {
        run.settings.method: run
        for run in every_run(Path(sys.argv[1]), "sample")
        if run.settings.protocol == dataset.card.protocol
    }
    every_scene = [
        [image_of(path) for path in (entry.target, entry.image, runs["ifan"].output(entry.name)) if path is not None]
        for entry in dataset.entries()
    ]
    # Outputs were cut to multiples of 8.
    scenes = [[one[: images[2].shape[0], : images[2].shape[1]] for one in images] for images in every_scene]
    with np.errstate(divide="ignore"):
        displacement, exposure = costs(displaced, DISPLACEMENTS), costs(brighter, EXPOSURES)
    table("displacement, px", displacement)
    table("exposure", exposure)
    if len(sys.argv) > 2:
        draw(Path(sys.argv[2]), displacement, exposure)
