"""A method as an entry point names it without importing what computes: its card, and where its class is."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from benchmark.method import MethodCard

if TYPE_CHECKING:
    from benchmark.method import Architecture, Method


@dataclass(frozen=True)
class DeferredMethod:
    """A method whose class is imported when it is loaded.

    Parameters
    ----------
    card
        What a reader of a table needs to know.
    runs
        The subclass of `benchmark.method.Method` as ``package.module:Class``.
    """

    card: MethodCard
    runs: str

    def load(self, weights: str | None = None) -> Method:
        """Make the method ready to run; see `Method.load`."""
        return self._class().load(weights)

    def architecture(self) -> Architecture | None:
        """The network to count; None for a method without one."""
        return self._class().architecture()

    def _class(self) -> type[Method]:
        module, _, name = self.runs.partition(":")
        found: type[Method] = getattr(import_module(module), name)
        return found
