"""A bank of sharp tiles on the training device, cut from photographs that are reduced by several factors."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.datasets.dual_pixel import as_float
from ifan.training.dead_leaves import dead_leaves
from realdof.common.errors import InputError
from realdof.common.machine.threads import cores
from realdof.images.files import read_pixels
from realdof.images.resize import area_resize

TILE = 320
"""Side of a tile, px: the largest patch with its margins."""
STRIDE = 208
SCALES = (1.0, 0.8, 0.6, 0.45, 0.34, 0.25, 0.18)
"""Factors by which photographs are reduced, if they are large enough."""
LARGEST_UNREDUCED = 1600
"""Largest shorter side of a photograph that is used without reduction, px; larger ones are noisy at the pixel."""
SOFTEST = 0.85
"""Smallest `sharpness` of a tile: a sharp photograph has 1.0 or more, one blurred by 0.6 px has 0.8."""
SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"}
FLAT, FLAT_KEPT = 0.012, 0.12
"""Median gradient below which a tile counts as flat, of 1.0 full scale, and the share of flat tiles that is kept."""


@dataclass(frozen=True)
class Bank:
    """Sharp tiles.

    Parameters
    ----------
    tiles
        uint8 (N, 3, TILE, TILE), RGB, sRGB-encoded.
    source
        Index of each tile's photograph.
    """

    tiles: Tensor
    source: tuple[int, ...]

    def cut(
        self, index: NDArray[np.int64], top: NDArray[np.int64], left: NDArray[np.int64], turn: NDArray[np.int64],
        side: int,
    ) -> Tensor:  # fmt: skip
        """Cut square parts out of tiles, mirrored and rotated: float32 (n, 3, side, side) in [0, 1].

        Parameters
        ----------
        index, top, left
            Index of the tile, and position in it.
        turn
            0 to 7: the bits mean transposing, mirroring the rows, mirroring the columns.
        """
        device = self.tiles.device
        where = torch.from_numpy(np.stack([index, top, left, turn])).to(device)
        index_, top_, left_, turn_ = where[:, :, None, None]
        ahead = torch.arange(side, device=device)
        back = side - 1 - ahead
        down = torch.where((turn_ & 2) > 0, back, ahead)[:, 0, :, None]
        across = torch.where((turn_ & 4) > 0, back, ahead)[:, 0, None, :]
        transposed = (turn_ & 1) > 0
        rows = top_ + torch.where(transposed, across, down)
        columns = left_ + torch.where(transposed, down, across)
        return self.tiles[index_, :, rows, columns].permute(0, 3, 1, 2).to(torch.float32) / 255


def read_bank(folder: Path, device: torch.device, *, most: int, leaves: int = 0, seed: int = 0) -> Bank:
    """Make a bank from every photograph of a folder; larger photographs give more tiles.

    Parameters
    ----------
    most
        Largest number of tiles; each takes 0.3 MB.
    leaves
        Number of additional tiles with shapes in the colours and textures of the photographs: see
        `ifan.training.dead_leaves`.

    Raises
    ------
    InputError
        The folder holds no photograph, one cannot be read, or none is large and sharp enough.
    """
    paths = find_photographs(folder)
    with ThreadPoolExecutor(max_workers=min(16, cores())) as pool:
        found = list(pool.map(lambda number: list(_tiles(paths[number], (seed, number))), range(len(paths))))
    random = np.random.default_rng(seed)
    kept = [(number, tile) for number, tiles in enumerate(found) for tile in _some(tiles, most, found, random)]
    if not kept:
        raise InputError(f"{folder} holds no photograph with a sharp part of {TILE} px; give larger ones")
    for _ in range(leaves):
        number, tile = kept[int(random.integers(len(kept)))]
        shapes = dead_leaves(np.ascontiguousarray(tile), TILE // 2, random)
        kept.append((number, np.rint(np.tile(shapes, (2, 2, 1)) * 255).astype(np.uint8)))
    stacked = torch.from_numpy(np.stack([tile for _, tile in kept])).permute(0, 3, 1, 2).contiguous()
    return Bank(stacked.to(device), tuple(number for number, _ in kept))


def find_photographs(folder: Path) -> list[Path]:
    """Return every photograph of a folder, sorted by name.

    Raises
    ------
    InputError
        There are no photographs.
    """
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise InputError(f"{folder} holds no photographs (JPEG, PNG, TIFF or WebP)")
    return paths


def _tiles(path: Path, seed: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    random = np.random.default_rng(seed)
    image = np.clip(as_float(read_pixels(path)), 0, 1)
    for scale in SCALES:
        height, width = round(image.shape[0] * scale), round(image.shape[1] * scale)
        if min(height, width) < TILE:
            return
        if scale == 1 and min(height, width) > LARGEST_UNREDUCED:
            continue
        reduced = np.asarray(area_resize(image, height, width) if scale < 1 else image, np.float32)
        contrasts, detail = contrast_by_size(reduced), _detail(reduced)
        for top in _starts(height, random):
            for left in _starts(width, random):
                part = slice(top, top + TILE), slice(left, left + TILE)
                eventful = float(np.median(detail[part][::4, ::4])) >= FLAT or random.random() < FLAT_KEPT
                if eventful and sharpness([level[part] for level in contrasts]) >= SOFTEST:
                    yield np.rint(reduced[part] * 255).astype(np.uint8)


def _starts(length: int, random: np.random.Generator) -> Sequence[int]:
    count = 1 + (length - TILE) // STRIDE
    spare = length - TILE - (count - 1) * STRIDE
    first = int(random.integers(spare + 1))
    return [first + STRIDE * number for number in range(count)]


def _some(
    tiles: list[NDArray[np.uint8]], most: int, found: list[list[NDArray[np.uint8]]], random: np.random.Generator
) -> list[NDArray[np.uint8]]:
    """Choose a photograph's tiles if there are too many: its share is proportional to the square root of its number."""
    roots = [len(others) ** 0.5 for others in found]
    share = most * len(tiles) ** 0.5 / max(sum(roots), 1e-9)
    if len(tiles) <= share or sum(len(others) for others in found) <= most:
        return tiles
    chosen = random.choice(len(tiles), max(1, int(share)), replace=False)
    return [tiles[index] for index in sorted(chosen)]


