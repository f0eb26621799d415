"""DMENet's supervised training data: sharp photographs with a Gaussian blur that is known at every pixel.

The paper renders its data set SYNDOF from images with depth: a thin lens gives the circle of confusion, which becomes
the sigma of a Gaussian (Section 3). Here the depth is procedural, and each pixel is blurred by its own sigma alone.
"""

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines.dmenet.network import map_from_sigma
from benchmark.datasets.dual_pixel import DualPixelFolder, as_float
from realdof.common.errors import InputError
from realdof.images.files import read_pixels

LARGEST_SIGMA = 7.0
"""Blur in px at which the map's value is 1."""

_STACK = 15


class PairSource:
    """Batches of blurred patches with their defocus maps; each patch depends only on (seed, step, place).

    Parameters
    ----------
    photographs
        Sharp photographs.
    crop
        Side of a patch, px; 240 in the paper.
    batch
        Patches an iteration, over all processes.
    """

    def __init__(self, photographs: list[Path], crop: int, batch: int, seed: int) -> None:
        self.crop, self.batch, self.seed = crop, batch, seed
        self._kept = [read_pixels(path) for path in photographs]
        for path, pixels in zip(photographs, self._kept, strict=True):
            if min(pixels.shape[:2]) < crop:
                raise InputError(
                    f"{path} is {pixels.shape[1]}x{pixels.shape[0]}; patches of {crop} px do not fit, "
                    "so give a smaller --crop"
                )

    def __call__(self, step: int, process: int, processes: int) -> dict[str, Tensor]:
        """Return this process's share: ``image`` float32 (B, 3, crop, crop) in [0, 1], ``map`` (B, 1, crop, crop)."""
        share = range(process * self.batch // processes, (process + 1) * self.batch // processes)
        drawn = [self._pair(np.random.default_rng((self.seed, step, place))) for place in share]
        images, sigmas = (np.stack(each) for each in zip(*drawn, strict=True))
        return {
            "image": torch.from_numpy(images.transpose(0, 3, 1, 2).copy()),
            "map": map_from_sigma(torch.from_numpy(sigmas)[:, None]),
        }

    def _pair(self, random: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        size = self.crop
        pixels = self._kept[int(random.integers(len(self._kept)))]
        top, left = (int(random.integers(side - size + 1)) for side in pixels.shape[:2])
        sharp = as_float(pixels[top : top + size, left : left + size])
        # The augmentation of the released code: mirroring and quarter turns.
        sharp = np.rot90(sharp[::-1] if random.random() < 0.5 else sharp, int(random.integers(4)))
        sigma = draw_sigma(size, random)
        return blur_by(np.ascontiguousarray(sharp), sigma), sigma


def sharp_photographs(data: Path, split: str = "train") -> list[Path]:
    """Return the all-in-focus images of one split of a data set in DPDD's layout."""
    return [files["target"] for files in DualPixelFolder.open(data, split).files]


def draw_sigma(size: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Draw a map of blur: one slanted plane and up to two cut-out ones before it; px, float32 (size, size)."""
    largest = random.uniform(0.5, LARGEST_SIGMA)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
    sigma = np.zeros((size, size), np.float32)
    for surface in range(int(random.integers(1, 4))):
        angle, slope = random.uniform(0, 2 * np.pi), random.uniform(0, 1.5) * largest * (random.random() < 0.7)
        plane = np.abs(random.uniform(-1, 1) * largest + slope * (np.cos(angle) * x + np.sin(angle) * y))
        noise = cv2.GaussianBlur(random.standard_normal((size, size)), (0, 0), random.uniform(size / 32, size / 8))
        inside = noise > np.quantile(noise, random.uniform(0.4, 0.8)) if surface else np.ones_like(noise, bool)
        sigma = np.where(inside, plane, sigma)
    return np.clip(sigma, 0, LARGEST_SIGMA).astype(np.float32)


def blur_by(sharp: NDArray[np.float32], sigma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blur every pixel with its own Gaussian, interpolated between images blurred with 15 sigmas.

    Parameters
    ----------
    sharp
        float32 (H, W, 3).
    sigma
        px, float32 (H, W) in [0, 7].
    """
    result = np.zeros_like(sharp)
    step = LARGEST_SIGMA / (_STACK - 1)
    for level in range(_STACK):
        share = np.clip(1 - np.abs(sigma / step - level), 0, 1)[..., None]
        if not share.any():
            continue
        blurred = cv2.GaussianBlur(sharp, (0, 0), level * step, borderType=cv2.BORDER_REFLECT) if level else sharp
        result += share * blurred
    return result
