"""How many times as fast as the float64 reference each metric is, at 1680x1120: run it, no test does.

All are measured in turn in one run, so that whatever else the machine does weighs on both sides; medians are
compared.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
import skimage.data
import torch
from skimage.metrics import structural_similarity

from benchmark.metrics.lpips.metric import LPIPS
from benchmark.metrics.mae import MAE
from benchmark.metrics.psnr import PSNR
from benchmark.metrics.ssim import SSIM
from realdof.images.depth import image_from_pixels
from realdof.images.resize import area_resize

ROUNDS = 9


def pair() -> tuple[torch.Tensor, torch.Tensor]:
    """A photograph of 1680x1120 px and the same with noise."""
    photograph = np.asarray(area_resize(skimage.data.astronaut(), 280, 420))
    target = image_from_pixels(np.tile(photograph, (4, 4, 1)))
    noise = 0.05 * torch.randn(target.shape, generator=torch.Generator().manual_seed(0))
    return (target + noise).clamp(0, 1), target


def main() -> None:
    """Print seconds and ratios."""
    output, target = pair()
    # The reference is given what it likes best: float64, conversion not counted.
    first, second = (image.permute(1, 2, 0).contiguous().double().numpy() for image in (output, target))
    references: dict[str, Callable[[], float]] = {
        "psnr": lambda: -10 * np.log10(np.mean((first - second) ** 2)),
        "mae": lambda: np.mean(np.abs(first - second)),
        "ssim": lambda: structural_similarity(first, second, data_range=1, channel_axis=2),
    }
    metrics = {metric.card.name: metric for metric in (PSNR(), MAE(), SSIM(), LPIPS())}
    runs: dict[str, Callable[[], float]] = {f"{name}, reference": run for name, run in references.items()}
    runs |= {name: lambda metric=metric: metric(output, target) for name, metric in metrics.items()}  # type: ignore[misc]
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    values = {name: run() for name, run in runs.items()}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    for name in metrics:
        here = statistics.median(seconds[name])
        line = f"{name:5} {values[name]:.6f} {here * 1e3:8.1f} ms"
        if name in references:
            there = statistics.median(seconds[f"{name}, reference"])
            difference = abs(values[name] - values[f"{name}, reference"])
            line += f", {there / here:4.1f} times as fast as float64 ({there * 1e3:.1f} ms), {difference:.1e} apart"
        print(line)


if __name__ == "__main__":
    main()
