"""NRKNet's evaluation: images are scored with their padding, and metrics receive differently processed outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from benchmark.method import Image, Sample
from benchmark.metrics.base import Metric, MetricInputs, score_by
from benchmark.protocols.base import Protocol


@dataclass(frozen=True)
class PaddedProtocol(Protocol):
    """A protocol that pads images by reflection, equally on both sides, and scores the output with the padding.

    Parameters
    ----------
    multiple
        Images are padded to multiples of this, px; if the number of missing px is odd, one px less is added, as in the
        authors' code.
    border
        Width of the border that is cropped before scoring, px.
    unclipped
        Metrics that receive the output rounded but not clipped.
    swapped
        Metrics that receive the channels in BGR order.
    """

    multiple: int = 16
    border: int = 0
    unclipped: frozenset[str] = frozenset()
    swapped: frozenset[str] = frozenset()

    @property
    def reading(self) -> tuple[object, ...]:
        """The settings that determine a method's input, including the padding; see `Protocol.reading`."""
        return (*super().reading, self.multiple)

    def fit(self, image: Image) -> Image:
        """Pad one image (3, H, W) by reflection."""
        from torch.nn.functional import pad

        high, wide = (-side % self.multiple // 2 for side in image.shape[-2:])
        return pad(image, (wide, wide, high, high), mode="reflect") if high or wide else image

    def fitted_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the height and width in px of an image of this size after ``fit``."""
        return height + -height % self.multiple // 2 * 2, width + -width % self.multiple // 2 * 2

    def score(self, output: Image, sample: Sample, metrics: Mapping[str, Metric]) -> dict[str, float]:
        """Score each metric on the output as that metric expects it; see `Protocol.score`."""
        clipped, whole = self.finished(output, sample.image), replace(self, clips=False).finished(output, sample.image)
        scores: dict[str, float] = {}
        for name, metric in metrics.items():
            target = None if sample.target is None else self._shown(sample.target, name)
            scored = self._shown(whole if name in self.unclipped else clipped, name)
            scores |= score_by({name: metric}, MetricInputs(scored, target, self._shown(sample.image, name)))
        return scores

    def _shown(self, image: Image, metric: str) -> Image:
        height, width = image.shape[-2:]
        inside = image[:, self.border : height - self.border, self.border : width - self.border]
        return (inside.flip(0) if metric in self.swapped else inside).contiguous()


NRKNET = PaddedProtocol(
    name="nrknet",
    version=2,
    summary="8-bit, padded to a multiple of 16; rounded, clipped for PSNR alone; 11x11 Gaussian SSIM; LPIPS in BGR",
    bits=8,
    size_multiple=1,
    metrics=("psnr", "ssim", "lpips"),
    source="Quan et al., CVPR 2023: test.py and data_v3.py of csZcWu/NRKNet at 3990c18",
    rounds=True,
    variants={"ssim": "ssim-gaussian"},
    unclipped=frozenset({"ssim", "lpips"}),
    swapped=frozenset({"lpips"}),
)
NRKNET_RTF = replace(
    NRKNET,
    name="nrknet-rtf",
    version=1,
    summary="as nrknet, for RTF: the padding of 4 px is cut off again before scoring",
    border=4,
)
