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
"""float32, (3, H, W), RGB, sRGB-encoded, nominally in [0, 1]."""
Precision = Literal["float32", "bfloat16", "float16"]
"""What a method computes in; images are float32 outside of it."""


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
    groups
        What the image belongs to, such as its scene or f-stop, by kind.
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
        """The sample with the same change made to every image there is."""
        left, right, target = (None if i is None else change(i) for i in (self.left, self.right, self.target))
        return replace(self, image=change(self.image), left=left, right=right, target=target)


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
    sha256
        Of the files of weights that the published figures belong to; empty if no hash is known.
    tolerance
        Largest difference from a published figure that still reproduces it, by metric; half a unit of the last printed
        digit where a metric is left out.
    year
        Of the paper.
    parameters_m
        Parameters in millions, as the authors print them.
    repository
        The authors' code and its version; empty for a method that runs without it.
    address
        Where the authors' weights are to be had.
    unverified
        What could not be tried or looked up, one sentence each.
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


@dataclass(frozen=True)
class Capabilities:
    """What the harness may do with a method.

    Parameters
    ----------
    in_process
        False for a method that starts a program for each image: nothing can be warmed up, and the memory that counts
        is the program's.
    at_once
        True for a method that starts a program once for all images, which workers cannot share.
    can_tile
        Whether the method can compute an image in tiles.
    in_bands
        Whether the method keeps within the context's memory by computing images in bands of rows, exactly.
    keeps_memory
        False for a method whose whole images may need all the memory there is: what it frees goes back to the system,
        which costs time but leaves no gaps.
    precisions
        What the method can compute in; a run in any other is refused.
    """

    in_process: bool = True
    at_once: bool = False
    can_tile: bool = False
    in_bands: bool = False
    keeps_memory: bool = True
    precisions: tuple[Precision, ...] = ("float32",)


def unheard(*told: object) -> None:
    """A callback that does nothing."""


@dataclass(frozen=True)
class Context:
    """How a method shall compute: device, precision, threads, memory, progress.

    Parameters
    ----------
    device
        What to compute on, as torch names it: ``cpu``, ``cuda:1``.
    precision
        The type to compute in.
    threads
        How many threads to use; None for what the process uses.
    memory
        Bytes that an image may take; None for what is free.
    progress
        Told how many parts of an image are done, and of how many.
    announce
        Told in one line how an image is computed if it does not fit into memory whole.
    tiling
        How every image is cut; None to leave it to the method.
    logs
        Folder for what programs print; None to keep nothing.
    upcoming
        Gives the samples that the run has yet to do, without all-in-focus images; None outside a run.
    family
        Name of the data set that the images are from, also for a part of it; empty outside a run.
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
    """What a method made of one sample.

    Parameters
    ----------
    image
        float32 (3, H, W), on the sample's device, **not** clipped: the protocol clips.
    seconds
        What the method itself measured, where a clock around ``deblur`` cannot tell; None if the harness measures.
    stages
        Seconds of each stage by name, for a method whose stages deserve columns of their own.
    bands
        How the image was cut; None if it was computed whole.
    memory
        Peak memory in bytes that the method itself measured, such as a program's; None if the harness measures.
    """

    image: Image
    seconds: float | None = None
    stages: Mapping[str, float] = field(default_factory=dict)
    bands: Tiling | None = None
    memory: int | None = None


class Method(ABC):
    """A loaded deblurring method. A subclass gives ``card`` and ``deblur``; nothing is written to it from outside.

    Attributes
    ----------
    card
        What the method is.
    capabilities
        What the harness may do with it.
    weights
        What it was loaded with; None for a method without weights.
    network
        What ``prepare`` moves to the device; None for a method without a network.
    counted
        The network to count if the weights decide on it; None if it is the factory's ``architecture``.
    """

    card: MethodCard
    capabilities: Capabilities = Capabilities()
    weights: WeightsUsed | None = None
    network: nn.Module | None = None
    counted: Architecture | None = None

    @classmethod
    def architecture(cls) -> Architecture | None:
        """The network to count parameters and MACs of; None for a method without one."""
        return None

    @classmethod
    def load(cls, weights: str | None = None) -> Self:
        """Load the method; ``weights`` is a key of the card, a path, or None if it has none."""
        return cls()

    def prepare(self, context: Context) -> None:
        """Move the method to the context's device; called once, before the first image."""
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
            What the run gives the method.

        Returns
        -------
        Deblurred
            The image, and what the method measured.
        """


class MethodFactory(Protocol):
    """What an entry point of ``ifan_bench.methods`` names: a ``Method`` subclass, or an object like one."""

    card: MethodCard

    def load(self, weights: str | None = None) -> Method:
        """Make the method ready to run."""

    def architecture(self) -> Architecture | None:
        """The network to count; None for a method without one."""
