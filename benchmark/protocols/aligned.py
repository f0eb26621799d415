"""Scores after aligning the output to the all-in-focus image, so that a shift between two cameras has no effect.

A sharp image scores 24 dB against itself shifted by one pixel, so a misaligned data set can hide a method's gain. The
output is moved, not the all-in-focus image, and only pixels interpolated from inside the output count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from benchmark.method import Image, Sample
from benchmark.metrics.base import Metric, MetricInputs, score_by
from benchmark.metrics.card import MetricCard
from benchmark.protocols.base import Protocol
from realdof.alignment.ecc import EccResult, single_level_ecc
from realdof.geometry.grid import Grid, Region, corner_distance
from realdof.geometry.region import valid_region
from realdof.geometry.warp import warp_to_grid
from realdof.images.colour import luma

ITERATIONS, EPSILON = 100, 1e-7
LARGEST_SHIFT = 16.0
"""px; if a corner is displaced by more, the search has failed."""
SHIFT = MetricCard(
    name="shift_px",
    title="Shift",
    unit="px",
    better="lower",
    decimals=2,
    range=(0.0, LARGEST_SHIFT),
    source="ours: displacement of the output against the all-in-focus image, largest of the four corners",
)

Motion = Literal["translation", "homography"]


@dataclass(frozen=True)
class Aligned:
    """An output aligned to the all-in-focus image.

    Attributes
    ----------
    output
        float32 (3, H, W), clipped to [0, 1].
    region
        The pixels that the moved output covers.
    shift
        Largest displacement over the image's corners, px; None if no alignment was found and nothing was moved.
    """

    output: Image
    region: Region
    shift: float | None


@dataclass(frozen=True)
class AlignedProtocol(Protocol):
    """A protocol that scores after alignment, and adds ``shift_px`` if an alignment was found.

    Parameters
    ----------
    motion
        Kind of motion to search for.
    """

    motion: Motion = "translation"

    @property
    def beside(self) -> tuple[MetricCard, ...]:
        """The card of ``shift_px``."""
        return (SHIFT,)

    def score(self, output: Image, sample: Sample, metrics: Mapping[str, Metric]) -> dict[str, float]:
        """Score the pixels that the moved output covers; see `Protocol.score`."""
        if sample.target is None:
            return super().score(output, sample, metrics)
        moved = align(self.finished(output, sample.image), sample.target, self.motion)
        region = moved.region.slices
        first, second, defocused = (cut[:, *region].contiguous() for cut in (moved.output, sample.target, sample.image))
        scores = score_by(metrics, MetricInputs(first, second, defocused))
        return scores if moved.shift is None else scores | {SHIFT.name: moved.shift}


def align(output: Image, target: Image, motion: Motion) -> Aligned:
    """Align an output to the all-in-focus image so that their lumas correlate best (ECC).

    Parameters
    ----------
    output, target
        float32 (3, H, W) in [0, 1], of one size.
    motion
        Kind of motion to search for.
    """
    import torch

    pixels, truth = (np.ascontiguousarray(image.permute(1, 2, 0).numpy()) for image in (output, target))
    grid = Grid.of(truth)
    found = _search(luma(truth), luma(pixels), motion)
    shift = corner_distance(found.homography, np.eye(3), grid) if found.correlation > 0 else np.inf
    homography = found.homography if shift <= LARGEST_SHIFT else np.eye(3)
    warped = np.clip(warp_to_grid(pixels, homography, grid), 0, 1)
    moved = torch.from_numpy(np.ascontiguousarray(np.moveaxis(warped, 2, 0)))
    return Aligned(moved, valid_region(homography, grid, grid), float(shift) if shift <= LARGEST_SHIFT else None)


def _search(reference: np.ndarray, moving: np.ndarray, motion: Motion) -> EccResult:
    if motion == "homography":
        return single_level_ecc(reference, moving, np.eye(3), iterations=ITERATIONS, epsilon=EPSILON)
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, ITERATIONS, EPSILON)
    start = np.eye(2, 3, dtype=np.float32)
    try:
        correlation, found = cv2.findTransformECC(reference, moving, start, cv2.MOTION_TRANSLATION, criteria)
    except cv2.error:
        # OpenCV raises if the images do not correlate; then there is no alignment to find.
        return EccResult(np.eye(3), -1.0, ITERATIONS)
    return EccResult(np.vstack([found, [0, 0, 1]]).astype(np.float64), float(correlation), ITERATIONS)
