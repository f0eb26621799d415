"""A method for an entry point that imports nothing heavy: its card, and the location of its class."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from benchmark.method import MethodCard

if TYPE_CHECKING:
    from benchmark.method import Architecture, Method


@dataclass(frozen=True)
class DeferredMethod:
    """A method whose class is imported only when the method is loaded.

    Parameters
    ----------
    card
        The method's card.
    runs
        The subclass of `benchmark.method.Method` as ``package.module:Class``.
    """

    card: MethodCard
    runs: str

    def load(self, weights: str | None = None) -> Method:
        """Load the method; see `Method.load`."""
        return self._class().load(weights)

    def architecture(self) -> Architecture | None:
        """Return the network to count; None for a method without one."""
        return self._class().architecture()

    def _class(self) -> type[Method]:
        module, _, name = self.runs.partition(":")
        found: type[Method] = getattr(import_module(module), name)
        return found
