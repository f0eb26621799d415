"""A network as a graph of layers: the order in which rows are computed, and the memory needed, planned in advance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.bands.layers import Delay, Edge, Layer, Source
from benchmark.bands.rows import Border, Ring, Rows

Observer = Callable[[int, int, Tensor], None]
"""Callback (start, stop, rows) with the rows from ``start`` up to ``stop``, (1, C, n, W), just computed by a layer."""


@dataclass(frozen=True)
class Step:
    """The rows that a layer computes in one call."""

    layer: Layer
    start: int
    stop: int


@dataclass(frozen=True)
class Plan:
    """The plan for computing an image in bands.

    Parameters
    ----------
    band
        Rows of the image that are computed at once, px.
    count
        Number of bands, including the first ones, which only fill the layers' buffers.
    capacities
        Number of rows in each layer's buffer.
    bytes
        Memory of all buffers and of the largest intermediate result, bytes.
    """

    band: int
    count: int
    capacities: Mapping[Layer, int]
    bytes: int


class Graph:
    """A network as layers that read one another's rows.

    Parameters
    ----------
    last
        The layer that computes the result, as high as the image.
    multiple
        Band heights are multiples of this, px, because the network halves the image repeatedly.
    """

    def __init__(self, last: Layer, multiple: int) -> None:
        self.last, self.multiple = last, multiple
        self.layers = _sorted(last)
        self._readers: dict[Layer, list[tuple[Layer, int]]] = {layer: [] for layer in self.layers}
        for layer in self.layers:
            for number, edge in enumerate(layer.edges):
                self._readers[edge.source].append((layer, number))
        self.reach = self._reach()
        """How many rows of the image below a row of the result that row depends on."""

    def plan(self, band: int) -> Plan:
        """Plan buffers and memory for bands of ``band`` rows, a multiple of ``multiple``."""
        capacities = dict.fromkeys(self.layers, 0)
        first = {layer: -self._beyond(layer)[0] for layer in self.layers}
        done = dict.fromkeys(self.layers, 0)
        scratch, count = 0, 0
        for count, steps in enumerate(self.bands(band), start=1):  # noqa: B007
            for step in steps:
                done[step.layer] = step.stop
                scratch = max(scratch, step.layer.scratch(step.stop - step.start))
            for layer in self.layers:
                below = self._beyond(layer)[1] if done[layer] == layer.height else 0
                capacities[layer] = max(capacities[layer], done[layer] + below - first[layer])
            first = {layer: self._needed_from(layer, done) for layer in self.layers}
        held = sum(rows * layer.row_bytes for layer, rows in capacities.items())
        return Plan(band, count, capacities, held + scratch)

    def bands(self, band: int) -> Iterator[list[Step]]:
        """Yield the steps of each band, layer by layer; each row of each layer is computed once."""
        height, done = self.last.height, dict.fromkeys(self.layers, 0)
        lag = -(-self.reach // self.multiple) * self.multiple
        target = -lag
        while done[self.last] < height:
            target += band
            needs, steps = self._needs(target), []
            for layer in self.layers:
                stop = min(max(needs[layer], 0), layer.height)
                if stop > done[layer]:
                    steps.append(Step(layer, done[layer], stop))
                    done[layer] = stop
            yield steps

    @torch.inference_mode()
    def run(
        self,
        plan: Plan,
        observers: Mapping[Layer, Observer],
        device: torch.device,
        report: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        """Compute all rows and pass them to the observers.

        Parameters
        ----------
        plan
            Made by `plan`.
        observers
            Called with a layer's rows once they are computed; they are overwritten later, so copy them.
        report
            Progress callback (bands done, bands in all).
        """
        stores = {layer: self._store(layer, plan.capacities[layer], device) for layer in self.layers}
        done = dict.fromkeys(self.layers, 0)
        for number, steps in enumerate(self.bands(plan.band), start=1):
            for step in steps:
                layer, count = step.layer, step.stop - step.start
                read = [stores[edge.source].pieces(*edge.rows(step.start, step.stop)) for edge in layer.edges]
                store = stores[layer]
                if isinstance(store, Ring):
                    # The rows may wrap around from the ring's end to its beginning.
                    start = step.start
                    for piece in store.pieces(step.start, step.stop):
                        stop = start + piece.shape[2]
                        rows = read[0][0][:, :, start - step.start : stop - step.start]
                        layer.compute([[rows]], piece, start, stop)
                        start = stop
                else:
                    out = store.room(count)
                    layer.compute(read, out, step.start, step.stop)
                    store.written(count)
                    if layer in observers:
                        observers[layer](step.start, step.stop, out)
                done[layer] = step.stop
            for layer, store in stores.items():
                if isinstance(store, Rows):
                    store.forget(self._needed_from(layer, done))
            report(number, plan.count)

    def rows_seen(self, row: int) -> tuple[int, int]:
        """Return the first and last image row that one row of the result depends on, ignoring image borders."""
        spans = {self.last: (row, row + 1)}
        for layer in reversed(self.layers):
            start, stop = spans[layer]
            for edge in layer.edges:
                first, end = edge.rows(start, stop) if layer.step == 1 else _enlarged(edge, start, stop)
                before = spans.get(edge.source, (first, end))
                spans[edge.source] = min(first, before[0]), max(end, before[1])
        sources = [spans[layer] for layer in self.layers if isinstance(layer, Source)]
        return min(start for start, _ in sources), max(stop for _, stop in sources) - 1

    def _store(self, layer: Layer, capacity: int, device: torch.device) -> Rows | Ring:
        if isinstance(layer, Delay):
            return Ring(layer.channels, layer.width, capacity, layer.dtype, device)
        above, below = self._beyond(layer)
        borders: set[Border] = {
            reader.edges[number].border
            for reader, number in self._readers[layer]
            if reader.edges[number].before or reader.edges[number].after
        }
        if len(borders) > 1:
            raise ValueError("layers with different borders read the same rows; put a copy between them")
        border = borders.pop() if borders else "zeros"
        return Rows(layer.channels, layer.height, layer.width, capacity, above, below, border, layer.dtype, device)

    def _beyond(self, layer: Layer) -> tuple[int, int]:
        """Return how many rows beyond the upper and the lower border are read."""
        edges = [reader.edges[number] for reader, number in self._readers[layer]]
        return max((edge.before for edge in edges), default=0), max((edge.after for edge in edges), default=0)

    def _needed_from(self, layer: Layer, done: Mapping[Layer, int]) -> int:
        """Return the first row that a reader still needs; the next row to compute if no reader needs any."""
        waiting = [
            reader.edges[number].rows(done[reader], done[reader] + 1)[0]
            for reader, number in self._readers[layer]
            if done[reader] < reader.height
        ]
        return min(waiting, default=done[layer])

    def _needs(self, target: int) -> dict[Layer, int]:
        """Return the rows each layer must have computed for the result up to ``target``, ignoring image borders."""
        needs = {self.last: target}
        for layer in reversed(self.layers):
            need = needs[layer] = -(-needs[layer] // layer.step) * layer.step
            for edge in layer.edges:
                below = edge.rows(need - 1, need)[1] if layer.step == 1 else edge.rows(need - layer.step, need)[1]
                needs[edge.source] = max(needs.get(edge.source, below), below)
        return needs

    def _reach(self) -> int:
        needs = self._needs(0)
        return max(needs[layer] for layer in self.layers if isinstance(layer, Source))


def _enlarged(edge: Edge, start: int, stop: int) -> tuple[int, int]:
    """Return the exact source rows that rows of an enlarging layer need; `Edge.rows` covers whole steps only."""
    if edge.up == 1 or not edge.before:
        return edge.rows(start, stop)
    return -(-(start - 2) // 2), stop // 2 + 1


def _sorted(last: Layer) -> list[Layer]:
    """Sort all layers that the last one depends on, each after the layers that it reads."""
    found: dict[Layer, None] = {}
    waiting = [(last, False)]
    while waiting:
        layer, expanded = waiting.pop()
        if layer in found:
            continue
        if expanded:
            found[layer] = None
            continue
        waiting.append((layer, True))
        waiting += [(edge.source, False) for edge in reversed(layer.edges)]
    return list(found)
