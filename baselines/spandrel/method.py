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
"""Modules that the count of multiply-accumulates does not support."""
_FAILURES = (RuntimeError, NotImplementedError, ValueError, TypeError, AssertionError)


class SpandrelMethod(NetworkMethod):
    """A network that spandrel loaded.

    spandrel pads an image to the size that the architecture needs, crops the result and clips it to [0, 1].

    Parameters
    ----------
    card
        The method's card.
    model
        spandrel's descriptor.
    weights
        Name, hash and label of the weights.
    """

    def __init__(self, card: MethodCard, model: "ImageModelDescriptor[Any]", weights: WeightsUsed) -> None:
        from spandrel import ModelTiling

        # The network stays as spandrel made it, because spandrel's descriptor runs it.
        self.card, self.model, self.network, self.weights = card, model, model.model, weights
        self.capabilities = Capabilities(
            # Tiles would change the result of an architecture that uses the whole image or tiles it itself.
            can_tile=model.tiling is ModelTiling.SUPPORTED,
            # Restormer needs 17 GiB for 1680x1120, and a third more if freed blocks are kept, because of fragmentation.
            keeps_memory=False,
        )
        self.counted = _counted(model)

    @classmethod
    def open(cls, card: NetworkCard, path: Path, name: str, **options: Any) -> Self:
        """Load the network in a file as a method, with the file's architecture in its card.

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
        """Load the network in a file; return it with a description in one line."""
        method = cls.open(card, path, str(path))
        return method.network, _described(method.model)

    @classmethod
    def count(cls, card: NetworkCard) -> None:
        """Return None: the architecture is unknown until weights are loaded."""
        return None

    @torch.inference_mode()
    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Deblur one sample, whole or in tiles; see ``Method.deblur``.

        Raises
        ------
        InputError
            The network needs dual-pixel views, which the sample lacks.
        """
        images = self._fed(sample)
        if context.tiling is None:
            return Deblurred(self.compute(images))
        return Deblurred(in_tiles(self.compute, images, context.tiling, context.progress), bands=context.tiling)

    def compute(self, images: list[Tensor]) -> Tensor:
        """Deblur an image, float32 (3, H, W), or a left and a right view of that shape."""
        result: Tensor = self.model(torch.cat(images)[None].contiguous())
        return result[0]

    def _fed(self, sample: Sample) -> list[Tensor]:
        return [sample.image] if self.card.inputs == "single" else list(views_of(sample, self.card.name))


def _check(card: NetworkCard, path: Path, model: "ImageModelDescriptor[Any]") -> None:
    """Refuse an architecture other than the one that the card's ``shape`` names; a card without it accepts any."""
    if card.shape is None:
        return
    wanted = f"{card.shape} with {6 if card.inputs == 'dual' else 3} channels"
    found = f"{model.architecture.id} with {model.input_channels} channels"
    if found != wanted:
        raise InputError(f"{path} holds {found}, {card.name} is {wanted}; --method spandrel runs any")


def _described(model: "ImageModelDescriptor[Any]") -> str:
    return f"{model.architecture.name} ({', '.join([*model.tags, f'{model.input_channels} channels'])})"


def _counted(model: "ImageModelDescriptor[Any]") -> Architecture | None:
    """Return the network without weights, for counting; None if its layers cannot all be counted."""
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
