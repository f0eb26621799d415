"""Networks that the package spandrel runs: any from a file, and those with a name."""

from pathlib import Path

from benchmark.network_card import NetworkCard
from benchmark.weight_sets import WeightSets

PACKAGED = Path(__file__).parents[1] / "pretrained"
RESTORMER = "https://github.com/swz30/Restormer/releases/tag/v1.0"
RESTORMER_PAPER = (
    "Zamir, Arora, Khan, Hayat, Khan, Yang: Restormer: Efficient Transformer for High-Resolution Image Restoration, "
    "CVPR 2022"
)
RESTORMER_LICENCE = "code and weights for academic, non-commercial use only"
RUNS = "baselines.spandrel.method:SpandrelMethod"


def _restormer(name: str, title: str, file: str, *, dual: bool) -> NetworkCard:
    views = "both dual-pixel views" if dual else "the defocused image"
    return NetworkCard(
        name=name,
        title=title,
        summary=f"transformer with attention between channels on {views}, run by spandrel",
        runs=RUNS,
        shape="Restormer",
        sets=WeightSets(name, file, f"from {RESTORMER}", PACKAGED / f"{name}-synthetic.safetensors"),
        inputs="dual" if dual else "single",
        paper=RESTORMER_PAPER,
        licence=RESTORMER_LICENCE,
        official_words=f"the authors' {file}, not distributed with this package",
    )


spandrel = NetworkCard(
    "spandrel", "spandrel", "any restoration network that spandrel can load, from a file of weights", RUNS
)
restormer = _restormer("restormer", "Restormer", "single_image_defocus_deblurring.pth", dual=False)
restormer_dual = _restormer("restormer-dual", "Restormer, dual", "dual_pixel_defocus_deblurring.pth", dual=True)
