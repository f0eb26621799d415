"""What a deblurring method is to the harness: a card that describes it and a function from sample to image."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Protocol, Self, TypeAlias, runtime_checkable

from benchmark.running.tiling import Tiling

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Image: TypeAlias = "Tensor"
"""float32, (3, H, W), RGB, sRGB-encoded, nominally in [0, 1]."""


@dataclass(frozen=True)
class Sample:
    """One image of a data set, as a protocol read it.

    Parameters
    ----------
    name
        The image's name in its data set, without suffix.
    image
        The defocused image, float32 (3, H, W) in [0, 1].
    left, right
        The two dual-pixel views, shaped like ``image``, where the data set has them.
    target
        The all-in-focus image, shaped like ``image``, where the data set has one.
    """

    name: str
    image: Image
    left: Image | None = None
    right: Image | None = None
    target: Image | None = None

    def mapped(self, change: Callable[[Image], Image]) -> Sample:
        """The sample with the same change made to every image there is."""
        left, right, target = (
            None if image is None else change(image) for image in (self.left, self.right, self.target)
        )
        return Sample(self.name, change(self.image), left, right, target)


@dataclass(frozen=True)
class MethodCard:
    """What a reader of a table needs to know of a method.

    Parameters
    ----------
    name
        The word on the command line.
    title
        The name in tables.
    inputs
        ``single`` for one defocused image, ``dual`` for both dual-pixel views beside it.
    summary
        One sentence.
    paper, licence
        Citation, and licence of the original code and weights; empty where there is none.
    weights
        Key to a one-line description of each set of weights that has a name; empty for a method without weights.
    published
        Key of the weights that the published figures belong to.
    """

    name: str
    title: str
    inputs: Literal["single", "dual"]
    summary: str
    paper: str = ""
    licence: str = ""
    weights: Mapping[str, str] = field(default_factory=dict)
    published: str | None = None


@dataclass(frozen=True)
class WeightsUsed:
    """Which weights a method runs with: their key or path, the SHA-256 of the file, and a one-line label."""

    name: str
    sha256: str
    label: str


@dataclass(frozen=True)
class Architecture:
    """A network to count, without its weights.

    Parameters
    ----------
    network
        On the meta device, so that nothing is allocated or computed.
    inputs
        Given height and width in px, the network's arguments, on the meta device.
    """

    network: nn.Module
    inputs: Callable[[int, int], tuple[Tensor, ...]]


class Method(ABC):
    """A deblurring method, loaded and ready. A subclass gives ``card`` and ``deblur``.

    Attributes
    ----------
    card
        What the method is.
    network
        What ``to`` moves to a device; None for a method without a network.
    weights
        What it was loaded with; None for a method without weights.
    counted
        The network to count where the weights decide on it; None where it is the factory's ``architecture``.
    stage_seconds
        Seconds of each stage of the last image by name, for a method that has stages worth a column of their own.
    in_process
        False for a method that starts a program for each image: nothing of it can be warmed up, and the memory that
        counts is the program's.
    at_once
        True for a method that starts a program once for all images: it cannot be shared between workers.
    pending
        Gives the images that a run has yet to do, for such a method, set by a run; without all-in-focus images.
    seconds
        Of the last image, for such a method, for which a clock around ``deblur`` cannot tell; None for others.
    keeps_memory
        False for a method whose whole images may need all the memory there is: what it frees goes back to the system,
        which costs time, so that no gaps add to it.
    can_tile
        Whether the method can compute an image in tiles; ``tiling`` then says how, None for whole if it fits.
    tiled
        How the last image was cut; None if it was computed whole.
    logs
        Folder that a method which starts programs keeps in what they print, set by a run.
    """

    card: MethodCard
    network: nn.Module | None = None
    weights: WeightsUsed | None = None
    counted: Architecture | None = None
    stage_seconds: Mapping[str, float] = MappingProxyType({})
    in_process: bool = True
    at_once: bool = False
    pending: Callable[[], Iterator[Sample]] | None = None
    seconds: float | None = None
    keeps_memory: bool = True
    can_tile: bool = False
    tiling: Tiling | None = None
    tiled: Tiling | None = None
    logs: Path | None = None

    @classmethod
    def architecture(cls) -> Architecture | None:
        """The network to count parameters and MACs of; None for a method without one."""
        return None

    @classmethod
    def load(cls, weights: str | None = None) -> Self:
        """Make the method ready to run; ``weights`` is a key of the card, a path, or None if it has none."""
        return cls()

    def prepare_for(self, dataset: str) -> None:  # noqa: B027 (most methods have nothing to set)
        """Set what the method's authors set for a data set; called once, before its first image."""

    @abstractmethod
    def deblur(self, sample: Sample) -> Image:
        """Deblur one sample.

        Parameters
        ----------
        sample
            Images on the method's device, float32 (3, H, W) in [0, 1], H and W at least 64.

        Returns
        -------
        Image
            float32 (3, H, W), on the same device, **not** clipped: the protocol clips.
        """

    def to(self, device: torch.device | str) -> Self:
        """Move the method to a device."""
        if self.network is not None:
            self.network.to(device)
        return self


class MethodFactory(Protocol):
    """What an entry point of ``ifan_bench.methods`` names: a ``Method`` subclass, or an object like one."""

    card: MethodCard

    def load(self, weights: str | None = None) -> Method:
        """Make the method ready to run."""

    def architecture(self) -> Architecture | None:
        """The network to count; None for a method without one."""


@runtime_checkable
class ProgramFactory(Protocol):
    """A ``MethodFactory`` that becomes one more method with every program it is given on the command line."""

    def with_program(self, line: str, name: str | None, timeout: float) -> MethodFactory:
        """The method that runs this command line, under a name in tables, with seconds for an image."""
