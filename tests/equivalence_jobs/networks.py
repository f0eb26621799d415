"""Jobs of ``ifan``, of the baselines' trainings, and of deconvolution."""

import csv
import re
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from equivalence_jobs import made
from equivalence_jobs.reading import file_figures, folder_figures, weights_figures
from equivalence_jobs.runs import packaged_weights
from equivalence_jobs.workbench import Figures, Job, Work, prefixed

ABLATION = ("ifan", "ifan-baseline", "ifan-baseline-dme", "ifan-fp", "ifan-fp-dme", "ifan-fp-rbn")
_TRAINING = ("--batch", 1, "--crop", 64, "--seed", 3)


def deblur(work: Work) -> Figures:
    """Photographs of several kinds: outputs, disparity maps and filters."""
    png = made.write(work.path("made", "photo16.png"), made.photograph(200, 264, 1, np.uint16))
    tiff = made.write(work.path("made", "photo8.tiff"), made.photograph(150, 203, 2))
    upright = work.path("made", "turned.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = cv2.cvtColor(made.photograph(160, 240, 3), cv2.COLOR_BGR2RGB)
    Image.fromarray(pixels).save(upright, quality=92, exif=exif)
    left = made.write(work.path("made", "left.png"), cv2.blur(made.photograph(128, 160, 4), (5, 5), anchor=(1, 2)))
    right = made.write(work.path("made", "right.png"), cv2.blur(made.photograph(128, 160, 4), (5, 5), anchor=(3, 2)))
    centre = made.write(work.path("made", "centre.png"), cv2.blur(made.photograph(128, 160, 4), (5, 5)))
    synthetic = ("--weights", "synthetic")
    for name, words in {
        "png/out.png": (png, "--disparity", "--filters"),
        "tiff/out.tiff": (tiff,),
        "jpg/out.jpg": (upright,),
        "tiles/out.png": (png, "--tile", 192, "--overlap", 64),
        "bfloat16/out.png": (tiff, "--precision", "bfloat16"),
        "dual/out.png": (centre, "--variant", "ifan-dual", "--left", left, "--right", right, "--disparity"),
    }.items():
        work.run("ifan", "deblur", *words, "-o", work.path("deblurred", *name.split("/")), *synthetic)
    work.run("ifan", "deblur", png, tiff, upright, "-o", work.path("deblurred", "many"), *synthetic)
    return folder_figures(work.folder / "deblurred", "*/*.png", "*/*.tif*", "*/*.jp*g")


def convert(work: Work) -> Figures:
    """Weights in the authors' layout and ours, converted."""
    packaged = packaged_weights(work, "ifan-synthetic.safetensors")
    checkpoint = made.ifan_checkpoint(work.path("made", "to-convert.pytorch"), packaged)
    found = prefixed("packaged", weights_figures(packaged))
    for name, words in {
        "full": (checkpoint, "--label", "of a checkpoint"),
        "half": (checkpoint, "--label", "of a checkpoint", "--half"),
        "again": (packaged, "--label", "of ours"),
    }.items():
        source, *options = words
        out = work.path("converted", f"{name}.safetensors")
        work.run("ifan", "convert", source, out, *options)
        found |= prefixed(name, weights_figures(out))
    return found


def synthesize(work: Work) -> Figures:
    """Rendered training data, to the bit."""
    (targets,) = (work.folder / "cache").rglob("sample/**/target")
    out = work.path("synthesized")
    common = ("--size", 192, "--workers", 1)
    work.run("ifan", "synthesize", targets, out, *common, "--count", 4, "--seed", 7)
    noisy = ("--count", 3, "--seed", 8, "--split", "val", "--bits", 16, "--leaves", 0.6, "--electrons", 4000)
    work.run("ifan", "synthesize", targets, out, *common, *noisy, "--largest-radius", 9)
    return folder_figures(out, "**/*.png")


def _trained(folder: Path) -> Figures:
    """Weights of a training, and what its log says."""
    found: Figures = {}
    for name in ("averaged", "best"):
        found |= prefixed(name, weights_figures(folder / f"{name}.safetensors"))
    with (folder / "log.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            named = dict(re.findall(r"(\w+)=(\S+)", row.get("validation") or ""))
            plain = {name: cell for name, cell in row.items() if name not in ("step", "validation") and cell}
            found |= {f"log {name} at {row['step']}": cell for name, cell in (plain | named).items()}
    return found


def train(*variants: str) -> Job:
    """``ifan train``: five steps each."""

    def do(work: Work) -> Figures:
        data, found = made.training_set(work.path("made", "training")), Figures()
        options = ("--reblurring-width", 4, "--validate-every", 5, "--save-every", 5, "--loaders", 0)
        for variant in variants:
            out = work.path("trained", variant)
            work.run(
                "ifan", "train", "--data", data, "--out", out, "--variant", variant, "--steps", 5, *_TRAINING, *options
            )
            found |= prefixed(variant, _trained(out))
        return found

    return Job(f"ifan train {' '.join(variants)}", do)


def train_otherwise(work: Work) -> Figures:
    """Other settings than the paper's; from photographs; and continued from a file of weights."""
    data = made.training_set(work.path("made", "training"))
    (targets,) = (work.folder / "cache").rglob("sample/**/target")
    every = ("--steps", 4, *_TRAINING, "--validate-every", 2, "--save-every", 2, "--loaders", 0)
    rates = ("--loss", "log", "--schedule", "cosine", "--warmup", 2, "--ema", 0.9, "--reblurring-width", 0)
    short = (*rates, "--initialisation", "variance-preserving", "--skip-sharp", 0.5)
    weights = packaged_weights(work, "ifan-synthetic.safetensors")
    found: Figures = {}
    for name, words in {
        "short": ("--data", data, *short),
        "photographs": ("--photographs", targets, "--data", data, "--leaves", 0.5, "--electrons", 5000, *short),
        "start": ("--data", data, "--start", weights, *rates),
    }.items():
        out = work.path("trained", name)
        work.run("ifan", "train", *words, "--out", out, *every)
        found |= prefixed(name, _trained(out))
    return found


def ablation(work: Work) -> Figures:
    """Table 1's six networks, trained for two steps and run."""
    data, out, found = made.training_set(work.path("made", "training")), work.path("trained", "ablation"), Figures()
    options = ("--reblurring-width", 4, "--validate-every", 2, "--save-every", 2, "--loaders", 0)
    work.run("ifan", "train", "--ablation", "--data", data, "--out", out, "--steps", 2, *_TRAINING, *options)
    photo = made.write(work.path("made", "small.png"), made.photograph(104, 136, 5))
    for variant in ABLATION:
        found |= prefixed(variant, _trained(out / variant))
        result = work.path("deblurred-ablation", f"{variant}.png")
        weights = out / variant / "averaged.safetensors"
        work.run("ifan", "deblur", photo, "-o", result, "--variant", variant, "--weights", weights)
        found |= prefixed(f"{variant} deblurred", file_figures(result))
    return found


def train_baseline(work: Work) -> Figures:
    """Three steps of each narrow baseline, and one that is continued."""
    data, found = made.training_set(work.path("made", "training")), Figures()
    for method in ("dpdnet-s-w16", "dpdnet-d-w16", "dmenet-w16"):
        out = work.path("trained", method)
        words = ("--method", method, "--data", data, "--out", out, *_TRAINING, "--validate-every", 3)
        work.run("ifan-bench", "train-baseline", *words, "--steps", 3)
        found |= prefixed(method, _trained(out))
    return found


def deconvolve(work: Work) -> Figures:
    """Each solver, kernel and mode, with maps as arrays and as images."""
    blurred = cv2.GaussianBlur(made.photograph(120, 168, 6, np.uint16), (0, 0), 2.0)
    photo = made.write(work.path("made", "blurred.png"), blurred)
    ramp = np.linspace(0.5, 3.0, 168, dtype=np.float32)[None].repeat(120, 0)
    array, grey = work.path("made", "sigma.npy"), work.path("made", "sigma.png")
    np.save(array, ramp)
    made.write(grey, np.round(ramp / 5 * 255).astype(np.uint8))
    pixels = ("--map", array, "--scale", 1, "--offset", 0)
    for name, words in {
        "hyper-laplacian": (*pixels, "--data-weight", 300),
        "reference": (*pixels, "--mode", "reference", "--alpha", 0.8),
        "disc": (*pixels, "--kernel", "disc"),
        "richardson-lucy": (*pixels, "--solver", "richardson-lucy", "--iterations", 8),
        "wiener": (*pixels, "--solver", "wiener", "--noise", 0.02),
        "grey": ("--map", grey, "--scale", 5, "--offset", 0),
    }.items():
        work.bench("deconvolve", photo, *words, "-o", work.path("deconvolved", f"{name}.png"))
    return folder_figures(work.folder / "deconvolved", "*.png")


def export(work: Work) -> Figures:
    """A folder for ``from_pretrained``."""
    out = work.path("exported")
    work.run("ifan", "export", out, "--weights", "synthetic")
    return folder_figures(out, "**/*.safetensors")


JOBS = (
    Job("ifan deblur", deblur),
    Job("ifan convert", convert),
    Job("ifan export", export),
    Job("ifan synthesize", synthesize, ("sample",)),
    train("ifan", "ifan-dual", "ifan-n8", "ifan-fac"),
    Job("ifan train otherwise", train_otherwise, ("sample",)),
    Job("ifan train --ablation", ablation),
    Job("train-baseline", train_baseline),
    Job("deconvolve", deconvolve),
)
