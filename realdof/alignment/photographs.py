"""Align any two photographs of the same size, as arrays of any bit depth, by a homography between their pixels."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from realdof.alignment.displacement import ShiftVector, matched_shifts
from realdof.alignment.estimate import AlignmentSettings, estimate_homography
from realdof.alignment.tiles import tile_shifts
from realdof.alignment.verdict import Verdict
from realdof.common.machine.opencv import cv2
from realdof.geometry.grid import Grid, change_grid
from realdof.geometry.warp import warp
from realdof.images.colour import luma
from realdof.images.depth import as_float
from realdof.images.resize import area_resize

LARGEST_SIDE = 2400
"""px; larger photographs are reduced by an integer factor for alignment, as in the paper (9504 px to 2376)."""

SMALLEST_SIDE = 128
"""Smallest side of the reduced photographs, px: smaller ones have too few tiles to judge an alignment by."""

_DEPTHS = (8, 16, 32)


@dataclass(frozen=True)
class Aligned:
    """The alignment of a second photograph ``b`` to a first one ``a``.

    Attributes
    ----------
    homography
        float64 (3, 3), from pixels of ``a`` to pixels of ``b``; pixel i covers [i, i + 1), its centre is i + 0.5.
        Includes the mirror.
    error
        Error, in px of ``a``, that no corner exceeds with 97.5 % confidence; ``None`` if too little matches.
    verdict, reason
        ``accepted``, ``doubtful`` or ``rejected``, and one sentence that says why.
    correlation
        Correlation coefficient of the two photographs' luma after alignment, which ECC maximises.
    mirrored
        Whether ``b`` shows the scene mirrored.
    displacement
        Remaining displacement of each tile: at (x, y) of ``a`` the aligned ``b`` is displaced by (dx, dy), px.
    warped
        ``b`` resampled to the pixels of ``a``, float32 (H, W, 3) in [0, 1]; mirrored at its borders where ``a`` shows
        more.
    """

    homography: np.ndarray
    error: float | None
    verdict: Verdict
    reason: str
    correlation: float
    mirrored: bool
    displacement: tuple[ShiftVector, ...]
    warped: np.ndarray


def align(a: np.ndarray, b: np.ndarray, *, mirrored: bool | None = None, demosaiced: bool = False) -> Aligned:
    """Find the homography between two photographs of one scene, and whether to trust it.

    Parameters
    ----------
    a, b
        (H, W, 3), RGB, sRGB-encoded, of one size, at least 128 px a side, of any memory layout. Floating point in
        [0, 1], or integers: full scale is that of the type for uint8 and uint16; for wider and signed types it is that
        of the smallest of 8, 16 and 32 bits that holds the largest value of both.
    mirrored
        Whether ``b`` is mirrored against ``a``; ``None`` to detect it.
    demosaiced
        Whether a photograph is a raw file developed to its full size. Both are then aligned at half the size, because
        demosaicing spreads noise over neighbouring pixels, where it looks like displaced detail.

    Returns
    -------
    Aligned
        Photographs that cannot be aligned also give one, with the verdict rejected and the reason.

    Raises
    ------
    ValueError
        An array has another shape, type or range, or the two differ in size.

    Examples
    --------
    >>> import numpy, realdof, skimage.data
    >>> photograph = skimage.data.astronaut()
    >>> realdof.align(photograph, photograph[:, ::-1]).mirrored
    True
    """
    first, second = _stored(a, b)
    full = Grid.of(first)
    factor = max(ceil(max(full.height, full.width) / LARGEST_SIDE), 2 if demosaiced else 1)
    grid = Grid(full.height // factor, full.width // factor)
    if min(grid.height, grid.width) < SMALLEST_SIDE:
        raise ValueError(
            f"photographs of {full.width}x{full.height} px are too small, give at least {factor * SMALLEST_SIDE} px"
        )
    reduced = [area_resize(image, grid.height, grid.width) for image in (first, second)]
    found = estimate_homography(reduced[0], reduced[1], AlignmentSettings(mirrored=mirrored))
    homography = change_grid(found.matrix, grid, full)
    moved = warp(reduced[1], found.matrix, grid, interpolation=cv2.INTER_LANCZOS4)
    inside = warp(np.ones((grid.height, grid.width), np.float32), found.matrix, grid, interpolation=0, outside=0.0) > 0
    tiles = tile_shifts(luma(reduced[0]), luma(moved), valid=inside)
    warped = as_float(warp(second, homography, full, interpolation=cv2.INTER_LANCZOS4))
    scale = full.width / grid.width
    return Aligned(
        homography=homography,
        error=None if found.estimated_error is None else found.estimated_error * scale,
        verdict=found.verdict,
        reason=found.reason,
        correlation=found.correlation,
        mirrored=found.mirrored,
        displacement=matched_shifts(tiles, scale),
        warped=np.clip(warped, 0, 1),
    )


def _stored(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both images as contiguous uint8, uint16 or float32 arrays, which OpenCV accepts."""
    for image in (a, b):
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype.kind not in "uif":
            raise ValueError(f"a photograph must be numbers (H, W, 3), not {image.dtype} {image.shape}")
        if image.dtype.kind == "f" and not (np.isfinite(image).all() and 0 <= image.min() <= image.max() <= 1):
            low, high = image.min(), image.max()
            raise ValueError(f"floating point must lie in [0, 1], not from {low} to {high}; scale or clip it")
        if image.dtype.kind == "i" and image.min() < 0:
            raise ValueError(f"integers must not be negative, the smallest is {image.min()}")
    if a.shape != b.shape:
        raise ValueError(f"the photographs are of {a.shape[:2]} and {b.shape[:2]} px; give two of one size")
    largest = max([int(image.max()) for image in (a, b) if image.dtype.kind != "f"], default=0)
    return _as_stored(a, largest), _as_stored(b, largest)


def _as_stored(image: np.ndarray, largest: int) -> np.ndarray:
    if image.dtype in (np.uint8, np.uint16):
        return np.ascontiguousarray(image)
    if image.dtype.kind == "f":
        return np.ascontiguousarray(image, np.float32)
    full_scale = next((2**bits - 1 for bits in _DEPTHS if largest < 2**bits), 2**64 - 1)
    return np.ascontiguousarray(image / full_scale, np.float32)
