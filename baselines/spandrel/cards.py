"""Cards of the networks that the package spandrel runs: any network in a file, and named ones."""

from pathlib import Path

from benchmark.network_card import NetworkCard
from benchmark.weight_sets import WeightSets

PACKAGED = Path(__file__).parents[1] / "pretrained"
RESTORMER = "https://github.com/swz30/Restormer/releases/tag/v1.0"
FILES = "https://github.com/swz30/Restormer/releases/download/v1.0"
UNTRIED = "The address could not be tried from here, and no SHA-256 of the file is known."
NONE_FOUND = (
    "No weights for defocus were found that the authors released; published figures are of trainings by others."
)
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
        sets=WeightSets(
            name, file, f"from {RESTORMER}", PACKAGED / f"{name}-synthetic.safetensors", url=f"{FILES}/{file}"
        ),
        inputs="dual" if dual else "single",
        paper=RESTORMER_PAPER,
        licence=RESTORMER_LICENCE,
        year=2022,
        parameters_m=26.13,
        unverified=(UNTRIED,),
        official_words=f"the authors' {file}, not distributed with this package",
    )


def _by_file(name: str, title: str, summary: str, paper: str, year: int, licence: str) -> NetworkCard:
    """Return the card of a network whose weights the user supplies in a file."""
    return NetworkCard(
        name=name, title=title, summary=f"{summary}, from a file of weights, run by spandrel", runs=RUNS, shape=title,
        paper=paper, licence=licence, year=year, unverified=(NONE_FOUND,),
    )  # fmt: skip


spandrel = NetworkCard(
    "spandrel", "spandrel", "any restoration network that spandrel can load, from a file of weights", RUNS
)
restormer = _restormer("restormer", "Restormer", "single_image_defocus_deblurring.pth", dual=False)
restormer_dual = _restormer("restormer-dual", "Restormer, dual", "dual_pixel_defocus_deblurring.pth", dual=True)
nafnet = _by_file(
    "nafnet", "NAFNet", "network without nonlinear activations",
    "Chen, Chu, Zhang, Sun: Simple Baselines for Image Restoration, ECCV 2022", 2022, "code MIT",
)  # fmt: skip
mprnet = _by_file(
    "mprnet", "MPRNet", "multi-stage progressive restoration",
    "Zamir, Arora, Khan, Hayat, Khan, Yang, Shao: Multi-Stage Progressive Image Restoration, CVPR 2021", 2021,
    "code and weights for academic, non-commercial use only",
)  # fmt: skip
uformer = _by_file(
    "uformer", "Uformer", "U-shaped transformer with windows",
    "Wang, Cun, Bao, Zhou, Liu, Li: Uformer: A General U-Shaped Transformer for Image Restoration, CVPR 2022", 2022,
    "code MIT",
)  # fmt: skip
