"""Validate deblurring networks on held-out scenes of a data set in DPDD's layout."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from benchmark.datasets.dual_pixel import DualPixelFolder
from benchmark.metrics.base import Metric
from benchmark.training.validation import Judged
from realdof.images.depth import image_from_pixels

Deblur = Callable[[nn.Module, Mapping[str, Tensor]], Tensor]
"""Function of the trained module and ``image``, ``left``, ``right``, float32 (1, 3, H, W), to the same shape."""


class HeldOutScenes:
    """Validation that scores a network's outputs and, for comparison, the defocused images.

    Parameters
    ----------
    scenes
        The held-out scenes.
    metrics
        Metrics by name; the first one selects the best weights. Scores of the defocused image are named ``NAME_input``.
    multiple
        Images are cropped to sides that are multiples of it, px.
    deblur
        See `Deblur`; the result is clipped to [0, 1].
    device
        Device of the network.
    """

    def __init__(
        self,
        scenes: DualPixelFolder,
        metrics: Mapping[str, Metric],
        multiple: int,
        deblur: Deblur,
        device: torch.device,
    ) -> None:
        self.scenes, self.metrics, self.multiple, self.deblur, self.device = scenes, metrics, multiple, deblur, device
        self.names = (*metrics, *(f"{name}_input" for name in metrics))

    def __len__(self) -> int:
        return len(self.scenes)

    def judge(self, module: nn.Module, index: int) -> Judged:
        """Score one scene; its pictures are the defocused image, the output and the all-in-focus image."""
        views = {name: image_from_pixels(pixels) for name, pixels in self.scenes.load(index).items()}
        height, width = (side - side % self.multiple for side in views["image"].shape[-2:])
        views = {name: view[:, :height, :width] for name, view in views.items()}
        target = views.pop("target")
        moved = {name: view[None].to(self.device) for name, view in views.items()}
        output = self.deblur(module, moved)[0].clamp(0, 1).cpu()
        scored = (
            *(metric(output, target) for metric in self.metrics.values()),
            *(metric(views["image"], target) for metric in self.metrics.values()),
        )
        return Judged(scored, (views["image"], output, target))
