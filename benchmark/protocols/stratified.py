"""Scores by the local blur of the input: the gain in defocused regions, and the harm to regions already sharp."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.method import Image, Sample
from benchmark.metrics.base import Metric, MetricInputs, score_by
from benchmark.metrics.card import MetricCard, OverPixels
from benchmark.metrics.in_focus import HARM, HARMED, block_errors, in_focus
from benchmark.protocols.base import Protocol

if TYPE_CHECKING:
    from torch import Tensor

EDGES = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Lower bounds of the bands, px: standard deviation of the Gaussian that blurs like the defocus."""
BANDS = ("0-0.5", "0.5-1", "1-2", "2-4", "4-", "flat")
"""Names of the bands; ``flat`` is for blocks with too little texture to measure their blur."""


@dataclass(frozen=True)
class StratifiedProtocol(Protocol):
    """A protocol that also scores each band of input blur.

    It adds ``share@BAND``, the band's share of the image, for every band, and ``mse@BAND``, the band's mean squared
    error, for the bands that occur in the image. The errors weighted by the shares add up to the error of the whole
    image. The gain or loss in the first band, relative to the input, is ``in-focus-harm``.
    """

    @property
    def beside(self) -> tuple[MetricCard, ...]:
        """Cards of each band's PSNR over all its pixels in the data set, and of the harm to the band in focus."""
        bands = tuple(
            MetricCard(
                name=f"psnr@{band}",
                title=f"PSNR, blur {band}",
                unit="dB",
                better="higher",
                decimals=2,
                range=(0.0, math.inf),
                needs=frozenset({"output", "target", "blur map"}),
                averaged=OverPixels(error=f"mse@{band}", share=f"share@{band}"),
                source="over all pixels of the data set where the input is blurred as by a Gaussian of so many px; "
                "flat: where the scene has no texture",
            )
            for band in BANDS
        )
        return (*bands, HARM, HARMED)

    def score(self, output: Image, sample: Sample, metrics: Mapping[str, Metric]) -> dict[str, float]:
        """Score the whole image and its bands; see `Protocol.score`."""
        target = None if sample.target is None else sample.target.contiguous()
        images = MetricInputs(self.finished(output, sample.image), target, sample.image)
        scores = score_by(metrics, images)
        if target is None or images.blur_map is None:
            return scores
        return scores | by_blur(images.output, target, sample.image, images.blur_map)


def by_blur(output: Image, target: Image, image: Image, blur_map: Tensor) -> dict[str, float]:
    """Compute the share and mean squared error of each band of blur, and the scores of the harm in focus.

    Parameters
    ----------
    output, target, image
        float32 (3, H, W) in [0, 1], of one size.
    blur_map
        float32 (h, w), px, as in `MetricInputs`.
    """
    errors = block_errors(output, target, blur_map)
    harm = in_focus(errors, block_errors(image, target, blur_map), blur_map)
    return harm | errors_by_band(errors, band_of_blocks(blur_map.numpy()))


def band_of_blocks(sigma: np.ndarray) -> np.ndarray:
    """Return the index in `BANDS` of each block's band, from its blur in px; NaN, for no texture, is ``flat``."""
    return np.where(np.isnan(sigma), len(EDGES), np.searchsorted(EDGES, np.nan_to_num(sigma), side="right") - 1)


def errors_by_band(squared: np.ndarray, bands: np.ndarray) -> dict[str, float]:
    """Compute the share of the image and the mean squared error of each band of blur.

    Parameters
    ----------
    squared
        Mean squared error of each block, floating point (rows, columns).
    bands
        Index of each block's band, as returned by `band_of_blocks`.
    """
    scores: dict[str, float] = {}
    for number, name in enumerate(BANDS):
        inside = bands == number
        scores[f"share@{name}"] = float(inside.mean())
        if inside.any():
            scores[f"mse@{name}"] = float(squared[inside].mean())
    return scores
