"""Tiles of an image: plan where they lie, and cut them out so that circular filters can run on them."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

BLOCK = 8
"""Pixels; a tile's core is a multiple of it, so one table of blocks serves every tile size."""

# Products of small primes, for which the FFT is fast, and multiples of twice the block.
_PERIODS = (32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 512, 640, 768, 1024)


@dataclass(frozen=True)
class Tiling:
    """Square tiles of one size on a grid over the image.

    Parameters
    ----------
    core
        Side of the part of a tile whose result is used, in pixels.
    margin
        Width of the margin on each side of the core, in pixels; its outer half fades into the opposite side.
    places
        Row and column of each tile in the grid.
    """

    core: int
    margin: int
    places: list[tuple[int, int]]

    @property
    def period(self) -> int:
        """Side of a tile with its margins, in pixels."""
        return self.core + 2 * self.margin

    @property
    def core_start(self) -> int:
        """Offset of the core in a tile, in pixels."""
        return self.margin + self.margin // 2

    def cores(self, height: int, width: int) -> list[tuple[slice, slice]]:
        """Return the image's rows and columns that each tile's core covers."""
        return [
            (
                slice(row * self.core, min((row + 1) * self.core, height)),
                slice(column * self.core, min((column + 1) * self.core, width)),
            )
            for row, column in self.places
        ]


def plan_tiles(blocks: Tensor, margin: int, smallest: int) -> Tiling:
    """Return the tiling that covers the wanted blocks of an image with the fewest pixels.

    Parameters
    ----------
    blocks
        Which blocks of 8x8 pixels are wanted, bool (rows, columns).
    margin
        Margin on each side, in pixels; rounded up to a multiple of 4.
    smallest
        Smallest side of a tile with its margins, in pixels.
    """
    margin = -(-margin // 4) * 4
    best: Tiling | None = None
    least = float("inf")
    for period in _PERIODS:
        core = period - 2 * margin
        if core < BLOCK or period < smallest:
            continue
        wanted = F.max_pool2d(blocks[None].float(), core // BLOCK, ceil_mode=True)[0]
        cost = float(wanted.sum()) * period**2
        if cost < least:
            least = cost
            best = Tiling(core, margin, [(row, column) for row, column in wanted.nonzero().tolist()])
    if best is None:
        raise ValueError(f"a margin of {margin} px and a kernel of {smallest} px need tiles above {_PERIODS[-1]} px")
    return best


def wanted_blocks(mask: Tensor) -> Tensor:
    """Return which blocks of 8x8 pixels contain a true pixel of a bool mask (H, W), as bool (rows, columns)."""
    height, width = mask.shape
    padded = F.pad(mask, (0, -width % BLOCK, 0, -height % BLOCK))
    # Eight bools are read as one 64-bit number, which is 0 if all eight are false.
    words = padded.contiguous().view(torch.int64) != 0
    return words.unflatten(0, (-1, BLOCK)).any(1)


def cut_tiles(image: Tensor, tiling: Tiling, first: int, last: int) -> Tensor:
    """Cut out tiles ``first`` to ``last`` and make them periodic: one end of each fades into the other.

    Beyond its borders the image repeats its border pixels.

    Parameters
    ----------
    image
        float (C, H, W).

    Returns
    -------
    Tensor
        (N, C, period, period); the core begins at ``core_start``.
    """
    fade = tiling.margin
    side = tiling.period + fade
    tiles = torch.stack(
        [
            _window(image, row * tiling.core - tiling.core_start, column * tiling.core - tiling.core_start, side)
            for row, column in tiling.places[first:last]
        ]
    )
    ramp = (torch.arange(fade, device=image.device, dtype=image.dtype) + 0.5) / fade
    ramp = ramp.square() * (3 - 2 * ramp)
    for axis, share in ((-2, ramp[:, None]), (-1, ramp)):
        start = tiles.narrow(axis, 0, fade)
        start.lerp_(tiles.narrow(axis, tiling.period, fade), 1 - share)
    return tiles[..., : tiling.period, : tiling.period]


def _window(image: Tensor, top: int, left: int, side: int) -> Tensor:
    """Return a square window of an image; where it lies outside the image, it repeats the border pixels."""
    height, width = image.shape[-2:]
    rows = slice(max(top, 0), min(top + side, height))
    columns = slice(max(left, 0), min(left + side, width))
    inside = image[:, rows, columns]
    missing = (columns.start - left, left + side - columns.stop, rows.start - top, top + side - rows.stop)
    if not any(missing):
        return inside
    return F.pad(inside[None], missing, mode="replicate")[0]
