"""The base of methods with a network: weights, dual-pixel views, padding, and an empty network for counting."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.method import Architecture, Image, Method, MethodCard, Sample, WeightsUsed
from benchmark.network_card import NetworkCard
from realdof.common.errors import InputError
from realdof.common.files import sha256_of
from realdof.common.machine.memory import keep_blocks

Network = TypeVar("Network", bound=nn.Module)


class NetworkMethod(Method):
    """A method with a network. A subclass implements ``read``, ``count`` and ``deblur``.

    Parameters
    ----------
    card
        The method's card.
    network
        The network, ready for inference.
    weights
        The weights in use; None for weights without a file.
    """

    network: nn.Module

    def __init__(self, card: MethodCard, network: nn.Module, weights: WeightsUsed | None) -> None:
        self.card = card
        # oneDNN's convolutions are faster on channels-last tensors, and one conversion serves every layer.
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.weights = weights

    @classmethod
    def open(cls, card: NetworkCard, path: Path, name: str, **options: Any) -> Self:
        """Load the method with the weights in a file.

        Parameters
        ----------
        card
            The network to load.
        path
            The weights' file.
        name
            ``official``, ``synthetic`` or the path, as recorded in runs.
        options
            Further arguments of the subclass's constructor.

        Raises
        ------
        InputError
            The file is damaged, of another kind, or for another network.
        """
        # This affects the whole process but no results. Returning memory and faulting it in again would take as much
        # time as the convolutions.
        keep_blocks()
        network, label = cls.read(card, path)
        return cls(card.card, network, WeightsUsed(name, sha256_of(path), label), **options)

    @classmethod
    @abstractmethod
    def read(cls, card: NetworkCard, path: Path) -> tuple[nn.Module, str]:
        """Read the card's network with the weights in a file, ready for inference, and their one-line label."""

    @classmethod
    @abstractmethod
    def count(cls, card: NetworkCard) -> Architecture | None:
        """Return the card's network without weights, for counting; None if it depends on the weights."""


@dataclass(frozen=True)
class Inputs:
    """Maker of a network's arguments, on the meta device, for an image of a given size.

    Parameters
    ----------
    channels
        Number of channels of each argument.
    extended
        Function from an image's height and width to the padded height and width; None for no padding.
    """

    channels: tuple[int, ...]
    extended: Callable[[int, int], tuple[int, int]] | None = None

    def __call__(self, height: int, width: int) -> tuple[Tensor, ...]:
        """Return a batch of one image for each argument, float32 (1, C, H, W)."""
        if self.extended is not None:
            height, width = self.extended(height, width)
        return tuple(torch.empty(1, channels, height, width, device="meta") for channels in self.channels)


def empty(make: Callable[[Any], Network], shape: Any) -> Network:
    """Make a network on the meta device, so that nothing is allocated or computed."""
    with torch.device("meta"):
        return make(shape)


def views_of(sample: Sample, method: str) -> tuple[Image, Image]:
    """Return the left and the right dual-pixel view of a sample.

    Parameters
    ----------
    method
        Name of the method that needs them, for the error message.

    Raises
    ------
    InputError
        The sample lacks a view.
    """
    if sample.left is None or sample.right is None:
        raise InputError(
            f"{method} needs the left and the right dual-pixel view, and {sample.name} has none; "
            "use a method that needs only the defocused image, or a data set with dual-pixel views"
        )
    return sample.left, sample.right


def extend(image: Image, multiple: int, order: torch.memory_format = torch.channels_last) -> Tensor:
    """Make a batch of one image, (1, C, H, W), in a memory order; pad its sides by edge pixels to multiples."""
    height, width = image.shape[-2:]
    batch = image[None].contiguous(memory_format=order)
    padding = (0, -width % multiple, 0, -height % multiple)
    return functional.pad(batch, padding, mode="replicate") if any(padding) else batch
