"""The method `spandrel`, any restoration network that the package of that name can load, and those with a name here."""

import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from benchmark.method import (
    Architecture,
    Capabilities,
    Context,
    Deblurred,
    Method,
    MethodCard,
    Sample,
    WeightsUsed,
)
from benchmark.running.tiling import in_tiles
from benchmark.weight_sets import WeightSets
from realdof.common.errors import InputError
from realdof.common.files import sha256_of

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor, SizeRequirements

RESTORMER = "https://github.com/swz30/Restormer/releases/tag/v1.0"
RESTORMER_PAPER = (
    "Zamir, Arora, Khan, Hayat, Khan, Yang: Restormer: Efficient Transformer for High-Resolution Image Restoration, "
    "CVPR 2022"
)
RESTORMER_LICENCE = "code and weights for academic, non-commercial use only"

PACKAGED = Path(__file__).parents[1] / "pretrained"
Inputs = Literal["single", "dual"]

_UNCOUNTED = (nn.Linear, nn.MultiheadAttention, nn.Conv1d, nn.Conv3d)
"""Modules whose work the count of multiply-accumulates would leave out."""
_FAILURES = (RuntimeError, NotImplementedError, ValueError, TypeError, AssertionError)


class SpandrelMethod(Method):
    """A network that spandrel loaded.

    An image is extended to what its architecture needs and cut again, and the result is in [0, 1], both by spandrel.

    Parameters
    ----------
    card
        What it is.
    model
        spandrel's descriptor.
    weights
        Where its weights are from.
    """

    def __init__(self, card: MethodCard, model: "ImageModelDescriptor[Any]", weights: WeightsUsed) -> None:
        from spandrel import ModelTiling

        self.card = card
        self.model = model
        self.network: nn.Module = model.model
        self.weights = weights
        self.capabilities = Capabilities(
            # Where an architecture looks at the whole image or cuts it itself, tiles would be another method.
            can_tile=model.tiling is ModelTiling.SUPPORTED,
            # A Restormer needs 17 GiB for 1680x1120, and a third more with the gaps between what it frees.
            keeps_memory=False,
        )
        self.counted = _counted(model)

    @torch.inference_mode()
    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Deblur one sample, whole or in tiles; see ``Method.deblur``.

        Raises
        ------
        InputError
            The network wants dual-pixel views, and there are none.
        """
        images = self._fed(sample)
        if context.tiling is None:
            return Deblurred(self.compute(images))
        return Deblurred(in_tiles(self.compute, images, context.tiling, context.progress), bands=context.tiling)

    def compute(self, images: list[Tensor]) -> Tensor:
        """Deblur an image, float32 (3, H, W), or its left and its right view."""
        result: Tensor = self.model(torch.cat(images)[None].contiguous())
        return result[0]

    def _fed(self, sample: Sample) -> list[Tensor]:
        if self.card.inputs == "single":
            return [sample.image]
        if sample.left is None or sample.right is None:
            raise InputError(
                f"{self.card.summary} needs the left and the right dual-pixel view, and {sample.name} has none"
            )
        return [sample.left, sample.right]


@dataclass(frozen=True)
class SpandrelFactory:
    """What an entry point names.

    Parameters
    ----------
    card
        Of the method before it is loaded.
    architecture_name
        The architecture that weights must have; None for any.
    sets
        Where weights are looked for; None where only a file can be given.
    """

    card: MethodCard
    architecture_name: str | None = None
    sets: WeightSets | None = None

    def load(self, weights: str | None = None) -> Method:
        """Load the network in a file.

        Raises
        ------
        InputError
            No weights are given, there is no such file, or it cannot be run; see `baselines.spandrel.models`.
        """
        from baselines.spandrel.models import load_model

        name, path = self._find(weights)
        model = load_model(path)
        self._check(path, model)
        label = _described(model)
        inputs: Inputs = "dual" if model.input_channels == 6 else "single"
        card = replace(self.card, inputs=inputs, summary=f"{self.card.summary}: {label}")
        return SpandrelMethod(card, model, WeightsUsed(name, sha256_of(path), label))

    def architecture(self) -> Architecture | None:
        """Unknown before there are weights, which decide on it."""
        return None

    def _find(self, weights: str | None) -> tuple[str, Path]:
        if self.sets is not None:
            name = weights or "official"
            return name, self.sets.find(name)
        if weights is None:
            raise InputError(f"{self.card.name} needs --weights FILE, of any architecture that spandrel knows")
        path = Path(weights)
        if not path.is_file():
            raise InputError(f"no weights at {weights}; --weights takes the path of a file")
        return weights, path

    def _check(self, path: Path, model: "ImageModelDescriptor[Any]") -> None:
        if self.architecture_name is None:
            return
        wanted = f"{self.architecture_name} with {6 if self.card.inputs == 'dual' else 3} channels"
        found = f"{model.architecture.id} with {model.input_channels} channels"
        if found != wanted:
            raise InputError(f"{path} holds {found}, {self.card.name} is {wanted}; --method spandrel runs any")


def _described(model: "ImageModelDescriptor[Any]") -> str:
    return f"{model.architecture.name} ({', '.join([*model.tags, f'{model.input_channels} channels'])})"


@dataclass(frozen=True)
class Fed:
    """The network's argument for an image of some size, extended to what it needs."""

    channels: int
    needs: "SizeRequirements"

    def __call__(self, height: int, width: int) -> tuple[Tensor, ...]:
        right, below = self.needs.get_padding(width, height)
        return (torch.empty(1, self.channels, height + below, width + right, device="meta"),)


def _counted(model: "ImageModelDescriptor[Any]") -> Architecture | None:
    """The network without weights, for counting; None where a count would leave out layers, or cannot be made."""
    if any(isinstance(module, _UNCOUNTED) for module in model.model.modules()):
        return None
    counted = Architecture(copy.deepcopy(model.model).to("meta"), Fed(model.input_channels, model.size_requirements))
    try:
        with torch.no_grad():
            counted.network(*counted.inputs(64, 64))
    except _FAILURES:
        return None
    return counted


def _restormer(name: str, title: str, inputs: Inputs, file: str) -> SpandrelFactory:
    views = "both dual-pixel views" if inputs == "dual" else "the defocused image"
    card = MethodCard(
        name=name,
        title=title,
        inputs=inputs,
        summary=f"transformer with attention between channels on {views}, run by spandrel",
        paper=RESTORMER_PAPER,
        licence=RESTORMER_LICENCE,
        weights={"official": f"the authors' {file}, not distributed with this package"},
        published="official",
    )
    sets = WeightSets(name, file, f"from {RESTORMER}", PACKAGED / f"{name}-synthetic.safetensors")
    return SpandrelFactory(card, "Restormer", sets)


spandrel = SpandrelFactory(
    MethodCard(
        "spandrel", "spandrel", "single", "any restoration network that spandrel can load, from a file of weights"
    )
)
restormer = _restormer("restormer", "Restormer", "single", "single_image_defocus_deblurring.pth")
restormer_dual = _restormer("restormer-dual", "Restormer, dual", "dual", "dual_pixel_defocus_deblurring.pth")
