"""Buffers, allocated once, for the rows of a layer's output that are still needed."""

from typing import Literal

import torch
from torch import Tensor

Border = Literal["zeros", "replicate"]
"""Values above the first and below the last row of an image."""


class Rows:
    """A buffer for a window of rows that moves down the image.

    Parameters
    ----------
    channels, height, width
        Shape of the whole output.
    capacity
        Number of rows held at once, including those beyond the border.
    above, below
        Number of rows beyond the upper and the lower border that layers read.
    border
        Values of the rows beyond the borders.
    """

    def __init__(
        self, channels: int, height: int, width: int, capacity: int, above: int, below: int, border: Border,
        dtype: torch.dtype, device: torch.device,
    ) -> None:  # fmt: skip
        self._data = torch.empty(
            (1, channels, capacity, width), dtype=dtype, device=device, memory_format=torch.channels_last
        )
        self._height, self._above, self._below, self._border = height, above, below, border
        self._first, self._stop = -above, 0
        if above and border == "zeros":
            self._data[:, :, :above] = 0

    def room(self, count: int) -> Tensor:
        """Return the view to write the next rows to, (1, C, count, W); then call `written`."""
        return self._at(self._stop, self._stop + count)

    def written(self, count: int) -> None:
        """Mark the next ``count`` rows as written; fill the rows beyond a border once the row at it is written."""
        if self._stop == 0 and self._above and self._border == "replicate":
            self._at(-self._above, 0).copy_(self._at(0, 1).expand(-1, -1, self._above, -1))
        self._stop += count
        if self._stop == self._height and self._below:
            beyond = self._at(self._height, self._height + self._below)
            if self._border == "zeros":
                beyond.zero_()
            else:
                beyond.copy_(self._at(self._height - 1, self._height).expand_as(beyond))

    def pieces(self, start: int, stop: int) -> list[Tensor]:
        """Return the rows from ``start`` up to ``stop``, (1, C, n, W), as a list of one piece."""
        return [self._at(start, stop)]

    def forget(self, before: int) -> None:
        """Drop the rows above ``before``."""
        gone = before - self._first
        if gone <= 0:
            return
        end = min(self._stop + (self._below if self._stop == self._height else 0), self._first + self._data.shape[2])
        kept = max(0, end - before)
        if kept:
            moved = self._data[:, :, gone : gone + kept]
            self._data[:, :, :kept] = moved if kept <= gone else moved.clone(memory_format=torch.channels_last)
        self._first = before

    def _at(self, start: int, stop: int) -> Tensor:
        return self._data[:, :, start - self._first : stop - self._first]


class Ring:
    """A ring buffer for rows that are kept for long: rows are never moved, and are read in up to two pieces.

    Parameters as for `Rows`, but without borders.
    """

    def __init__(self, channels: int, width: int, capacity: int, dtype: torch.dtype, device: torch.device) -> None:
        self._data = torch.empty(
            (1, channels, capacity, width), dtype=dtype, device=device, memory_format=torch.channels_last
        )

    def pieces(self, start: int, stop: int) -> list[Tensor]:
        """Return the rows from ``start`` up to ``stop``, as one or two views to read or to write."""
        size = self._data.shape[2]
        first, count = start % size, stop - start
        straight = min(count, size - first)
        parts = [self._data[:, :, first : first + straight]]
        return parts if straight == count else [*parts, self._data[:, :, : count - straight]]
