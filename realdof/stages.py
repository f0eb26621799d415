"""The stages of a build that are not a room of their own: pure functions on arrays."""

import numpy as np

from realdof.geometry.grid import Grid
from realdof.geometry.warp import Recipe, warp_to_grid
from realdof.images.resize import area_resize
from realdof.raw.develop import RESIZE_FACTOR, Demosaicing

SMALLEST_SIDE = 128
"""px; a smaller grid, or a smaller region that both cameras see, has too few tiles to judge an alignment by."""

FINER: dict[Demosaicing, int] = {"half-size": RESIZE_FACTOR // 2, "ahd": RESIZE_FACTOR}
"""By how much a developed shot is finer than the final grid."""

# The sharp recipe warps on a grid twice as fine as the final one.
_WARPED_AT: dict[Recipe, int] = {"sharp": RESIZE_FACTOR // 2, "paper": RESIZE_FACTOR}


def reduced(developed: np.ndarray, finer: int) -> np.ndarray:
    """Bring a developed, cropped shot to the final grid by the mean over areas: uint16 (H, W, 3).

    Parameters
    ----------
    finer
        By how much the shot is finer than the final grid; see ``FINER``.
    """
    return _shrunk(developed, finer)


def to_be_warped(developed: np.ndarray, finer: int, recipe: Recipe) -> np.ndarray:
    """Reduce a developed, cropped shot no further than to the grid it is warped on, uint16 (H, W, 3)."""
    return _shrunk(developed, finer * _WARPED_AT[recipe] // RESIZE_FACTOR)


def reduced_to(photograph: np.ndarray, grid: Grid) -> np.ndarray:
    """Reduce what ``to_be_warped`` left to the final grid."""
    return area_resize(photograph, grid.height, grid.width)


def warped(photograph: np.ndarray, homography: np.ndarray, grid: Grid, recipe: Recipe) -> np.ndarray:
    """Align what ``to_be_warped`` left: float32 (H, W, 3) of the whole grid, clipped to [0, 1]."""
    moved = warp_to_grid(photograph, homography, grid, recipe=recipe)
    return np.clip(moved, 0, 1, out=moved)


def upright(image: np.ndarray, mirrored: bool) -> np.ndarray:
    """Undo the beam splitter's mirror, and nothing else."""
    return np.ascontiguousarray(image[:, ::-1]) if mirrored else image


def sixteen_bits(image: np.ndarray) -> np.ndarray:
    """What is stored of an image: uint16 as it is, float32 in [0, 1] rounded to the nearest of 65535 steps."""
    return image if image.dtype == np.uint16 else np.rint(image * np.float32(65535)).astype(np.uint16)


def _shrunk(pixels: np.ndarray, factor: int) -> np.ndarray:
    if factor == 1:
        return np.ascontiguousarray(pixels)
    return area_resize(pixels, pixels.shape[0] // factor, pixels.shape[1] // factor)
