"""Render what one simulated camera sees: each layer is warped, defocused and composited, far to near.

Layers are flat and face the camera, so each has exactly one blur radius, and the surface behind each is known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from scipy.special import j1

from realdof.common.machine.opencv import cv2
from realdof.geometry.grid import Grid, to_integer_centres, translation
from realdof.optics.lens import disc_kernel
from realdof.simulation.rig import bounds
from realdof.simulation.scenery import Layer

# Number of rows rendered at once: large enough that the margins cost little, small enough to fit into memory.
_STRIP_ROWS = 512
# For a larger disc, the resolution is halved until its radius is at most this.
_LARGEST_DRAWN_RADIUS = 12.0
_COARSEST = 16


@dataclass(frozen=True)
class View:
    """The properties of a camera and its lens that determine an image.

    Attributes
    ----------
    grid
        Grid of the raw file.
    raw_from_scene
        Homography from scene coordinates to those of the raw file, float64 (3, 3).
    radii
        Blur radius of each layer in raw px, of either sign.
    diffraction
        Point-spread function of diffraction, with odd sides and sum one; None for no diffraction.
    """

    grid: Grid
    raw_from_scene: np.ndarray
    radii: Sequence[float]
    diffraction: np.ndarray | None = None


def render_strips(layers: Sequence[Layer], view: View) -> Iterator[tuple[int, np.ndarray]]:
    """Render a view from top to bottom.

    For discs with a radius above 12 px, layers are blurred at 1/2, 1/4 ... of the resolution and enlarged bicubically.
    This preserves position and light, and softens the disc's edge by a tenth of its radius.

    Yields
    ------
    row, light
        The strip's first row, and its light, linear sRGB, float32 (H, W, 3).
    """
    for first in range(0, view.grid.height, _STRIP_ROWS):
        last = min(first + _STRIP_ROWS, view.grid.height)
        strip = np.zeros((last - first, view.grid.width, 4), np.float32)
        for layer, radius in zip(layers, view.radii, strict=True):
            _put_before(strip, first, layer, abs(radius), view)
        yield first, strip[..., :3]


def visible_radii(layers: Sequence[Layer], view: View) -> np.ndarray:
    """Return the signed blur radius of the nearest layer at each pixel, float32 (H, W); nan where there is none."""
    radii = np.full((view.grid.height, view.grid.width), np.nan, np.float32)
    for layer, radius in zip(layers, view.radii, strict=True):
        matrix = to_integer_centres(view.raw_from_scene @ translation(*layer.corner))
        coverage = np.ascontiguousarray(layer.texture[..., 3])
        size = view.grid.width, view.grid.height
        radii[cv2.warpPerspective(coverage, matrix, size, flags=cv2.INTER_NEAREST) >= 32768] = radius
    return radii


def airy_kernel(airy_diameter: float) -> np.ndarray:
    """Return the point-spread function of diffraction at a round aperture, out to the third dark ring.

    Parameters
    ----------
    airy_diameter
        Diameter of the first dark ring, px: 2.44 times wavelength times f-number.

    Returns
    -------
    ndarray
        float64, odd sides, sum one: intensity integrated over each pixel.
    """
    # The radii of the dark rings are 1.22, 2.23 and 3.24 wavelengths times f-number.
    wavelength_times_f = airy_diameter / 2.44
    cut = 3.24 * wavelength_times_f
    reach = ceil(cut)
    parts = 9
    points = (np.arange((2 * reach + 1) * parts) + 0.5) / parts - reach - 0.5
    distance = np.hypot(points[:, None], points[None, :])
    v = np.maximum(np.pi * distance / wavelength_times_f, 1e-9)
    intensity = np.where(distance <= cut, (2 * j1(v) / v) ** 2, 0)
    kernel = intensity.reshape(2 * reach + 1, parts, 2 * reach + 1, parts).sum(axis=(1, 3))
    return np.asarray(kernel / kernel.sum())


def _put_before(strip: np.ndarray, first: int, layer: Layer, radius: float, view: View) -> None:
    """Blur one layer and composite it over the strip, (H, W, 4): light, then coverage."""
    factor = _reduction(radius)
    kernel = _kernel(radius / factor, view.diffraction if factor == 1 else None)
    # Margins are multiples of the coarsest pixel, so that all strips of a layer are reduced on the same grid.
    margin = _up(factor * (kernel.shape[0] // 2 + 2))
    raw_from_texture = view.raw_from_scene @ translation(*layer.corner)
    left, right, top, bottom = bounds(raw_from_texture, Grid.of(layer.texture))
    x0, x1 = max(0, _down(left - margin)), min(strip.shape[1], _up(right + margin))
    y0, y1 = max(0, _down(top - margin) - first), min(strip.shape[0], _up(bottom + margin) - first)
    if x0 >= x1 or y0 >= y1:
        return
    corner = translation(margin - x0, margin - y0 - first)
    size = _up(x1 - x0 + 2 * margin), _up(y1 - y0 + 2 * margin)
    matrix = to_integer_centres(corner @ raw_from_texture)
    patch = cv2.warpPerspective(layer.texture, matrix, size, flags=cv2.INTER_CUBIC)
    blurred = _blur(np.multiply(patch, np.float32(1 / 65535)), kernel, factor)
    inner = blurred[margin : margin + y1 - y0, margin : margin + x1 - x0]
    uncovered = cv2.merge([1 - inner[..., 3]] * 4)
    strip[y0:y1, x0:x1] = cv2.add(cv2.multiply(strip[y0:y1, x0:x1], uncovered), inner)


def _blur(patch: np.ndarray, kernel: np.ndarray, factor: int) -> np.ndarray:
    """Convolve a patch with a symmetric kernel; the kernel has 1 / ``factor`` of the patch's resolution."""
    if kernel.size == 1:
        return patch
    if factor == 1:
        return np.asarray(cv2.filter2D(patch, -1, kernel))
    height, width = patch.shape[:2]
    # Averaging over overlapping areas displaces light by only a fraction of a coarse pixel.
    overlap = np.full(factor + 1, 1 / factor, np.float32)
    overlap[[0, -1]] /= 2
    patch = cv2.sepFilter2D(patch, -1, overlap, overlap)
    small = cv2.resize(patch, (width // factor, height // factor), interpolation=cv2.INTER_AREA)
    small = cv2.filter2D(small, -1, kernel)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))


def _kernel(radius: float, diffraction: np.ndarray | None) -> np.ndarray:
    kernel = disc_kernel(radius)
    if diffraction is not None:
        reach = diffraction.shape[0] // 2
        kernel = cv2.filter2D(np.pad(kernel, reach), -1, diffraction, borderType=cv2.BORDER_CONSTANT)
    return kernel.astype(np.float32)


def _reduction(radius: float) -> int:
    factor = 1
    while radius / factor > _LARGEST_DRAWN_RADIUS and factor < _COARSEST:
        factor *= 2
    return factor


def _down(value: float) -> int:
    return int(value // _COARSEST) * _COARSEST


def _up(value: float) -> int:
    return ceil(value / _COARSEST) * _COARSEST
