"""Narrower networks under the names of the paper's: what ``synthetic`` runs where full-width weights are too large.

Nothing of it is silent: the label in every record and table says so, and parameters and MACs are the narrow network's.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

from benchmark.method import MethodCard
from benchmark.weight_files import WeightSets, read_safetensors
from realdof.errors import InputError


class Variant(Protocol):
    """What is common to the variants of DPDNet and DMENet."""

    @property
    def name(self) -> str:
        """On the command line."""

    @property
    def narrow(self) -> str | None:
        """The variant, a quarter as wide, whose packaged weights ``synthetic`` stands for; None for its own."""

    @property
    def sets(self) -> WeightSets:
        """Where its weights are looked for."""


Any_ = TypeVar("Any_", bound=Variant)


def find_network(variant: Any_, weights: str, variants: Mapping[str, Any_]) -> tuple[Any_, Path]:
    """What a variant runs as with a set of weights, and their file.

    It is another variant only under ``synthetic``, and the file's header says which.

    Raises
    ------
    InputError
        There are no such weights, or the header names another network than the one that stands in.
    """
    path = variant.sets.find(weights)
    if weights != "synthetic" or variant.narrow is None:
        return variant, path
    written = read_safetensors(path)[1].get("variant")
    if written != variant.narrow:
        raise InputError(f"{path} holds {written or 'an unnamed network'} by its header, not {variant.narrow}")
    return variants[variant.narrow], path


def narrow_words(network: str) -> str:
    """The words that tell a reader of records, tables and cards what ran in a network's place."""
    return f"synthetic, a quarter as wide: not {network}"


def narrow_label(network: str, label: str) -> str:
    """The label of narrow weights that run under the name of a wider network."""
    return f"{narrow_words(network)}; {label.removeprefix('synthetic: ')}"


def narrow_card(card: MethodCard, network: str) -> MethodCard:
    """The card of a method that runs narrow weights under the name of a wider network."""
    return replace(card, summary=f"{card.summary}; {narrow_words(network)}")