def contrast_by_size(image: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return the contrast between neighbouring pixels, and between pixels twice as far apart.

    Parameters
    ----------
    image
        float32 (H, W, 3) in [0, 1].

    Returns
    -------
    list
        Local standard deviation of the two finest levels of a Laplacian pyramid, float32 (H, W) each.
    """
    grey = image.mean(axis=2)
    levels, size = [], (grey.shape[1], grey.shape[0])
    for _ in range(2):
        smaller = cv2.pyrDown(grey)
        fine = grey - cv2.pyrUp(smaller, dstsize=(grey.shape[1], grey.shape[0]))
        energy = np.sqrt(np.maximum(cv2.blur(fine * fine, (17, 17)), 0))
        levels.append(cv2.resize(energy, size, interpolation=cv2.INTER_LINEAR))
        grey = smaller
    return levels


def sharpness(contrasts: Sequence[NDArray[np.float32]]) -> float:
    """Return the ratio of the contrast between neighbouring pixels to that between pixels twice as far apart.

    Natural images have similar contrast at all scales: images sharp to the pixel have a ratio of about 1, soft images a
    smaller one.

    Parameters
    ----------
    contrasts
        Both levels of `contrast_by_size`; the 0.9 quantile of each is compared.
    """
    finest, next_finest = (float(np.quantile(level[::4, ::4], 0.9)) for level in contrasts)
    return finest / max(next_finest, 1e-6)


def _detail(image: NDArray[np.float32]) -> NDArray[np.float32]:
    grey = image.mean(axis=2)
    across, down = np.abs(np.diff(grey, axis=1, append=grey[:, -1:])), np.abs(np.diff(grey, axis=0, append=grey[-1:]))
    return np.asarray(across + down, np.float32)
