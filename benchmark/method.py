"""The interface of a deblurring method: a card that describes it, and a function from sample to image."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, Self, TypeAlias

from benchmark.tiling import Tiling

if TYPE_CHECKING:
    from torch import Tensor, nn

Image: TypeAlias = "Tensor"
"""An image: float32, (3, H, W), RGB, sRGB-encoded, nominally in [0, 1]."""
Precision = Literal["float32", "bfloat16", "float16"]
"""The type in which a method computes; the images it receives and returns are float32."""


@dataclass(frozen=True)
class Sample:
    """One image of a data set, as read by a protocol.

    Parameters
    ----------
    name
        The image's name in its data set, without suffix.
    image
        The defocused image, float32 (3, H, W) in [0, 1].
    left, right
        The two dual-pixel views, shaped like ``image``, if the data set has them.
    target
        The all-in-focus image, shaped like ``image``, if the data set has one.
    groups
        The image's groups by kind, such as its scene or f-stop.
    target_name
        Name of the all-in-focus image, which several images may share; None if it is the image's own.
    """

    name: str
    image: Image
    left: Image | None = None
    right: Image | None = None
    target: Image | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
    target_name: str | None = None

    def mapped(self, change: Callable[[Image], Image]) -> Sample:
        """Return the sample with the same change applied to each of its images."""
        left, right, target = (None if i is None else change(i) for i in (self.left, self.right, self.target))
        return replace(self, image=change(self.image), left=left, right=right, target=target)


@dataclass(frozen=True)
class MethodCard:
    """The facts about a method that tables and commands show.

    Parameters
    ----------
    name
        Name on the command line.
    title
        Name in tables.
    inputs
        ``single`` for one defocused image, ``dual`` for the defocused image and both dual-pixel views.
    summary
        One sentence.
    paper, licence
        Citation, and licence of the original code and weights; empty if there is none.
    weights
        One-line description of each named set of weights, by key; empty for a method without weights.
    published
        Key of the weights that the published figures belong to.
    sha256
        SHA-256 of the weights' files that the published figures belong to; empty if unknown.
    tolerance
        Largest difference from a published figure that counts as reproduced, by metric; for metrics left out, half a
        unit of the last published digit.
    year
        Year of the paper.
    parameters_m
        Parameters in millions, as published by the authors.
    repository
        URL and version of the authors' code; empty for a method that runs without it.
    address
        Where the authors' weights are available.
    unverified
        Facts that could not be tried or looked up, one sentence each.
    """

    name: str
    title: str
    inputs: Literal["single", "dual"]
    summary: str
    paper: str = ""
    licence: str = ""
    weights: Mapping[str, str] = field(default_factory=dict)
    published: str | None = None
    sha256: tuple[str, ...] = ()
    tolerance: Mapping[str, float] = field(default_factory=dict)
    year: int | None = None
    parameters_m: float | None = None
    repository: str = ""
    address: str = ""
    unverified: tuple[str, ...] = ()


@dataclass(frozen=True)
class WeightsUsed:
    """The weights that a method uses: key or path, SHA-256 of the file, and a one-line label."""

    name: str
    sha256: str
    label: str


@dataclass(frozen=True)
class Architecture:
    """A network without weights, for counting its cost.

    Parameters
    ----------
    network
        The network, on the meta device, so that nothing is allocated or computed.
    inputs
        Makes the network's arguments, on the meta device, for a height and width in px.
    """

    network: nn.Module
    inputs: Callable[[int, int], tuple[Tensor, ...]]


@dataclass(frozen=True)
class Capabilities:
    """What a method supports.

    Parameters
    ----------
    in_process
        False for a method that starts a program for each image: it is not warmed up, and the program's memory is
        measured.
    at_once
        True for a method that starts one program for all images, which workers cannot share.
    can_tile
        Whether the method can compute an image in tiles.
    in_bands
        Whether the method can stay within the context's memory by computing images in bands of rows, exactly.
    keeps_memory
        False for a method whose images may need all memory: freed memory is returned to the system, which takes time
        but avoids fragmentation.
    precisions
        Types in which the method can compute; a run in any other is refused.
    """

    in_process: bool = True
    at_once: bool = False
    can_tile: bool = False
    in_bands: bool = False
    keeps_memory: bool = True
    precisions: tuple[Precision, ...] = ("float32",)


def unheard(*told: object) -> None:
    """Ignore a message; the default callback."""


@dataclass(frozen=True)
class Context:
    """How a method is to compute: device, precision, threads, memory, progress.

    Parameters
    ----------
    device
        Device to compute on, as named in torch: ``cpu``, ``cuda:1``.
    precision
        Type to compute in.
    threads
        Number of threads; None for the process's setting.
    memory
        Bytes that an image may take; None for the free memory.
    progress
        Progress callback (parts of the image done, parts in all).
    announce
        Called with one line on how an image is computed if it does not fit into memory whole.
    tiling
        How every image is cut into tiles; None to leave it to the method.
    logs
        Folder for the output that programs print; None to discard it.
    upcoming
        Returns the samples that remain to be processed, without all-in-focus images; None outside a run.
    family
        Name of the whole data set that the images are from; empty outside a run.
    """

    device: str = "cpu"
    precision: Precision = "float32"
    threads: int | None = None
    memory: int | None = None
    progress: Callable[[int, int], None] = unheard
    announce: Callable[[str], None] = unheard
    tiling: Tiling | None = None
    logs: Path | None = None
    upcoming: Callable[[], Iterator[Sample]] | None = None
    family: str = ""


@dataclass(frozen=True)
class Deblurred:
    """A method's result for one sample.

    Parameters
    ----------
    image
        float32 (3, H, W), on the sample's device, **not** clipped: the protocol clips.
    seconds
        Seconds measured by the method itself, if the harness cannot measure them; None if the harness does.
    stages
        Seconds by stage, for a method whose stages are to have columns of their own.
    bands
        How the image was cut into tiles; None if it was computed whole.
    memory
        Peak memory in bytes measured by the method itself, such as a program's; None if the harness measures it.
    """

    image: Image
    seconds: float | None = None
    stages: Mapping[str, float] = field(default_factory=dict)
    bands: Tiling | None = None
    memory: int | None = None


class Method(ABC):
    """A loaded deblurring method. A subclass defines ``card`` and ``deblur``; no other code sets its attributes.

    Attributes
    ----------
    card
        The method's card.
    capabilities
        What the method supports.
    weights
        The weights in use; None for a method without weights.
    network
        The network that ``prepare`` moves to the device; None for a method without one.
    counted
        The network to count, if it depends on the weights; None if it is the factory's ``architecture``.
    """

    card: MethodCard
    capabilities: Capabilities = Capabilities()
    weights: WeightsUsed | None = None
    network: nn.Module | None = None
    counted: Architecture | None = None

    @classmethod
    def architecture(cls) -> Architecture | None:
        """Return the network whose parameters and MACs are counted; None for a method without one."""
        return None

    @classmethod
    def load(cls, weights: str | None = None) -> Self:
        """Load the method; ``weights`` is a key of the card, a path, or None for a method without weights."""
        return cls()

    def prepare(self, context: Context) -> None:
        """Prepare for the context, such as moving the network to its device; called once, before the first image."""
        if self.network is not None:
            self.network.to(context.device)

    @abstractmethod
    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Deblur one sample.

        Parameters
        ----------
        sample
            Images on the context's device, float32 (3, H, W) in [0, 1], H and W at least 64; no all-in-focus image.
        context
            How to compute; see `Context`.

        Returns
        -------
        Deblurred
            The deblurred image, and the method's own measurements.
        """


class MethodFactory(Protocol):
    """The object that an entry point of ``ifan_bench.methods`` names: a ``Method`` subclass or a similar object."""

    card: MethodCard

    def load(self, weights: str | None = None) -> Method:
        """Load the method."""

    def architecture(self) -> Architecture | None:
        """Return the network to count; None for a method without one."""
