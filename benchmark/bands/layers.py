"""Layers that compute rows: which rows of other layers they read, and how they compute their own.

Buffers also hold the rows beyond the upper and lower borders, so a layer pads only on the left and on the right.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.bands.rows import Border

Read = Callable[[int, int], Tensor]
"""Function (start, stop) that returns the rows from ``start`` up to ``stop`` of an image, (1, C, n, W)."""


@dataclass(frozen=True)
class Edge:
    """A layer's input from another layer.

    Parameters
    ----------
    source
        The layer that is read.
    down, up
        The layer reads ``down`` rows of the source for ``up`` rows of its own.
    before, after
        Number of further rows read above and below.
    border
        Values beyond the image's first and last row.
    """

    source: Layer
    down: int = 1
    up: int = 1
    before: int = 0
    after: int = 0
    border: Border = "zeros"

    def rows(self, start: int, stop: int) -> tuple[int, int]:
        """Return the source's first row and row after the last that the rows from ``start`` up to ``stop`` need."""
        return start * self.down // self.up - self.before, -(-stop * self.down // self.up) + self.after


class Layer(ABC):
    """One layer of the network. A subclass implements ``compute``.

    Parameters
    ----------
    edges
        The layer's inputs.
    channels, height, width
        Shape of the whole output.
    dtype
        Type of the output.
    step
        The layer computes multiples of this number of rows.
    temporary
        Number of channels that are allocated temporarily while computing; None for as many as the output's.
    """

    def __init__(
        self, edges: tuple[Edge, ...], channels: int, height: int, width: int, dtype: torch.dtype,
        *, step: int = 1, temporary: int | None = None,
    ) -> None:  # fmt: skip
        self.edges, self.channels, self.height, self.width, self.dtype = edges, channels, height, width, dtype
        self.step, self._temporary = step, channels if temporary is None else temporary

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of the output."""
        return self.channels * self.width * self.dtype.itemsize

    def scratch(self, rows: int) -> int:
        """Return the bytes allocated temporarily while computing this many rows."""
        return rows * self._temporary * self.width * self.dtype.itemsize

    @abstractmethod
    def compute(self, read: list[list[Tensor]], out: Tensor, start: int, stop: int) -> None:
        """Write the rows from ``start`` up to ``stop`` to ``out``.

        Parameters
        ----------
        read
            The rows of each edge's source, in pieces from the top.
        out
            Output to write to, (1, C, n, W).
        """


class Source(Layer):
    """The input image, read when its rows are needed."""

    def __init__(self, read: Read, channels: int, height: int, width: int, dtype: torch.dtype) -> None:
        super().__init__((), channels, height, width, dtype)
        self._read = read

    def compute(self, read: list[list[Tensor]], out: Tensor, start: int, stop: int) -> None:
        """Copy rows of the image."""
        out.copy_(self._read(start, stop))


class Delay(Layer):
    """A copy of a layer's rows for a reader that needs them much later, such as a skip connection."""

    def __init__(self, source: Layer) -> None:
        super().__init__((Edge(source),), source.channels, source.height, source.width, source.dtype, temporary=0)

    def compute(self, read: list[list[Tensor]], out: Tensor, start: int, stop: int) -> None:
        """Copy the rows."""
        out.copy_(read[0][0])


