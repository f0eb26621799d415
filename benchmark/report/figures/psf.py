"""Draw the blur of images as a grid of Gaussian point-spread functions (supplement of Lee et al., CVPR 2021)."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmark.report.contents import Entrant, ImageSet
from benchmark.report.figures.comparison import Picture, SceneRow, draw_comparison
from benchmark.report.figures.scenes import readable
from benchmark.report.layers import INPUT, Layers, fitted
from realdof.common.errors import InputError
from realdof.images.blur_maps import read_blur_map
from realdof.images.depth import as_float

TILE = 31
"""Side of the tile of one point-spread function, px (supplement, Section 5)."""
ACROSS = 12
"""Number of tiles in a row."""
UNKNOWN = 64
"""Grey level of a tile whose blur is unknown."""
SUFFIXES = (".npy", ".png", ".tif", ".tiff", ".jpg")


def sigma_from_truth(images: ImageSet, name: str) -> np.ndarray:
    """Measure the blur of the input against the all-in-focus image: sigma by block, px; NaN without texture.

    Raises
    ------
    InputError
        The image has no all-in-focus image.
    """
    from realdof.matching.blur import blur_map

    entries, protocol = readable(images)
    entry = entries[name]
    if entry.target is None:
        raise InputError(f"{name} has no all-in-focus image to tell its blur by; give --maps, a folder of blur maps")
    return blur_map(*(as_float(fitted(path, protocol)) for path in (entry.image, entry.target))).sigma


def sigma_from_maps(folder: Path, name: str, size: tuple[int, int], scale: float, offset: float) -> np.ndarray:
    """Read sigma, px (H, W), from the map in a folder that has the name of the image.

    Raises
    ------
    InputError
        There is no such map, or it cannot be read.
    """
    for suffix in SUFFIXES:
        if (path := folder / f"{name}{suffix}").is_file():
            return read_blur_map(path, scale, offset, size)
    raise InputError(f"{folder} has no blur map of {name}; one is called {name}.npy or {name}.png")


def psf_picture(sigma: np.ndarray, height: int, width: int) -> np.ndarray:
    """Draw Gaussians at points spread over an image, each on a tile of `TILE` px with a white maximum: uint8 (h, w, 3).

    Parameters
    ----------
    sigma
        (rows, columns) of blocks that cover the image, px; NaN where unknown.
    height, width
        Size of the image, px.
    """
    down = max(1, round(ACROSS * height / width))
    side = TILE + 1
    drawn = np.zeros((down * side - 1, ACROSS * side - 1), np.uint8)
    reach = np.arange(TILE) - TILE // 2
    squared = reach[:, None] ** 2 + reach[None] ** 2
    for row in range(down):
        for column in range(ACROSS):
            at = int((row + 0.5) / down * sigma.shape[0]), int((column + 0.5) / ACROSS * sigma.shape[1])
            one = float(sigma[at])
            tile = np.full((TILE, TILE), UNKNOWN, np.uint8)
            if np.isfinite(one):
                tile = np.rint(255 * np.exp(-squared / (2 * max(one, 0.2) ** 2))).astype(np.uint8)
            drawn[row * side : row * side + TILE, column * side : column * side + TILE] = tile
    # The lines between tiles.
    drawn[TILE::side] = UNKNOWN // 2
    drawn[:, TILE::side] = UNKNOWN // 2
    return np.repeat(drawn[..., None], 3, axis=2)


def draw_psf_grid(
    scenes: Mapping[str, Layers], outputs: Mapping[str, Entrant], sigmas: Mapping[str, np.ndarray], out: Path
) -> None:
    """Draw a row per scene: the input, the results, and the point-spread functions of the input.

    Parameters
    ----------
    sigmas
        Sigma by scene; see `psf_picture`.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    rows = []
    for name, layers in scenes.items():
        sigma = sigmas[name]
        known = sigma[np.isfinite(sigma)]
        told = f"sigma {known.min():.1f} to {known.max():.1f} px" if known.size else "no texture"
        pictures = [Picture("input", layers.pictures[INPUT])]
        pictures += [Picture(one.label, layers.pictures[key]) for key, one in outputs.items()]
        pictures.append(Picture(f"blur of the input, {TILE}x{TILE} px each", psf_picture(sigma, *layers.size), told))
        rows.append(SceneRow(name, tuple(pictures), ()))
    draw_comparison(rows, out)
