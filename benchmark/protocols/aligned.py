"""Scores after the output is aligned to the all-in-focus image: they do not suffer from a shift between two cameras.

A sharp image against itself shifted by one pixel scores 24 dB, so a data set's own misalignment can hide a method's
gain. The output is moved, not the all-in-focus image, and only pixels count whose interpolation reads inside it.
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
"""px at a corner; a larger displacement means that the search failed."""
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
    """An output moved onto the all-in-focus image.

    Attributes
    ----------
    output
        float32 (3, H, W), clipped to [0, 1].
    region
        The pixels that have content after the move.
    shift
        Largest displacement over the image's corners, px; None if no alignment was found and nothing was moved.
    """

    output: Image
    region: Region
    shift: float | None


@dataclass(frozen=True)
class AlignedProtocol(Protocol):
    """A protocol that scores after alignment, and adds ``shift_px`` where an alignment was found.

    Parameters
    ----------
    motion
        How the output may be moved.
    """

    motion: Motion = "translation"

    @property
    def beside(self) -> tuple[MetricCard, ...]:
        """Card of the shift."""
        return (SHIFT,)

    def score(self, output: Image, sample: Sample, metrics: Mapping[str, Metric]) -> dict[str, float]:
        """Score where the moved output has content; see `Protocol.score`."""
        if sample.target is None:
            return super().score(output, sample, metrics)
        moved = align(self.finished(output, sample.image), sample.target, self.motion)
        region = moved.region.slices
        first, second, defocused = (cut[:, *region].contiguous() for cut in (moved.output, sample.target, sample.image))
        scores = score_by(metrics, MetricInputs(first, second, defocused))
        return scores if moved.shift is None else scores | {SHIFT.name: moved.shift}


def align(output: Image, target: Image, motion: Motion) -> Aligned:
    """Move an output onto the all-in-focus image so that their lumas correlate best (ECC).

    Parameters
    ----------
    output, target
        float32 (3, H, W) in [0, 1], of one size.
    motion
        How the output may be moved.
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
        # It raises where the images do not correlate: there is no alignment to find.
        return EccResult(np.eye(3), -1.0, ITERATIONS)
    return EccResult(np.vstack([found, [0, 0, 1]]).astype(np.float64), float(correlation), ITERATIONS)
