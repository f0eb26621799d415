"""Render defocus: layers of one blur radius each are blurred and composited, nearest first, in linear light."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import fft

from realdof.common.machine.opencv import cv2
from realdof.images.colour import linear_to_srgb, srgb_to_linear
from realdof.optics.lens import Half, disc_kernel
from realdof.optics.occlusion import HiddenSurface, hidden_surface

_VIEWS: tuple[Half, Half] = ("left", "right")
# Measured on one core: direct filtering is faster than the Fourier transform for kernels up to this width.
_WIDEST_DIRECT_KERNEL = 11


@dataclass(frozen=True)
class DualPixel:
    """The images of a dual-pixel sensor: the views through each half of the aperture, and their merged image.

    All are float32 (H, W, 3). ``merged`` is the mean of the views in linear light, also if they are encoded.
    """

    left: np.ndarray
    right: np.ndarray
    merged: np.ndarray


def render_defocus(
    image: np.ndarray, radius_map: np.ndarray, *, blades: int | None = None, rotation: float = 0.0
) -> DualPixel:
    """Render an all-in-focus photograph as a dual-pixel sensor behind a thin lens would record it.

    The signed blur radius of a lens grows with depth, so the radius map also gives the order of depths.
    Rendering is done in linear light. Farther surfaces continue behind the edges of nearer ones, and the
    image continues beyond its borders with its border values.

    Parameters
    ----------
    image
        float (H, W, 3), RGB, sRGB-encoded, in [0, 1].
    radius_map
        float (H, W), signed blur radius, px, positive behind the focus (``ThinLens.blur_radius``).
    blades, rotation
        The aperture, as in ``disc_kernel``.

    Returns
    -------
    DualPixel
        sRGB-encoded views in [0, 1].

    Raises
    ------
    ValueError
        The shapes do not match, or a radius is not finite.
    """
    linear = srgb_to_linear(image.astype(np.float32))
    views = render_defocus_linear(linear, radius_map, blades=blades, rotation=rotation)
    left, right, merged = (np.clip(linear_to_srgb(view), 0, 1) for view in (views.left, views.right, views.merged))
    return DualPixel(left, right, merged)


def render_defocus_linear(
    linear: np.ndarray, radius_map: np.ndarray, *, blades: int | None = None, rotation: float = 0.0
) -> DualPixel:
    """Do the same as ``render_defocus`` for linear light of any range, without clipping."""
    if linear.ndim != 3 or linear.shape[2] != 3 or radius_map.shape != linear.shape[:2]:
        raise ValueError(f"{linear.shape} and {radius_map.shape} are not of the shapes (H, W, 3) and (H, W)")
    if not np.isfinite(radius_map).all():
        raise ValueError("the radius map holds values that are not finite")
    linear, radii = linear.astype(np.float32), radius_map.astype(np.float32)
    hidden = hidden_surface(linear, radii)
    views = {half: _View(linear.shape[0], linear.shape[1]) for half in _VIEWS}
    for radius, layer, corner in _layers(linear, radii, hidden):
        kernels = [
            disc_kernel(radius, blades=blades, rotation=rotation, half=half).astype(np.float32) for half in _VIEWS
        ]
        reach = kernels[0].shape[0] // 2
        source, target = _with_surroundings(layer, corner, reach, radii.shape)
        for half, blurred in zip(_VIEWS, _convolve(source, kernels), strict=True):
            views[half].put_behind(blurred, target)
    left, right = (views[half].colour() for half in _VIEWS)
    return DualPixel(left, right, (left + right) / 2)


class _View:
    """A view that is composited from layers, nearest first.

    A layer fills the part of each pixel that nearer layers left free, at most by its own coverage. Coverages thus
    add up instead of multiplying as with the over operator: layers of similar radius are disjoint parts of one
    surface, and the over operator would let its background shine through.
    """

    def __init__(self, height: int, width: int) -> None:
        self._light = np.zeros((height, width, 3), np.float32)
        self._covered = np.zeros((height, width, 1), np.float32)

    def put_behind(self, layer: np.ndarray, target: tuple[slice, slice]) -> None:
        """Add a blurred layer, (h, w, 4): premultiplied colour, then coverage."""
        covered = self._covered[target]
        coverage = layer[..., 3:]
        # The minimum is far above the transform's rounding and far below the light of a pixel in any kernel.
        share = np.minimum(1, (1 - covered) / np.maximum(coverage, 1e-6))
        self._light[target] += share * layer[..., :3]
        covered += share * coverage

    def colour(self) -> np.ndarray:
        """Return the colour after all layers were added; a partly covered pixel takes the mean of its covered part."""
        return self._light / np.maximum(self._covered, 1e-6)


def _layers(
    linear: np.ndarray, radii: np.ndarray, hidden: HiddenSurface
) -> Iterator[tuple[float, np.ndarray, tuple[int, int]]]:
    """Divide the scene into layers of one radius each, nearest first.

    Each pixel is divided linearly between the two layers around its radius, which avoids banding.

    Yields
    ------
    radius, layer, corner
        Signed radius, px; premultiplied colour and coverage, float32 (h, w, 4), over the smallest
        rectangle that contains the layer; the row and column of its first pixel.
    """
    nodes = _layer_radii(radii)
    # The hidden surface goes into a layer behind those of the pixel itself, so that it does not shine through them.
    beyond = np.searchsorted(nodes, radii) + 1
    hidden_coverage = hidden.coverage * (beyond < len(nodes))
    hidden_radii = np.maximum(hidden.radii, nodes[np.minimum(beyond, len(nodes) - 1)])
    for index, radius in enumerate(nodes):
        around = nodes[max(index - 1, 0)], radius, nodes[min(index + 1, len(nodes) - 1)]
        own, behind = _tent(radii, *around), _tent(hidden_radii, *around) * hidden_coverage
        coverage = own + behind
        rows, columns = np.flatnonzero(coverage.any(axis=1)), np.flatnonzero(coverage.any(axis=0))
        box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        colour = own[box][..., None] * linear[box] + behind[box][..., None] * hidden.linear[box]
        yield float(radius), np.dstack([colour, coverage[box]]), (int(rows[0]), int(columns[0]))


def _layer_radii(radii: np.ndarray) -> np.ndarray:
    """Choose the radii of the layers from those in the map, ascending: 0.25 px apart near focus, 1 px beyond 4 px.

    An isolated radius gets a layer of its own, so a scene of a few planes is rendered exactly.
    """
    values = np.unique(radii)
    nodes = [values[0]]
    while nodes[-1] < values[-1]:
        spacing = np.clip(abs(nodes[-1]) / 4, 0.25, 1)
        reachable = np.searchsorted(values, nodes[-1] + spacing, side="right") - 1
        following = np.searchsorted(values, nodes[-1], side="right")
        nodes.append(values[max(reachable, following)])
    return np.array(nodes)


def _tent(radii: np.ndarray, below: float, centre: float, above: float) -> np.ndarray:
    """Return a layer's weight for each radius: one at ``centre``, linear to zero at ``below`` and ``above``."""
    # The first and the last layer are their own neighbour on the side where there is no further radius.
    points, weights = [centre], [1.0]
    if below < centre:
        points, weights = [below, *points], [0.0, *weights]
    if above > centre:
        points, weights = [*points, above], [*weights, 0.0]
    return np.interp(radii, points, weights).astype(np.float32)


