"""Validation on patches of separate photographs, rendered once and grouped by blur radius."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from ifan.network import IFAN
from ifan.synthetic.degradations import Degradations
from ifan.synthetic.patches import PatchStyle, Sources, make_patches
from ifan.synthetic.surfaces import SceneStyle
from ifan.training.losses import TrainedIFAN
from ifan.variants import Variant
from ifan.weights import save_weights

BANDS: dict[str, SceneStyle] = {
    "sharp": SceneStyle(sharp_share=1.0),
    "to_4": SceneStyle(smallest_radius=1.0, largest_radius=4.0, sharp_share=0.0),
    "to_10": SceneStyle(smallest_radius=4.0, largest_radius=10.0, sharp_share=0.0),
    "to_25": SceneStyle(smallest_radius=10.0, largest_radius=25.0, sharp_share=0.0),
}
"""Groups of scenes by their largest blur radius in px."""
FAINT_NOISE = Degradations(
    noise=1.0, electrons=(2e4, 2e4), read_noise=2.0, encoded_noise=0, denoising=0, sharpening=0, jpeg=0, webp=0,
    palette=0, exposure=0,
)  # fmt: skip
"""Degradations of a good camera at its lowest sensitivity, with 8-bit files."""
SEED = 20_210_000
"""Seed of the validation patches, independent of the training's seed."""


@dataclass(frozen=True)
class Group:
    """Images that are scored together: float32 (n, 3, H, W) each, sides multiples of 8."""

    image: Tensor
    left: Tensor
    right: Tensor
    target: Tensor


def rendered_groups(sources: Sources, count: int, crop: int) -> dict[str, Group]:
    """Render the patches of each of `BANDS`.

    Parameters
    ----------
    count
        Number of patches per band.
    """
    groups = {}
    for number, (name, scenes) in enumerate(BANDS.items()):
        style = PatchStyle(crop=crop, scenes=scenes, degradations=FAINT_NOISE, misaligned=0.0)
        random = np.random.default_rng((SEED, number))
        parts = [make_patches(sources, style, 1, crop, random, SEED + 1000 * number + place) for place in range(count)]
        groups[name] = Group(**{key: torch.cat([part[key] for part in parts]) for key in parts[0]})
    return groups


def psnr(output: Tensor, target: Tensor) -> Tensor:
    """Return the PSNR of each image in dB, for (n, 3, H, W) in [0, 1]."""
    return -10 * torch.log10((output.clamp(0, 1) - target).square().mean(dim=(1, 2, 3)).clamp(min=1e-10))


class GroupValidation:
    """Validation that measures the averaged network's gains by group and saves its weights.

    Parameters
    ----------
    groups
        Groups to validate on; may be empty.
    folder
        The run's folder, for ``averaged.safetensors``.
    card
        Function of the step that returns the training card.
    """

    def __init__(
        self, groups: Mapping[str, Group], folder: Path, variant: Variant, card: Callable[[int], dict[str, Any]]
    ) -> None:
        self.groups, self.folder, self.variant, self.card = groups, folder, variant, card

    def __call__(self, module: nn.Module, step: int) -> dict[str, float]:
        """Return the mean gain in dB of each group and, as ``NAME_least``, that of its worst image."""
        network = cast(TrainedIFAN, module).network
        figures: dict[str, float] = {}
        for name, group in self.groups.items():
            gain = gains(network, group)
            figures |= {name: float(gain.mean()), f"{name}_least": float(gain.min())}
        path = self.folder / "averaged.safetensors"
        save_weights(path, network, self.variant, "unlabelled", self.card(step) | {"validation": figures})
        return figures


@torch.no_grad()
def gains(network: IFAN, group: Group) -> Tensor:
    """Return the PSNR of the output minus that of the input, dB, for each image of a group."""
    training = network.training
    network.eval()
    device = next(network.parameters()).device
    found = []
    for image, left, right, target in zip(group.image, group.left, group.right, group.target, strict=True):
        views = torch.cat([right, left])[None].to(device) if network.shape.dual else None
        image, target = image[None].to(device), target[None].to(device)
        found.append(psnr(network(image, views), target) - psnr(image, target))
    network.train(training)
    return torch.cat(found).cpu()
