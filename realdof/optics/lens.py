"""A thin lens: the circle of confusion of a depth, and the point-spread function of an aperture or half of one.

A blur radius is positive behind the plane of focus and negative in front of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, isfinite, pi
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from realdof.common.errors import InputError

Half = Literal["left", "right"]

_CumulativeArea = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class ThinLens:
    """A thin lens in front of a sensor.

    Parameters
    ----------
    focal_length_mm
        Focal length f.
    f_number
        f-number N; the aperture's diameter is A = f / N.
    focus_distance_m
        Distance s from the lens to the plane in focus; infinity is allowed.
    pixel_pitch_um
        Distance between the centres of neighbouring pixels.

    Raises
    ------
    InputError
        A value is not positive, or the focus distance is not beyond the focal length.
    """

    focal_length_mm: float
    f_number: float
    focus_distance_m: float
    pixel_pitch_um: float

    def __post_init__(self) -> None:
        for name in ("focal_length_mm", "f_number", "pixel_pitch_um"):
            value = getattr(self, name)
            if not (isfinite(value) and value > 0):
                raise InputError(f"a lens's {name} of {value} is impossible; give a positive number")
        if not self.focus_distance_m * 1000 > self.focal_length_mm:
            raise InputError(
                f"a lens of {self.focal_length_mm} mm cannot focus at {self.focus_distance_m} m; "
                "give a distance beyond its focal length"
            )

    def circle_of_confusion(self, depth_m: ArrayLike) -> np.ndarray:
        """Return the signed diameter of the circle of confusion, c = A f (d - s) / (d (s - f)), px.

        Parameters
        ----------
        depth_m
            Distance d from the lens in metres, positive, of any shape; infinity is allowed.

        Raises
        ------
        InputError
            A depth is not positive.
        """
        depth_mm = np.asarray(depth_m, np.float64) * 1000
        if not (depth_mm > 0).all():
            raise InputError("a depth map holds values that are not positive; give distances in metres")
        focus_mm = self.focus_distance_m * 1000
        aperture_mm = self.focal_length_mm / self.f_number
        # Written in reciprocal distances, the formula also holds for d and s at infinity.
        vergence = (1 / focus_mm - 1 / depth_mm) / (1 - self.focal_length_mm / focus_mm)
        return aperture_mm * self.focal_length_mm * vergence / (self.pixel_pitch_um / 1000)

    def blur_radius(self, depth_m: ArrayLike) -> np.ndarray:
        """Return the signed radius of the circle of confusion, px: half of ``circle_of_confusion``."""
        return self.circle_of_confusion(depth_m) / 2


def disc_kernel(
    radius: float, *, blades: int | None = None, rotation: float = 0.0, half: Half | None = None
) -> np.ndarray:
    """Return the point-spread function of a defocused point at the centre of a pixel: each pixel's share of the light.

    The share is the exact area of the pixel that the aperture's image covers, so the kernel is continuous in
    the radius; up to a radius of half a pixel it is a single 1. From a radius of about 2 px on, sampling by area adds
    1/12 px^2 to a disc's variance on each axis, r^2 / 4, and moves the centroid of a half, at 4 r / (3 pi),
    inwards by 1 / (6 pi r) px.

    Parameters
    ----------
    radius
        Signed blur radius, px. In front of the plane of focus the aperture's image is upside down: the
        kernel of ``-radius`` is that of ``radius`` turned by 180 degrees, which swaps the two halves.
    blades
        Number of sides of a polygonal aperture with its corners on the circle of that radius; None for a disc.
    rotation
        Angle of the polygon's first corner behind the focus, degrees clockwise from the x axis in the image.
    half
        The half of the aperture that a dual-pixel view sees through, cut by the vertical line that halves
        its area; None for the whole aperture. Behind the focus, the left half's light lies left of the point. This
        is a hard cut; the halves of a real dual-pixel sensor overlap, because its micro-lenses blur the cut.

    Returns
    -------
    ndarray
        float64 (2 n + 1, 2 n + 1) with sum 1, for convolution (not correlation) with an image.
        The mean of the two halves is the kernel of the whole aperture.

    Raises
    ------
    ValueError
        ``blades`` is less than 3, or ``radius`` is not finite.
    """
    if blades is not None and blades < 3:
        raise ValueError(f"a polygonal aperture has at least 3 blades, not {blades}")
    if not isfinite(radius):
        raise ValueError(f"the blur radius must be finite, not {radius}")
    reach = ceil(abs(radius) - 0.5)
    if reach <= 0:
        return np.ones((1, 1))
    edges = (np.arange(-reach, reach + 2) - 0.5) / abs(radius)
    area = _disc_area if blades is None else _polygon_area(blades, rotation)
    # An aperture with 180-degree symmetry is halved by its axis.
    split = 0.0 if blades is None or blades % 2 == 0 else _halving_line(area)
    columns = {None: edges, "left": np.minimum(edges, split), "right": np.maximum(edges, split)}[half]
    cumulative = area(columns[None, :], edges[:, None])
    covered = np.maximum(np.diff(np.diff(cumulative, axis=0), axis=1), 0)
    kernel: np.ndarray = covered / covered.sum()
    return kernel if radius > 0 else kernel[::-1, ::-1]


def _disc_area(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the area of the part of the unit disc with u <= x and v <= y, in closed form; broadcast x against y."""
    x, y = np.clip(x, -1, 1), np.clip(y, -1, 1)

    def below_arc(u: np.ndarray) -> np.ndarray:
        """Return the area between the upper arc and the axis, from -1 to u."""
        return (u * np.sqrt(1 - u * u) + np.arcsin(u)) / 2 + pi / 4

    height = np.abs(y)
    corner = np.sqrt(1 - height * height)
    capped = (
        below_arc(np.minimum(x, -corner))
        + height * (np.clip(x, -corner, corner) + corner)
        + below_arc(np.maximum(x, corner))
        - below_arc(corner)
    )
    # By symmetry, the part below -h is the whole less the part below h.
    return np.where(y >= 0, below_arc(x) + capped, below_arc(x) - capped)


