"""Scores in linear light, if the all-in-focus image has another scale: one gain for each scene, then an alignment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from benchmark.datasets.base import Entry
from benchmark.method import Image, Sample
from benchmark.metrics.base import Metric
from benchmark.protocols.aligned import AlignedProtocol


@dataclass(frozen=True)
class LinearProtocol(AlignedProtocol):
    """A protocol for linear light; the gain from input to all-in-focus image is fitted and also applied to the output.

    Because the gain is not fitted to the output, a method that changes the brightness scores lower.

    Parameters
    ----------
    gamma
        Methods and metrics receive v^(1/gamma) of the linear values v; 1 leaves them linear.
    """

    gamma: float = 1.0

    @property
    def reading(self) -> tuple[object, ...]:
        """The settings that determine a method's input, including gamma; see `Protocol.reading`."""
        return *super().reading, self.gamma

    def load(self, entry: Entry) -> Sample:
        """Read an entry and apply the gamma curve to every image; see `Protocol.load`."""
        return super().load(entry).mapped(self._encoded)

    def score(self, output: Image, sample: Sample, metrics: Mapping[str, Metric]) -> dict[str, float]:
        """Score after the scene's gain and the alignment; see `Protocol.score`."""
        if sample.target is None:
            return super().score(output, sample, metrics)
        gain = fitted_gain(self._linear(sample.image), self._linear(sample.target))
        scaled, image = (
            self._encoded((self._linear(one) * gain).clamp(0, 1))
            for one in (self.finished(output, sample.image), sample.image)
        )
        return super().score(scaled, replace(sample, image=image), metrics)

    def _encoded(self, linear: Image) -> Image:
        return linear if self.gamma == 1 else linear.pow(1 / self.gamma)

    def _linear(self, encoded: Image) -> Image:
        return encoded if self.gamma == 1 else encoded.pow(self.gamma)


def fitted_gain(image: Image, target: Image) -> float:
    """Fit the gain of an image to its all-in-focus image by least squares; 1 for a black image.

    Parameters
    ----------
    image, target
        Linear light, float (3, H, W), of one size.
    """
    energy = float(image.double().square().sum())
    return float((image.double() * target.double()).sum()) / energy if energy > 0 else 1.0


PIXEL4 = LinearProtocol(
    name="pixel4",
    version=1,
    summary="16-bit linear light; one gain a scene, fitted on the input; clipped; then shifted onto the truth (ECC)",
    bits=16,
    size_multiple=1,
    metrics=("psnr", "ssim"),
    source="ours; the data are Xin et al.'s, ICCV 2021, whose paper scores in no way that could be looked up",
)
PIXEL4_GAMMA = replace(
    PIXEL4,
    name="pixel4-gamma",
    summary="as pixel4, but methods and metrics see v^(1/2.2) of the linear values",
    gamma=2.2,
)
