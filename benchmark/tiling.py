"""Compute an image in overlapping tiles, for networks of unknown structure.

Each tile is computed with a margin, and only its core is kept. If the margin is at least the radius of the network's
receptive field, the result equals that of the whole image up to rounding, and no blending is needed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from realdof.common.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

MULTIPLE = 8
"""px; tiles start at multiples of this, so that they match the grid of networks that downsample."""
SAFE_OVERLAP = 520
"""px; no network here has a receptive radius above 519 px, so only rounding differs from the whole image."""
Area = tuple[slice, slice]
"""Rows and columns of an image."""


@dataclass(frozen=True)
class Tile:
    """A tile of an image.

    Parameters
    ----------
    window
        The pixels to compute, core and margin, in the image's coordinates.
    core
        The pixels to keep, in the image's coordinates.
    inner
        The core in the window's coordinates.
    """

    window: Area
    core: Area
    inner: Area


@dataclass(frozen=True)
class Tiling:
    """How images are cut into tiles.

    Parameters
    ----------
    side
        Largest side of a window, px.
    overlap
        Margin around a core on each side, px; a multiple of 8.
    """

    side: int
    overlap: int

    def __post_init__(self) -> None:
        if self.overlap < 0 or self.overlap % MULTIPLE:
            raise InputError(f"an overlap of {self.overlap} px is no multiple of {MULTIPLE}")
        if self.side < self.smallest_side(self.overlap):
            raise InputError(
                f"tiles of {self.side} px leave nothing inside an overlap of {self.overlap} px; "
                f"{self.smallest_side(self.overlap)} px is the least"
            )

    @classmethod
    def parse(cls, text: str) -> Tiling:
        """Parse the text that ``str`` writes.

        Raises
        ------
        InputError
            The text has another form, or the tiling is impossible.
        """
        found = re.fullmatch(r"(\d{1,9}), overlap (\d{1,9})", text)
        if found is None:
            raise InputError(f"tiling is {text!r}; it must read like '1296, overlap 520'")
        return cls(int(found[1]), int(found[2]))

    @staticmethod
    def smallest_side(overlap: int) -> int:
        """Return the smallest side of tiles with this overlap, px; with less, tiles cost over 25 times the image."""
        return 2 * overlap + max(64, overlap // 2 // MULTIPLE * MULTIPLE)

    def __str__(self) -> str:
        return f"{self.side}, overlap {self.overlap}"

    def tiles(self, height: int, width: int) -> list[Tile]:
        """Cut an image into tiles, row by row; each pixel is in exactly one core."""
        rows, columns = self._cuts(height), self._cuts(width)
        return [self._tile(row, column, height, width) for row in rows for column in columns]

    def cost(self, height: int, width: int) -> float:
        """Return the number of computed pixels relative to the image's pixels."""
        computed = sum(_length(tile.window[0]) * _length(tile.window[1]) for tile in self.tiles(height, width))
        return computed / (height * width)

    def _cuts(self, length: int) -> list[slice]:
        if length <= self.side:
            return [slice(0, length)]
        # Of two tiles each has one neighbour; of more, the middle ones have two.
        for count in range(2, length):
            core = math.ceil(length / count / MULTIPLE) * MULTIPLE
            if core + min(count - 1, 2) * self.overlap <= self.side:
                return [slice(start, min(start + core, length)) for start in range(0, length, core)]
        raise InputError(f"{length} px cannot be cut into tiles of {self.side} px with an overlap of {self.overlap} px")

    def _tile(self, rows: slice, columns: slice, height: int, width: int) -> Tile:
        window = (self._window(rows, height), self._window(columns, width))
        inner = (_shifted(rows, -window[0].start), _shifted(columns, -window[1].start))
        return Tile(window, (rows, columns), inner)

    def _window(self, core: slice, length: int) -> slice:
        return slice(max(0, core.start - self.overlap), min(length, core.stop + self.overlap))


def _length(part: slice) -> int:
    return int(part.stop - part.start)


def _shifted(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by)


def in_tiles(
    compute: Callable[[list[Tensor]], Tensor],
    images: list[Tensor],
    tiling: Tiling,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Tensor:
    """Compute an image tile by tile.

    Parameters
    ----------
    compute
        Maps windows of ``images``, each (C, h, w), to one of the result, (3, h, w).
    images
        Images of one size, (C, H, W) each.
    report
        Progress callback (tiles done, tiles in all).

    Returns
    -------
    Tensor
        (3, H, W), as ``compute`` gives it.
    """
    height, width = images[0].shape[-2:]
    tiles = tiling.tiles(height, width)
    result: Tensor | None = None
    for done, tile in enumerate(tiles, start=1):
        part = compute([image[:, tile.window[0], tile.window[1]] for image in images])
        if result is None:
            result = part.new_empty((part.shape[0], height, width))
        result[:, tile.core[0], tile.core[1]] = part[:, tile.inner[0], tile.inner[1]]
        report(done, len(tiles))
    if result is None:
        raise ValueError("an image has at least one tile")
    return result
