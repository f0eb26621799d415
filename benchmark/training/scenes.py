"""Held-out scenes of a set in DPDD's layout, for the validation of deblurring networks."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from benchmark.datasets.dual_pixel import DualPixelFolder
from benchmark.metrics.base import Metric
from benchmark.training.validation import Judged
from realdof.images.depth import image_from_pixels

Deblur = Callable[[nn.Module, Mapping[str, Tensor]], Tensor]
"""From the trained module and ``image``, ``left``, ``right``, each float32 (1, 3, H, W), to the same shape."""


class HeldOutScenes:
    """Scores a network's outputs, and for comparison the defocused images, against the all-in-focus images.

    Parameters
    ----------
    scenes
        What to validate on.
    metrics
        By name, the one that says which weights are best first; the defocused image's have the ending ``_input``.
    multiple
        Images are cut to sides that are multiples of it, px.
    deblur
        See `Deblur`; the result is clipped to [0, 1].
    device
        Where the network computes.
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
