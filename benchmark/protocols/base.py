"""The interface of a protocol: how images are read, cropped or resized, clipped and scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from benchmark.datasets.base import Entry
from benchmark.method import Image, Sample
from benchmark.metrics.base import Metric, MetricInputs, score_by
from benchmark.metrics.card import MetricCard
from realdof.common.errors import InputError
from realdof.images.depth import image_from_pixels, to_eight_bits
from realdof.images.files import read_pixels

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Protocol:
    """A named, versioned way to compute scores from files; figures of different protocols cannot be compared.

    Parameters
    ----------
    name, version
        Recorded by every run; a table shows only runs under one protocol and version.
    summary
        One sentence.
    bits
        Depth in bits at which images are read: 8 takes v >> 8 of a 16-bit file, 16 refuses an 8-bit file.
    size_multiple
        Images are cropped at the bottom and right to a multiple of this, px.
    metrics
        Names of the metrics measured by default, in the order of the columns; any installed metric can be added.
    source
        Where the protocol is defined.
    clips
        Whether outputs are clipped to [0, 1] before scoring.
    rounds
        Whether outputs are rounded to 8 bits before scoring.
    canvas
        Height and width in px to which every image is resized bilinearly; portrait images are first rotated by 90
        degrees counter-clockwise. None for no resizing.
    double
        Whether all-in-focus images are kept in float64, and outputs scored in it.
    variants
        Registered name of the metric to use for a column, where it differs from the column's name.
    """

    name: str
    version: int
    summary: str
    bits: Literal[8, 16]
    size_multiple: int
    metrics: tuple[str, ...]
    source: str
    clips: bool = True
    rounds: bool = False
    canvas: tuple[int, int] | None = None
    double: bool = False
    variants: Mapping[str, str] = field(default_factory=dict)

    @property
    def reading(self) -> tuple[object, ...]:
        """The settings that determine a method's input; outputs can be rescored under protocols with an equal value."""
        return self.bits, self.size_multiple, self.canvas

    def registered(self, metric: str) -> str:
        """Return the registered name of the metric in a column."""
        return self.variants.get(metric, metric)

    @property
    def beside(self) -> tuple[MetricCard, ...]:
        """Cards of the scores that `score` returns in addition to the metrics."""
        return ()

    def cards(self, metrics: Mapping[str, MetricCard]) -> dict[str, MetricCard]:
        """Return the card of each figure of a run with these metrics, by column."""
        return {**metrics, **{card.name: card for card in self.beside}}

    def read(self, path: Path) -> Image:
        """Read a file at the protocol's depth: float32 (3, H, W) in [0, 1], of the file's size.

        Raises
        ------
        InputError
            The file cannot be read, or has fewer bits than the protocol asks for.
        """
        return image_from_pixels(self._stored(path))

    def load(self, entry: Entry) -> Sample:
        """Read every file of an entry and crop or resize it as the protocol does.

        Images are float32, as methods expect; the all-in-focus image is float64 if ``double`` is set.
        """
        images = {role: self._stored(path) for role, path in entry.files.items()}
        doubles = {role: self.double and role == "target" for role in images}
        return Sample(
            entry.name,
            groups=entry.groups,
            target_name=entry.target_name,
            **{role: self.fit(_float64(pixels) if doubles[role] else image_from_pixels(pixels))
               for role, pixels in images.items()},
        )  # fmt: skip

    def fit(self, image: Image) -> Image:
        """Fit one image (3, H, W): crop it to the multiple, or rotate and resize it to the canvas."""
        if self.canvas is not None:
            return _on_canvas(image, *self.canvas)
        height, width = self.fitted_size(*image.shape[-2:])
        return image[..., :height, :width]

    def fitted_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the height and width in px of an image of this size after ``fit``."""
        if self.canvas is not None:
            return self.canvas
        return height - height % self.size_multiple, width - width % self.size_multiple

    def score(self, output: Image, sample: Sample, metrics: Mapping[str, Metric]) -> dict[str, float]:
        """Score a method's output; clipping and rounding happen here.

        Parameters
        ----------
        output
            float32 (3, H, W), of the sample's size.
        sample
            The sample that `load` returned, with the all-in-focus image if the data set has one.
        metrics
            Metrics by score name; those that need a missing image are left out.

        Returns
        -------
        dict
            Values by score name.

        Raises
        ------
        ValueError
            The sizes differ, or a metric refuses the images.
        """
        target = None if sample.target is None else sample.target.contiguous()
        return score_by(metrics, MetricInputs(self.finished(output, sample.image), target, sample.image))

    def finished(self, output: Image, image: Image) -> Image:
        """Clip and round an output as the protocol does before scoring.

        Raises
        ------
        ValueError
            The output's size is not that of the defocused image.
        """
        if output.shape != image.shape:
            raise ValueError(f"the output is {tuple(output.shape)}, the image {tuple(image.shape)}")
        if self.clips:
            output = output.clamp(0, 1)
        if self.rounds:
            output = output.mul(255).round().div(255)
        return output.contiguous()

    def _stored(self, path: Path) -> np.ndarray:
        pixels = read_pixels(path)
        if self.bits == 8:
            return to_eight_bits(pixels)
        if pixels.dtype.itemsize == 1:
            raise InputError(f"{path} has 8 bits a channel; protocol {self.name} needs 16, ifan-cvpr21 takes 8")
        return pixels


def _float64(pixels: np.ndarray) -> Tensor:
    import torch

    return torch.from_numpy(np.moveaxis(pixels, 2, 0) / np.iinfo(pixels.dtype).max)


def _on_canvas(image: Image, height: int, width: int) -> Image:
    import torch

    if image.shape[-2] > image.shape[-1]:
        image = torch.rot90(image, 1, (-2, -1))
    if tuple(image.shape[-2:]) == (height, width):
        return image
    pixels = np.ascontiguousarray(image.permute(1, 2, 0).numpy())
    resized = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR)
    return torch.from_numpy(np.moveaxis(resized, 2, 0).copy())
