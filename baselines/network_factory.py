"""What DPDNet and DMENet share as methods: variants by name, sets of weights, and narrower networks that stand in.

Where full-width weights are too large to come with the package, ``synthetic`` runs a narrower network under the name of
the paper's. Nothing of it is silent: the label in every record and table says so, and parameters and MACs are those of
the narrow network.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Generic, Literal, TypeVar

import torch
from torch import Tensor, nn

from benchmark.method import Architecture, Method, MethodCard, WeightsUsed
from benchmark.weight_files import read_safetensors
from benchmark.weight_sets import WeightSets
from realdof.common.errors import InputError
from realdof.common.files import sha256_of
from realdof.common.memory import keep_blocks

PACKAGED = Path(__file__).parent / "pretrained"


@dataclass(frozen=True)
class NamedVariant:
    """A network by name; a subclass adds what the network is like.

    Parameters
    ----------
    name, title
        On the command line, and in tables.
    summary
        One sentence for the list of methods.
    official
        File name of released weights in the cache; None where there are none.
    narrow
        The variant, a quarter as wide, whose packaged weights ``synthetic`` stands for; None for its own.
    """

    name: str
    title: str
    summary: str
    official: str | None = None
    narrow: str | None = None
    source: ClassVar[str]
    """Where the released file is to be had, as an ending of "put FILE ..."."""

    @property
    def sets(self) -> WeightSets:
        """Where its weights are looked for."""
        packaged = PACKAGED / f"{self.narrow or self.name}-synthetic.safetensors"
        return WeightSets(self.name, self.official, self.source, packaged)


V = TypeVar("V", bound=NamedVariant)
N = TypeVar("N", bound=nn.Module)


@dataclass(frozen=True)
class NetworkFactory(ABC, Generic[V, N]):
    """What an entry point names: a variant that can be loaded or counted. A subclass says of which network.

    Attributes
    ----------
    network, paper, licence
        The network's name in sentences, its citation, and the licence of the original code and weights.
    """

    variant: V
    network: ClassVar[str]
    paper: ClassVar[str]
    licence: ClassVar[str]

    @property
    @abstractmethod
    def variants(self) -> Mapping[str, V]:
        """All variants of the network, by name."""

    @property
    @abstractmethod
    def official_words(self) -> str:
        """What the authors' weights are."""

    @abstractmethod
    def read(self, variant: V, path: Path) -> tuple[N, str]:
        """The network with the weights of a file, and their label."""

    @abstractmethod
    def method(self, card: MethodCard, network: N, weights: WeightsUsed, counted: Architecture) -> Method:
        """The network as a method."""

    @abstractmethod
    def count(self, variant: V) -> Architecture:
        """The network without weights, for counting."""

    @property
    def inputs(self) -> Literal["single", "dual"]:
        """What the method is fed with."""
        return "single"

    @property
    def card(self) -> MethodCard:
        """The variant's card."""
        weights = {"official": self.official_words} if self.variant.official else {}
        if self.variant.sets.synthetic.is_file():
            ours = narrow_words(self.network) if self.variant.narrow else "trained by us on rendered defocus"
            weights["synthetic"] = f"{ours}; not the paper's figures"
        return MethodCard(
            name=self.variant.name,
            title=self.variant.title,
            inputs=self.inputs,
            summary=self.variant.summary,
            paper=self.paper,
            licence=self.licence,
            weights=weights,
            published="official" if self.variant.official else None,
        )

    def load(self, weights: str | None = None) -> Method:
        """Load the network with a named set of weights or a file."""
        name = weights or "official"
        keep_blocks()
        runs, path = self.find(name)
        network, label = self.read(runs, path)
        card = self.card
        if runs is not self.variant:
            card, label = narrow_card(card, self.network), narrow_label(self.network, label)
        return self.method(card, network, WeightsUsed(name, sha256_of(path), label), self.count(runs))

    def architecture(self) -> Architecture:
        """The network without weights, for counting."""
        return self.count(self.variant)

    def find(self, weights: str) -> tuple[V, Path]:
        """What the variant runs as with a set of weights, and their file.

        It is another variant only under ``synthetic``, and the file's header says which.

        Raises
        ------
        InputError
            There are no such weights, or the header names another network than the one that stands in.
        """
        path = self.variant.sets.find(weights)
        if weights != "synthetic" or self.variant.narrow is None:
            return self.variant, path
        written = read_safetensors(path)[1].get("variant")
        if written != self.variant.narrow:
            raise InputError(f"{path} holds {written or 'an unnamed network'} by its header, not {self.variant.narrow}")
        return self.variants[self.variant.narrow], path


@dataclass(frozen=True)
class Inputs:
    """One image of so many channels, on the meta device."""

    channels: int

    def __call__(self, height: int, width: int) -> tuple[Tensor, ...]:
        return (torch.empty(1, self.channels, height, width, device="meta"),)


def narrow_words(network: str) -> str:
    """The words that tell a reader of records, tables and cards what ran in a network's place."""
    return f"synthetic, a quarter as wide: not {network}"


def narrow_label(network: str, label: str) -> str:
    """The label of narrow weights that run under the name of a wider network."""
    return f"{narrow_words(network)}; {label.removeprefix('synthetic: ')}"


def narrow_card(card: MethodCard, network: str) -> MethodCard:
    """The card of a method that runs narrow weights under the name of a wider network."""
    return replace(card, summary=f"{card.summary}; {narrow_words(network)}")