class Convolution(Layer):
    """A convolution with bias, optional additions and activation.

    Parameters
    ----------
    source
        The layer that is read.
    weight, bias
        (C', C, k, k), and (C') or None.
    stride
        1 or 2.
    padding
        Columns of padding on the left and on the right; the first is also the rows of padding above.
    border
        Values of the padding.
    added
        Layer of the same shape to add before the activation.
    slope
        Slope of the leaky ReLU; 1 for no activation, 0 for a ReLU.
    after
        Layer of the same shape to add after the activation.
    """

    def __init__(
        self, source: Layer, weight: Tensor, bias: Tensor | None, *, stride: int = 1, padding: tuple[int, int] = (1, 1),
        border: Border = "zeros", added: Layer | None = None, slope: float = 1.0, after: Layer | None = None,
    ) -> None:  # fmt: skip
        rows, columns = weight.shape[-2:]
        before, below = padding[0], rows - stride - padding[0]
        edges = [Edge(source, stride, 1, before, below, border)]
        edges += [Edge(layer) for layer in (added, after) if layer is not None]
        super().__init__(tuple(edges), weight.shape[0], source.height // stride, source.width // stride, weight.dtype)
        # Rows are channels-last. Weights in another order would be converted for every band.
        self._weight = weight.contiguous(memory_format=torch.channels_last)
        self._bias, self._stride, self._padding = bias, stride, padding
        self._border, self._slope = border, slope
        self._added, self._after = added is not None, after is not None
        self._columns = columns

    def compute(self, read: list[list[Tensor]], out: Tensor, start: int, stop: int) -> None:
        """Convolve rows."""
        rows, (left, right) = read[0][0], self._padding
        if self._border == "zeros" and left == right:
            made = functional.conv2d(rows, self._weight, self._bias, self._stride, (0, left))
        else:
            mode = "constant" if self._border == "zeros" else "replicate"
            padded = functional.pad(rows, (left, right, 0, 0), mode=mode)
            made = functional.conv2d(padded, self._weight, self._bias, self._stride)
        others = read[1:]
        if self._added:
            made = _added(made, others.pop(0))
        if self._slope == 1:
            out.copy_(made)
        elif made.dtype == out.dtype:
            torch.ops.aten.leaky_relu.out(made, self._slope, out=out)
        else:
            out.copy_(functional.leaky_relu_(made, self._slope))
        if self._after:
            _added(out, others.pop(0))


class Doubling(Layer):
    """A transposed 4x4 convolution with stride 2, a leaky ReLU, and a skip connection added to it."""

    def __init__(self, source: Layer, weight: Tensor, bias: Tensor | None, slope: float, skip: Layer) -> None:
        edges = (Edge(source, 1, 2, 1, 1), Edge(skip))
        super().__init__(edges, weight.shape[1], 2 * source.height, 2 * source.width, weight.dtype, step=2)
        self._weight = weight.contiguous(memory_format=torch.channels_last)
        self._bias, self._slope = bias, slope

    def compute(self, read: list[list[Tensor]], out: Tensor, start: int, stop: int) -> None:
        """Enlarge rows; the padding cuts off the rows that the kernel covers only in part."""
        made = functional.conv_transpose2d(read[0][0], self._weight, self._bias, 2, (3, 1))
        torch.ops.aten.leaky_relu.out(made, self._slope, out=out)
        _added(out, read[1])


class Joined(Layer):
    """The concatenated channels of several layers."""

    def __init__(self, *sources: Layer) -> None:
        first = sources[0]
        channels = sum(source.channels for source in sources)
        edges = tuple(Edge(source) for source in sources)
        super().__init__(edges, channels, first.height, first.width, first.dtype, temporary=0)

    def compute(self, read: list[list[Tensor]], out: Tensor, start: int, stop: int) -> None:
        """Copy the channels."""
        channel = 0
        for pieces in read:
            row = 0
            for piece in pieces:
                place = out[:, channel : channel + piece.shape[1], row : row + piece.shape[2]]
                place.copy_(piece)
                row += piece.shape[2]
            channel += pieces[0].shape[1]


class Pointwise(Layer):
    """A function applied to each value."""

    def __init__(self, source: Layer, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__((Edge(source),), source.channels, source.height, source.width, source.dtype)
        self._function = function

    def compute(self, read: list[list[Tensor]], out: Tensor, start: int, stop: int) -> None:
        """Apply the function."""
        out.copy_(self._function(read[0][0]))


class MaxPool(Layer):
    """Max pooling over 2x2 px."""

    def __init__(self, source: Layer) -> None:
        super().__init__((Edge(source, 2),), source.channels, source.height // 2, source.width // 2, source.dtype)

    def compute(self, read: list[list[Tensor]], out: Tensor, start: int, stop: int) -> None:
        """Reduce rows."""
        out.copy_(functional.max_pool2d(read[0][0], 2))


class Nearest(Layer):
    """Nearest-neighbour upsampling to twice the size."""

    def __init__(self, source: Layer) -> None:
        edges = (Edge(source, 1, 2),)
        super().__init__(edges, source.channels, 2 * source.height, 2 * source.width, source.dtype, step=2, temporary=0)

    def compute(self, read: list[list[Tensor]], out: Tensor, start: int, stop: int) -> None:
        """Repeat rows and columns."""
        for row in (0, 1):
            for column in (0, 1):
                out[:, :, row::2, column::2].copy_(read[0][0])


def _added(rows: Tensor, pieces: list[Tensor]) -> Tensor:
    """Add pieces, in order from the top, to rows, in place."""
    place = 0
    for piece in pieces:
        rows[:, :, place : place + piece.shape[2]].add_(piece)
        place += piece.shape[2]
    return rows
