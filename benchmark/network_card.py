"""A network method for an entry point: one card, readable without torch, and the location of its class."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from benchmark.method import MethodCard
from benchmark.weight_sets import WeightSets
from realdof.common.errors import InputError

if TYPE_CHECKING:
    from benchmark.method import Architecture, Method
    from benchmark.network_method import NetworkMethod


@dataclass(frozen=True)
class NetworkCard:
    """A named network: its card, its weights, and the class that runs it.

    Parameters
    ----------
    name, title
        Name on the command line, and name in tables.
    summary
        One sentence for the list of methods.
    runs
        The subclass of `benchmark.network_method.NetworkMethod` as ``package.module:Class``, imported when needed.
    shape
        Parameters that distinguish the network within its family; interpreted by the class.
    sets
        The named sets of weights; None if weights can only be given as a file.
    inputs
        ``single`` for the defocused image, ``dual`` for both dual-pixel views as well.
    paper, licence
        Citation, and licence of the original code and weights.
    official_words
        One-line description of the authors' weights.
    sha256, tolerance, year, parameters_m, unverified
        As in `benchmark.method.MethodCard`.
    """

    name: str
    title: str
    summary: str
    runs: str
    shape: Any = None
    sets: WeightSets | None = None
    inputs: Literal["single", "dual"] = "single"
    paper: str = ""
    licence: str = ""
    official_words: str = ""
    sha256: tuple[str, ...] = ()
    tolerance: Mapping[str, float] = field(default_factory=dict)
    year: int | None = None
    parameters_m: float | None = None
    unverified: tuple[str, ...] = ()

    @property
    def card(self) -> MethodCard:
        """The card that tables and commands show."""
        weights = {}
        if self.sets is not None and self.sets.official:
            weights["official"] = self.official_words
        if self.sets is not None and self.sets.synthetic.is_file():
            weights["synthetic"] = "trained by us on rendered defocus; not the paper's figures"
        return MethodCard(
            name=self.name,
            title=self.title,
            inputs=self.inputs,
            summary=self.summary,
            paper=self.paper,
            licence=self.licence,
            weights=weights,
            published="official" if "official" in weights else None,
            sha256=self.sha256,
            tolerance=self.tolerance,
            year=self.year,
            parameters_m=self.parameters_m,
            address=self.sets.source if self.sets is not None and self.sets.official else "",
            unverified=self.unverified,
        )

    def load(self, weights: str | None = None) -> "Method":
        """Load the network with weights.

        Parameters
        ----------
        weights
            ``official``, ``synthetic`` or a file; ``official`` if not given.

        Raises
        ------
        InputError
            The weights do not exist, or belong to another network; nothing is substituted.
        """
        if self.sets is not None:
            name = weights or "official"
            return self._class().open(self, self.sets.find(name), name)
        if weights is None:
            raise InputError(f"{self.name} needs --weights FILE")
        if not Path(weights).is_file():
            raise InputError(f"no weights at {weights}; --weights takes the path of a file")
        return self._class().open(self, Path(weights), weights)

    def architecture(self) -> "Architecture | None":
        """Return the network without weights, for counting; None if it depends on the weights."""
        return self._class().count(self)

    def _class(self) -> "type[NetworkMethod]":
        module, _, name = self.runs.partition(":")
        found: type[NetworkMethod] = getattr(import_module(module), name)
        return found
