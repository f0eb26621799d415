"""Any restoration network that the package spandrel can load, as a method of the benchmark."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor, nn

from benchmark.method import Architecture, Capabilities, Context, Deblurred, MethodCard, Sample, WeightsUsed
from benchmark.network_card import NetworkCard
from benchmark.network_method import Inputs, NetworkMethod, views_of
from benchmark.tiling import in_tiles
from realdof.common.errors import InputError
from realdof.common.files import sha256_of

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor

_UNCOUNTED = (nn.Linear, nn.MultiheadAttention, nn.Conv1d, nn.Conv3d)
"""Modules whose work the count of multiply-accumulates would leave out."""
_FAILURES = (RuntimeError, NotImplementedError, ValueError, TypeError, AssertionError)


class SpandrelMethod(NetworkMethod):
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

        # The network stays as spandrel made it, whose descriptor runs it.
        self.card, self.model, self.network, self.weights = card, model, model.model, weights
        self.capabilities = Capabilities(
            # Where an architecture looks at the whole image or cuts it itself, tiles would be another method.
            can_tile=model.tiling is ModelTiling.SUPPORTED,
            # A Restormer needs 17 GiB for 1680x1120, and a third more with the gaps between what it frees.
            keeps_memory=False,
        )
        self.counted = _counted(model)

    @classmethod
    def open(cls, card: NetworkCard, path: Path, name: str, **options: Any) -> Self:
        """The network in a file, under a card that says what it is.

        Raises
        ------
        InputError
            The file cannot be run, or its architecture is not the card's; see `baselines.spandrel.models`.
        """
        from baselines.spandrel.models import load_model

        model = load_model(path)
        _check(card, path, model)
        label = _described(model)
        found = replace(
            card.card, inputs="dual" if model.input_channels == 6 else "single", summary=f"{card.summary}: {label}"
        )
        return cls(found, model, WeightsUsed(name, sha256_of(path), label), **options)

    @classmethod
    def read(cls, card: NetworkCard, path: Path) -> tuple[nn.Module, str]:
        """Read the network in a file, and one line on what it is."""
        method = cls.open(card, path, str(path))
        return method.network, _described(method.model)

    @classmethod
    def count(cls, card: NetworkCard) -> None:
        """None: the architecture is unknown until weights are loaded."""
        return None

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
        return [sample.image] if self.card.inputs == "single" else list(views_of(sample, self.card.name))


def _check(card: NetworkCard, path: Path, model: "ImageModelDescriptor[Any]") -> None:
    """Refuse another architecture than the one whose name is the card's shape; no shape takes any."""
    if card.shape is None:
        return
    wanted = f"{card.shape} with {6 if card.inputs == 'dual' else 3} channels"
    found = f"{model.architecture.id} with {model.input_channels} channels"
    if found != wanted:
        raise InputError(f"{path} holds {found}, {card.name} is {wanted}; --method spandrel runs any")


def _described(model: "ImageModelDescriptor[Any]") -> str:
    return f"{model.architecture.name} ({', '.join([*model.tags, f'{model.input_channels} channels'])})"


def _counted(model: "ImageModelDescriptor[Any]") -> Architecture | None:
    """The network without weights, for counting; None where a count would leave out layers, or cannot be made."""
    if any(isinstance(module, _UNCOUNTED) for module in model.model.modules()):
        return None

    def extended(height: int, width: int) -> tuple[int, int]:
        right, below = model.size_requirements.get_padding(width, height)
        return height + below, width + right

    counted = Architecture(copy.deepcopy(model.model).to("meta"), Inputs((model.input_channels,), extended))
    try:
        with torch.no_grad():
            counted.network(*counted.inputs(64, 64))
    except _FAILURES:
        return None
    return counted
