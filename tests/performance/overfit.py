"""Can the network learn at all: four rendered patches of 128x128 px, learned by heart to above 32 dB.

    python tests/performance/overfit.py --steps 400

Minutes on one thread. Prints the PSNR of the patches before, on the way and after, and exits with status 1 below 32 dB.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import skimage.data
import torch
from torch import Tensor

from benchmark.metrics.psnr import PSNR
from benchmark.training.loop import Progress, Trainer
from benchmark.training.recipe import Recipe
from ifan.network import IFAN
from ifan.training.initialisation import preserve_variance
from ifan.training.losses import DEBLURRING_LOSSES, TrainedIFAN
from ifan.training.synthesis import Synthesis, render_scene
from realdof.common.machine.memory import keep_blocks
from realdof.images.depth import image_from_pixels

SIDE, PATCHES, WANTED = 128, 4, 32.0
LARGEST_RADIUS, SEED = 4.0, 5
"""Of the blur, px; with this seed all four patches are blurred."""
VIEWS = ("image", "left", "right", "target")


def patches() -> dict[str, Tensor]:
    """The four views of every patch, float32 (4, 3, 128, 128) by name."""
    photographs = [skimage.data.coffee(), skimage.data.astronaut()]
    scenes = [
        render_scene(photographs[i % 2], Synthesis(size=SIDE, largest_radius=LARGEST_RADIUS), (SEED, i))
        for i in range(PATCHES)
    ]
    return {name: torch.stack([image_from_pixels(scene[name]) for scene in scenes]) for name in VIEWS}


def quality(images: Tensor, targets: Tensor) -> list[float]:
    """PSNR of every patch, dB."""
    return [PSNR()(image.clamp(0, 1), target) for image, target in zip(images, targets, strict=True)]


def main() -> None:
    """Train, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--loss", choices=sorted(DEBLURRING_LOSSES), default="mse")
    options = parser.parse_args()
    keep_blocks()
    torch.manual_seed(0)
    batch = patches()
    network = IFAN()
    preserve_variance(network)
    print("defocused:", *(f"{value:.2f}" for value in quality(batch["image"], batch["target"])), "dB")
    start = time.perf_counter()

    def report(progress: Progress) -> None:
        if progress.step % 50 == 0 or progress.step == options.steps:
            with torch.no_grad():
                found = quality(network(batch["image"]), batch["target"])
            mean, seconds = sum(found) / PATCHES, time.perf_counter() - start
            shown = " ".join(f"{value:.2f}" for value in found)
            print(f"step {progress.step}: {shown} dB, mean {mean:.2f}, {seconds:.0f} s", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        recipe = Recipe(options.steps, batch=1, learning_rate=options.rate, schedule="cosine", weight_decay=0.0)
        trainer = Trainer(
            TrainedIFAN(network, None, loss=options.loss),
            lambda step, rank, world: {name: view[step % PATCHES][None] for name, view in batch.items()},
            recipe, Path(folder), save_every=options.steps,
        )  # fmt: skip
        trainer.run(report)
    with torch.no_grad():
        mean = sum(quality(network(batch["image"]), batch["target"])) / PATCHES
    sys.exit(0 if mean > WANTED else 1)


if __name__ == "__main__":
    main()