def _with_surroundings(
    layer: np.ndarray, corner: tuple[int, int], reach: int, frame: tuple[int, int]
) -> tuple[np.ndarray, tuple[slice, slice]]:
    """Pad a layer for a kernel of the given reach, and return the part of the frame that the result covers.

    Returns
    -------
    source, target
        The layer, padded to ``target`` and by ``reach`` on each side: with zeros within the frame, and with
        the border values beyond it; and the part of the frame, as slices.
    """
    pads, target = [], []
    for start, length, size in zip(corner, layer.shape[:2], frame, strict=True):
        first, last = max(start - reach, 0), min(start + length + reach, size)
        target.append(slice(first, last))
        pads.append((first, last, start, start + length, size))
    source = layer
    for axis, (first, last, start, stop, size) in enumerate(pads):
        # Within the frame the layer is padded with zeros; at a border that it touches, with its last values.
        inside = [(0, 0)] * 3
        inside[axis] = (min(start, start - first + reach), min(size - stop, last - stop + reach))
        source = np.pad(source, inside)
        beyond = [(0, 0)] * 3
        beyond[axis] = (max(reach - first, 0), max(last + reach - size, 0))
        source = np.pad(source, beyond, mode="edge")
    return source, (target[0], target[1])


def _convolve(source: np.ndarray, kernels: list[np.ndarray]) -> list[np.ndarray]:
    """Convolve each channel with each kernel, all of one odd width; return only pixels with the kernel inside."""
    width = kernels[0].shape[0]
    if width == 1:
        return [source * kernel.item() for kernel in kernels]
    height, length = source.shape[0] - width + 1, source.shape[1] - width + 1
    if width <= _WIDEST_DIRECT_KERNEL:
        reach = width // 2
        inner = slice(reach, reach + height), slice(reach, reach + length)
        # filter2D correlates, so the kernels are turned by 180 degrees.
        turned = [np.ascontiguousarray(kernel[::-1, ::-1]) for kernel in kernels]
        return [cv2.filter2D(source, -1, kernel)[inner] for kernel in turned]
    # No padding against wrap-around: it affects only the rows and columns that are cut off.
    size = [fft.next_fast_len(length, real=True) for length in source.shape[:2]]
    spectrum = fft.rfft2(source, size, axes=(0, 1))
    inner = slice(width - 1, width - 1 + height), slice(width - 1, width - 1 + length)
    products = [spectrum * fft.rfft2(kernel, size)[..., None] for kernel in kernels]
    return [fft.irfft2(product, size, axes=(0, 1))[inner] for product in products]
