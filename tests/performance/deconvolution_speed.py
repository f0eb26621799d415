"""Fast against reference deconvolution in one run: python tests/performance/deconvolution_speed.py --map MAP.

MAP is an 8-bit defocus map as DMENet writes it; sigma is max(0, (15 s - 1) / 2), s in [0, 1]. It is enlarged to
1680x1120, and scikit-image's photographs, side by side, are blurred by it and stored in 8 bits. Blending is off where
the modes are compared. Prints a Markdown table.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from skimage import data
from torch import Tensor

from baselines.deconvolution import hyper_laplacian
from baselines.deconvolution.engine import deconvolve_fast, deconvolve_reference
from realdof.common.machine.memory import keep_blocks
from realdof.images.files import read_pixels

_HEIGHT, _WIDTH, _CELL = 1120, 1680, 560
_BORDER = 60


def main() -> None:
    """Time both modes with each setting, in wall and CPU seconds, and print how far apart their results are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--map", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3, help="of the fast mode; the least time counts")
    parser.add_argument("--alpha", type=float, nargs="+", default=[1.5, 2 / 3])
    parser.add_argument("--data-weight", type=float, default=420.0)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    # As a run and `ifan-bench deconvolve` do.
    keep_blocks()
    levels = cv2.resize(read_pixels(arguments.map)[..., 0], (_WIDTH, _HEIGHT), interpolation=cv2.INTER_LINEAR)
    sigma = np.maximum(0, (15 * (levels / 255) - 1) / 2)
    sharp = photographs()
    truth, defocused = (torch.from_numpy(p).permute(2, 0, 1).contiguous() for p in (sharp, blur(sharp, sigma)))
    sigma_map = torch.from_numpy(sigma)
    print(f"sigma {sigma.min():.2f} to {sigma.max():.2f} px, input {psnr(defocused, truth):.3f} dB")
    print("| alpha | lambda | mode | wall, s | CPU, s | ratio, wall | ratio, CPU | to reference, dB | to truth, dB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    data_weight = arguments.data_weight
    for alpha in arguments.alpha:
        solver = partial(hyper_laplacian.deconvolve, data_weight=data_weight, alpha=alpha)
        modes = {
            "fast": partial(deconvolve_fast, blend=False),
            "fast, blended": deconvolve_fast,
            "reference": deconvolve_reference,
        }
        results = {
            name: timed(
                partial(mode, defocused, sigma_map, solver), 1 if mode is deconvolve_reference else arguments.rounds
            )
            for name, mode in modes.items()
        }
        reference, wall, cpu = results["reference"]
        for name, (result, its_wall, its_cpu) in results.items():
            print(
                f"| {alpha:.3g} | {data_weight:g} | {name} | {its_wall:.2f} | {its_cpu:.2f} | {wall / its_wall:.1f} | "
                f"{cpu / its_cpu:.1f} | {psnr(result, reference):.2f} | {psnr(result, truth):.3f} |",
                flush=True,
            )


def photographs() -> NDArray[np.float32]:
    """Six photographs side by side, float32 (1120, 1680, 3) in [0, 1]."""
    names = (data.astronaut, data.coffee, data.stereo_motorcycle, data.rocket, data.chelsea, data.hubble_deep_field)
    cells = []
    for load in names:
        pixels = load()
        pixels = pixels[0] if isinstance(pixels, tuple) else pixels
        pixels = pixels[:_CELL, :_CELL]
        missing = [(0, _CELL - side) for side in pixels.shape[:2]]
        cells.append(np.pad(pixels, [*missing, (0, 0)], mode="symmetric"))
    rows = [np.concatenate(cells[start : start + 3], axis=1) for start in (0, 3)]
    return np.concatenate(rows).astype(np.float32) / 255


def blur(sharp: NDArray[np.float32], sigma: NDArray[np.float64]) -> NDArray[np.float32]:
    """Blur by a Gaussian of each pixel's sigma, interpolated between 57 of them, and round to 8 bits."""
    levels = np.linspace(sigma.min(), sigma.max(), 57)
    blurred = np.zeros_like(sharp)
    for level in levels:
        share = np.clip(1 - np.abs(sigma - level) / (levels[1] - levels[0]), 0, 1).astype(np.float32)
        blurred += share[..., None] * cv2.GaussianBlur(sharp, (0, 0), level, borderType=cv2.BORDER_REFLECT)
    return np.round(blurred.clip(0, 1) * 255) / np.float32(255)


def timed(run: Callable[[], Tensor], rounds: int) -> tuple[Tensor, float, float]:
    """What ``run`` returns, and the least wall and CPU seconds of some rounds."""
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        result = run()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return result, min(walls), min(cpus)


def psnr(a: Tensor, b: Tensor) -> float:
    """PSNR in dB inside the border, both clipped to [0, 1]."""
    inside = (..., slice(_BORDER, -_BORDER), slice(_BORDER, -_BORDER))
    error = (a[inside].clamp(0, 1) - b[inside].clamp(0, 1)).square().mean()
    return -10 * torch.log10(error).item()


if __name__ == "__main__":
    main()
