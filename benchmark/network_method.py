"""What methods around a network share: weights, dual-pixel views, sizes, and an empty network to count."""

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
    """A method around a network. A subclass gives ``read``, ``count`` and ``deblur``.

    Parameters
    ----------
    card
        What it is.
    network
        Ready for inference.
    weights
        What it was loaded with; None for weights without a file.
    """

    network: nn.Module

    def __init__(self, card: MethodCard, network: nn.Module, weights: WeightsUsed | None) -> None:
        self.card = card
        # oneDNN's convolutions are faster on channels-last tensors, and one conversion serves every layer.
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.weights = weights

    @classmethod
    def open(cls, card: NetworkCard, path: Path, name: str, **options: Any) -> Self:
        """The method with the weights in a file.

        Parameters
        ----------
        card
            What to load.
        path
            The file.
        name
            ``official``, ``synthetic`` or the path, for the record of a run.
        options
            Of the subclass's constructor.

        Raises
        ------
        InputError
            The file is damaged, of another kind, or holds another network.
        """
        # For the whole process, and the result is the same to the bit; freeing and faulting in again costs as much time
        # as the convolutions.
        keep_blocks()
        network, label = cls.read(card, path)
        return cls(card.card, network, WeightsUsed(name, sha256_of(path), label), **options)

    @classmethod
    @abstractmethod
    def read(cls, card: NetworkCard, path: Path) -> tuple[nn.Module, str]:
        """The card's network with the weights in a file, ready for inference, and one line on what they are."""

    @classmethod
    @abstractmethod
    def count(cls, card: NetworkCard) -> Architecture | None:
        """The card's network without weights, for counting; None if the weights decide on it."""


@dataclass(frozen=True)
class Inputs:
    """A network's arguments for an image of some size, on the meta device.

    Parameters
    ----------
    channels
        Of each argument.
    extended
        From height and width to what the image is extended to; None for no extension.
    """

    channels: tuple[int, ...]
    extended: Callable[[int, int], tuple[int, int]] | None = None

    def __call__(self, height: int, width: int) -> tuple[Tensor, ...]:
        """One batch of one image for each argument, float32 (1, C, H, W)."""
        if self.extended is not None:
            height, width = self.extended(height, width)
        return tuple(torch.empty(1, channels, height, width, device="meta") for channels in self.channels)


def empty(make: Callable[[Any], Network], shape: Any) -> Network:
    """A network on the meta device: nothing is allocated or computed."""
    with torch.device("meta"):
        return make(shape)


def views_of(sample: Sample, method: str) -> tuple[Image, Image]:
    """The left and the right dual-pixel view of a sample.

    Parameters
    ----------
    method
        Name of the method that needs them, for the message.

    Raises
    ------
    InputError
        The sample has none.
    """
    if sample.left is None or sample.right is None:
        raise InputError(
            f"{method} needs the left and the right dual-pixel view, and {sample.name} has none; "
            "use a method that needs only the defocused image, or a data set with dual-pixel views"
        )
    return sample.left, sample.right


def extend(image: Image, multiple: int) -> Tensor:
    """A batch of one, (1, C, H, W), extended by its edge to sides that are multiples of a number."""
    height, width = image.shape[-2:]
    batch = image[None].contiguous(memory_format=torch.channels_last)
    padding = (0, -width % multiple, 0, -height % multiple)
    return functional.pad(batch, padding, mode="replicate") if any(padding) else batch
