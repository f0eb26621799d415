"""Scores after the output is aligned to the all-in-focus image: what a shift between the two cameras costs.

A sharp image against itself shifted by one pixel scores 24 dB, so a data set's own misalignment can hide a method's
gain. The output, not the all-in-focus image, is moved, and only pixels count whose interpolation reads inside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from benchmark.method import Image
from benchmark.metrics.base import Metric
from benchmark.protocols.base import Protocol
from realdof.alignment.ecc import EccResult, single_level_ecc
from realdof.geometry.grid import Grid, Region, corner_distance
from realdof.geometry.region import valid_region
from realdof.geometry.warp import warp_to_grid
from realdof.images.colour import luma

ITERATIONS, EPSILON = 100, 1e-7
LARGEST_SHIFT = 16.0
"""px at a corner; an alignment beyond it is a failure of the search, not a camera's misalignment."""

Motion = Literal["translation", "homography"]


@dataclass(frozen=True)
class Aligned:
    """An output moved onto the all-in-focus image.

    Attributes
    ----------
    output
        float32 (3, H, W), clipped to [0, 1].
    region
        The pixels that have content after the move.
    shift
        Largest displacement over the image's corners, px; 0 where no alignment was found.
    """

    output: Image
    region: Region
    shift: float


@dataclass(frozen=True)
class AlignedProtocol(Protocol):
    """A protocol that scores after alignment; ``shift_px`` stands beside its metrics.

    Parameters
    ----------
    motion
        What the output may be moved by.
    """

    motion: Motion = "translation"

    def score(
        self, output: Image, target: Image, metrics: Mapping[str, Metric], image: Image | None = None
    ) -> dict[str, float]:
        """Score where the moved output has content; see ``Protocol.score``."""
        moved = align(self.finished(output, target), target, self.motion)
        first, second = (cut[:, *moved.region.slices].contiguous() for cut in (moved.output, target))
        return {name: metric(first, second) for name, metric in metrics.items()} | {"shift_px": moved.shift}


def align(output: Image, target: Image, motion: Motion) -> Aligned:
    """Move an output onto the all-in-focus image by what maximises the correlation of their luma (ECC).

    Parameters
    ----------
    output, target
        float32 (3, H, W) in [0, 1], of one size.
    motion
        What the output may be moved by.
    """
    import torch

    pixels, truth = (np.ascontiguousarray(image.permute(1, 2, 0).numpy()) for image in (output, target))
    grid = Grid.of(truth)
    found = _search(luma(truth), luma(pixels), motion)
    shift = corner_distance(found.homography, np.eye(3), grid) if found.correlation > 0 else np.inf
    homography = found.homography if shift <= LARGEST_SHIFT else np.eye(3)
    warped = np.clip(warp_to_grid(pixels, homography, grid), 0, 1)
    moved = torch.from_numpy(np.ascontiguousarray(np.moveaxis(warped, 2, 0)))
    return Aligned(moved, valid_region(homography, grid, grid), float(shift) if shift <= LARGEST_SHIFT else 0.0)


def _search(reference: np.ndarray, moving: np.ndarray, motion: Motion) -> EccResult:
    if motion == "homography":
        return single_level_ecc(reference, moving, np.eye(3), iterations=ITERATIONS, epsilon=EPSILON)
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, ITERATIONS, EPSILON)
    start = np.eye(2, 3, dtype=np.float32)
    try:
        correlation, found = cv2.findTransformECC(reference, moving, start, cv2.MOTION_TRANSLATION, criteria)
    except cv2.error:
        # It raises where the images do not correlate: there is no alignment to find.
        return EccResult(np.eye(3), -1.0, ITERATIONS)
    return EccResult(np.vstack([found, [0, 0, 1]]).astype(np.float64), float(correlation), ITERATIONS)
