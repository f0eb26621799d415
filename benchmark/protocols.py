"""Evaluation protocols: how images are read, cropped, clipped and scored.

A figure without its protocol means nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from benchmark.datasets.base import Entry
from benchmark.method import Image, Sample
from benchmark.metrics.base import Metric
from realdof.errors import InputError
from realdof.images import image_from_pixels, read_pixels, to_eight_bits


@dataclass(frozen=True)
class Protocol:
    """A named, versioned way to turn files into scores.

    Parameters
    ----------
    name, version
        What a run records; figures of two protocols or versions never share a table.
    summary
        One sentence.
    bits
        Depth that images are read at: 8 takes v >> 8 of a 16-bit file, 16 refuses an 8-bit file.
    size_multiple
        Images are cut at the bottom and right to a multiple of this.
    metrics
        What is measured, in the order of the columns.
    source
        Where it is defined.
    """

    name: str
    version: int
    summary: str
    bits: Literal[8, 16]
    size_multiple: int
    metrics: tuple[str, ...]
    source: str

    def load(self, path: Path) -> Image:
        """Read a file at the protocol's depth: float32 (3, H, W) in [0, 1].

        Raises
        ------
        InputError
            The file cannot be read, or has fewer bits than the protocol asks for.
        """
        pixels = read_pixels(path)
        if self.bits == 8:
            return image_from_pixels(to_eight_bits(pixels))
        if pixels.dtype.itemsize == 1:
            raise InputError(f"{path} has 8 bits a channel; protocol {self.name} needs 16, ifan-cvpr21 takes 8")
        return image_from_pixels(pixels)

    def load_sample(self, entry: Entry) -> Sample:
        """Read every file of an entry and prepare it."""
        images = {role: self.load(path) for role, path in entry.files.items()}
        return self.prepare(Sample(entry.name, **images))

    def prepare(self, sample: Sample) -> Sample:
        """Cut every image of a sample to the protocol's multiple, at the bottom and right."""
        return sample.mapped(self.cut)

    def cut(self, image: Image) -> Image:
        """Cut one image (3, H, W) to the protocol's multiple."""
        height, width = image.shape[-2:]
        return image[..., : height - height % self.size_multiple, : width - width % self.size_multiple]

    def score(self, output: Image, target: Image, metrics: Mapping[str, Metric]) -> dict[str, float]:
        """Score an output as the method returned it: clipped to [0, 1] here, not rounded.

        Parameters
        ----------
        output, target
            float32 (3, H, W), of one size.
        metrics
            Metric by name; all are measured.

        Raises
        ------
        ValueError
            The sizes differ.
        """
        if output.shape != target.shape:
            raise ValueError(f"the output is {tuple(output.shape)}, the all-in-focus image {tuple(target.shape)}")
        clipped = output.clamp(0, 1).contiguous()
        return {name: metric(clipped, target.contiguous()) for name, metric in metrics.items()}


IFAN_CVPR21 = Protocol(
    name="ifan-cvpr21",
    version=1,
    summary="8-bit RGB; output clipped, not rounded; SSIM of scikit-image, 7x7 uniform; LPIPS AlexNet",
    bits=8,
    size_multiple=8,
    metrics=("psnr", "ssim", "mae", "lpips"),
    source="Lee et al., CVPR 2021, Section 4, and the authors' evaluation code",
)
IFAN_CVPR21_16BIT = replace(
    IFAN_CVPR21,
    name="ifan-cvpr21-16bit",
    summary="as ifan-cvpr21, from 16-bit files at their full depth",
    bits=16,
    source="Lee et al., CVPR 2021, supplement, Section 3",
)
PROTOCOLS = {protocol.name: protocol for protocol in (IFAN_CVPR21, IFAN_CVPR21_16BIT)}
