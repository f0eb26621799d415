"""Scores by the local blur of the input: what a method gains out of focus, and whether it harms what was sharp."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmark.method import Image, Sample
from benchmark.metrics.base import Metric
from benchmark.metrics.card import MetricCard, OverPixels
from benchmark.protocols.base import Protocol
from realdof.images.resize import area_resize

EDGES = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Lower ends of the bands, px: standard deviation of the Gaussian that blurs as the defocus does."""
BANDS = ("0-0.5", "0.5-1", "1-2", "2-4", "4-", "flat")
"""Names of the bands; ``flat`` is where the scene has too little texture to tell its blur."""


@dataclass(frozen=True)
class StratifiedProtocol(Protocol):
    """A protocol that also scores each band of input blur.

    It adds ``share@BAND``, the band's share of the image, for every band, and ``mse@BAND``, the band's mean squared
    error, for bands that the image has. The errors weighted by the shares add up to the whole image's.
    """

    @property
    def beside(self) -> tuple[MetricCard, ...]:
        """A PSNR for each band, over all its pixels in the data set."""
        return tuple(
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

    def score(self, output: Image, sample: Sample, metrics: Mapping[str, Metric]) -> dict[str, float]:
        """Score the whole image and its bands; see `Protocol.score`."""
        scores = super().score(output, sample, metrics)
        if sample.target is None:
            return scores
        return scores | by_blur(self.finished(output, sample.image), sample.target, sample.image)


def by_blur(output: Image, target: Image, image: Image) -> dict[str, float]:
    """Share of the image and mean squared error of each band of blur.

    Parameters
    ----------
    output, target, image
        float32 (3, H, W) in [0, 1], of one size.
    """
    # Its Fourier transforms are slow to import, and tables of results do without.
    from realdof.matching.blur import blur_map

    defocused, truth, result = (np.ascontiguousarray(one.permute(1, 2, 0).numpy()) for one in (image, target, output))
    sigma = blur_map(defocused, truth).sigma
    squared = np.square(result.astype(np.float64) - truth).mean(axis=2)
    errors = area_resize(squared, *sigma.shape)
    band = np.where(np.isnan(sigma), len(EDGES), np.searchsorted(EDGES, np.nan_to_num(sigma), side="right") - 1)
    scores = {}
    for number, name in enumerate(BANDS):
        inside = band == number
        scores[f"share@{name}"] = float(inside.mean())
        if inside.any():
            scores[f"mse@{name}"] = float(errors[inside].mean())
    return scores