def _polygon_area(corners: int, rotation: float) -> _CumulativeArea:
    """Return the function for the area, with u <= x and v <= y, of the regular polygon inscribed in the unit circle."""
    angles = np.deg2rad(rotation) + 2 * pi * np.arange(corners) / corners
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    starts, ends = points, np.roll(points, -1, axis=0)

    def area(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        # Green's theorem, -(integral of v du) around the outline, with u cut at x and v cut at y.
        total = np.zeros(np.broadcast_shapes(x.shape, y.shape))
        for (u0, v0), (u1, v1) in zip(starts, ends, strict=True):
            if u0 == u1:
                continue
            slope = (v1 - v0) / (u1 - u0)
            first, last = np.minimum(u0, x), np.minimum(u1, x)
            rise = _mean_negative_part(v0 + slope * (first - u0) - y, v0 + slope * (last - u0) - y)
            total -= (last - first) * (y + rise)
        return total

    return area


def _mean_negative_part(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the mean of min(t, 0) for t uniform between ``start`` and ``end``."""
    low, high = np.minimum(start, end), np.maximum(start, end)
    span = np.where(low < high, high - low, 1)
    crossing = -(low * low) / (2 * span)
    return np.where(high <= 0, (low + high) / 2, np.where(low >= 0, 0, crossing))


def _halving_line(area: _CumulativeArea) -> float:
    """Return the x of the vertical line that halves the area of a convex aperture in the unit circle."""
    top = np.ones(1)
    low, high = -1.0, 1.0
    goal = area(top, top).item() / 2
    # Halving an interval of length two fifty times reaches the precision of float64.
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if area(np.array([middle]), top).item() < goal else (low, middle)
    return (low + high) / 2
