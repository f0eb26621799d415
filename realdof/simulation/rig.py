"""The geometry of the dual-camera rig: two bodies behind a beam splitter that see the scene from one viewpoint.

Their images differ by a homography, which does not depend on depth, and by the reflection in the beam splitter. Points
follow ``realdof.geometry``: pixel i covers [i, i + 1). Scene coordinates are the pixels of camera A's cropped image; a
scene's *grid* is that image resized to a quarter, 2376x1586 at full size.
"""

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from realdof.geometry.grid import Grid, apply_homography, change_grid, mirror, normalised, translation
from realdof.raw.cameras import A7R_IV
from realdof.raw.crop import RESIZE_FACTOR


@dataclass(frozen=True)
class Body:
    """The sensor of a simulated camera: the size of its raw file, and the origin and size of the crop to develop.

    A body with fewer pixels has larger pixels: its sensor is as wide as the real one.
    """

    raw: Grid
    origin: tuple[int, int]
    crop: Grid

    @property
    def grid(self) -> Grid:
        """Pixel grid of the resized image."""
        return Grid(self.crop.height // RESIZE_FACTOR, self.crop.width // RESIZE_FACTOR)

    @property
    def scale(self) -> float:
        """Number of pixels per pixel of the real camera, along a side."""
        return self.crop.width / A7R_IV.paper_crop.width

    @property
    def pixel_pitch_um(self) -> float:
        """Distance between the centres of neighbouring pixels, um."""
        return A7R_IV.pixel_pitch_um / self.scale


_PAPER = A7R_IV.paper_crop
BODIES = {
    "full": Body(
        Grid(A7R_IV.raw_height, A7R_IV.raw_width), (_PAPER.top, _PAPER.left), Grid(_PAPER.height, _PAPER.width)
    ),
    "small": Body(Grid(1064, 1600), (0, 0), Grid(1064, 1600)),
}


def homography(
    grid: Grid,
    shift: tuple[float, float] = (0.0, 0.0),
    rotation: float = 0.0,
    scale: float = 1.0,
    perspective: tuple[float, float] = (0.0, 0.0),
) -> np.ndarray:
    """Make a homography about the centre of a grid.

    Parameters
    ----------
    shift
        Shift of the centre, grid px.
    rotation
        Rotation, degrees clockwise in the image.
    perspective
        Fraction by which the image shrinks towards the right and the lower border, relative to the centre.

    Returns
    -------
    ndarray
        float64 (3, 3), on grid coordinates.
    """
    centre = translation(grid.width / 2, grid.height / 2)
    c, s = scale * cos(radians(rotation)), scale * sin(radians(rotation))
    x, y = 2 * perspective[0] / grid.width, 2 * perspective[1] / grid.height
    about = np.array([[c, -s, shift[0]], [s, c, shift[1]], [x, y, 1]], np.float64)
    return normalised(centre @ about @ np.linalg.inv(centre))


def random_homography(
    random: np.random.Generator, body: Body, largest_shift: float, largest_rotation: float
) -> np.ndarray:
    """Draw a homography such as physical misalignment causes, on the grid of a body.

    Parameters
    ----------
    largest_shift
        Largest shift in any direction, px at 2376x1586.
    largest_rotation
        Largest rotation in either direction, degrees.
    """
    distance = random.uniform(0, largest_shift) * body.grid.width / (A7R_IV.paper_crop.width / RESIZE_FACTOR)
    direction = random.uniform(0, 360)
    return homography(
        body.grid,
        (distance * cos(radians(direction)), distance * sin(radians(direction))),
        random.uniform(-largest_rotation, largest_rotation),
        random.uniform(0.995, 1.005),
        # Half a percent is 6 px at the border of 2376x1586.
        (random.uniform(-0.005, 0.005), random.uniform(-0.005, 0.005)),
    )


def stored_homography(body: Body, grid_homography: np.ndarray, mirrored: bool) -> np.ndarray:
    """Return the homography from camera A's grid to another camera's stored image, which may be mirrored."""
    return mirror(body.grid) @ grid_homography if mirrored else grid_homography


def raw_from_scene(body: Body, stored: np.ndarray) -> np.ndarray:
    """Return the homography from scene coordinates to a camera's raw file.

    Parameters
    ----------
    stored
        Homography from camera A's grid to this camera's stored image; the identity for camera A.

    Returns
    -------
    ndarray
        float64 (3, 3).
    """
    top, left = body.origin
    return np.asarray(translation(left, top) @ change_grid(stored, body.grid, body.crop))


def bounds(matrix: np.ndarray, grid: Grid) -> tuple[float, float, float, float]:
    """Return the smallest and largest x, then y, of a grid's corners mapped by a homography."""
    corners = apply_homography(matrix, grid.corners)
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return float(left), float(right), float(top), float(bottom)
