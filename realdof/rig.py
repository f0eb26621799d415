"""The geometry of the dual-camera rig: two bodies behind a beam splitter that see one view from one place.

Their images differ by a homography, whatever the depth, and by a reflection in the beam splitter.
Coordinates are pixel indices: (0, 0) is the centre of the top left pixel. A scene's *grid* is that of the
developed image, cropped and resized to a quarter (2376x1586 at full size): its pixel (0, 0) covers the full
image's pixels (0, 0) to (3, 3).
"""

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from realdof.raw import PAPER_ORIGIN, PAPER_SIZE, RESIZE_FACTOR
from realdof.rawfile import RAW_SIZE

PIXEL_PITCH_UM = 3.76
"""Of the A7R IV."""


@dataclass(frozen=True)
class Body:
    """The sensor of a virtual camera: rows and columns of its raw file, and the crop that is developed.

    A body with fewer pixels has larger ones: its sensor is as wide as the real one.
    """

    raw: tuple[int, int]
    origin: tuple[int, int]
    crop: tuple[int, int]

    @property
    def grid(self) -> tuple[int, int]:
        """Height and width of the resized image."""
        return self.crop[0] // RESIZE_FACTOR, self.crop[1] // RESIZE_FACTOR

    @property
    def scale(self) -> float:
        """Pixels for each pixel of the real camera."""
        return self.crop[1] / PAPER_SIZE[1]

    @property
    def pixel_pitch_um(self) -> float:
        """Distance between the centres of neighbouring pixels."""
        return PIXEL_PITCH_UM / self.scale


BODIES = {
    "full": Body(RAW_SIZE, PAPER_ORIGIN, PAPER_SIZE),
    "small": Body((1064, 1600), (0, 0), (1064, 1600)),
}


def translation(x: float, y: float) -> np.ndarray:
    """The homography that moves points by (x, y)."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def homography(
    grid: tuple[int, int],
    shift: tuple[float, float] = (0.0, 0.0),
    rotation: float = 0.0,
    scale: float = 1.0,
    perspective: tuple[float, float] = (0.0, 0.0),
) -> np.ndarray:
    """A homography about the centre of a grid.

    Parameters
    ----------
    shift
        Of the centre, grid px.
    rotation
        Degrees, clockwise as seen.
    perspective
        By how much the image shrinks towards the right and lower border, relative to the centre.

    Returns
    -------
    ndarray
        float64 (3, 3), on grid coordinates.
    """
    height, width = grid
    centre = translation((width - 1) / 2, (height - 1) / 2)
    c, s = scale * cos(radians(rotation)), scale * sin(radians(rotation))
    x, y = 2 * perspective[0] / width, 2 * perspective[1] / height
    about = np.array([[c, -s, shift[0]], [s, c, shift[1]], [x, y, 1]], np.float64)
    # The shift is of the centre, whatever the perspective: the matrix maps the origin to (shift, 1).
    matrix = centre @ about @ np.linalg.inv(centre)
    return np.asarray(matrix / matrix[2, 2])


def random_homography(
    random: np.random.Generator, body: Body, largest_shift: float, largest_rotation: float
) -> np.ndarray:
    """A homography as physical misalignment leaves it, on the grid of a body.

    Parameters
    ----------
    largest_shift
        px at 2376x1586, in any direction.
    largest_rotation
        Degrees, either way.
    """
    distance = random.uniform(0, largest_shift) * body.grid[1] / (PAPER_SIZE[1] / RESIZE_FACTOR)
    direction = random.uniform(0, 360)
    return homography(
        body.grid,
        (distance * cos(radians(direction)), distance * sin(radians(direction))),
        random.uniform(-largest_rotation, largest_rotation),
        random.uniform(0.995, 1.005),
        # Half a percent is 6 px at the border of 2376x1586.
        (random.uniform(-0.005, 0.005), random.uniform(-0.005, 0.005)),
    )


def scene_from_grid() -> np.ndarray:
    """From camera A's grid to scene coordinates, the pixels of its full image."""
    offset = (RESIZE_FACTOR - 1) / 2
    return np.array([[RESIZE_FACTOR, 0, offset], [0, RESIZE_FACTOR, offset], [0, 0, 1]], np.float64)


def raw_from_scene(body: Body, grid_homography: np.ndarray, mirrored: bool) -> np.ndarray:
    """From scene coordinates to those of a camera's raw file.

    Scene coordinates are the full pixels of camera A's cropped image.

    Parameters
    ----------
    grid_homography
        From camera A's grid to this camera's, before the mirror; the identity for camera A.
    mirrored
        Whether the camera sees the scene in the mirror, left and right exchanged.

    Returns
    -------
    ndarray
        float64 (3, 3).
    """
    view = scene_from_grid() @ grid_homography @ np.linalg.inv(scene_from_grid())
    if mirrored:
        view = np.array([[-1.0, 0, body.crop[1] - 1], [0, 1, 0], [0, 0, 1]]) @ view
    top, left = body.origin
    return np.asarray(translation(left, top) @ view)


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points, float (N, 2), by a homography."""
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def bounds(matrix: np.ndarray, height: int, width: int) -> tuple[float, float, float, float]:
    """Smallest and largest x and y of a rectangle of that many pixels, mapped by a homography."""
    corners = np.array([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]], np.float64)
    mapped = apply(matrix, corners)
    (left, top), (right, bottom) = mapped.min(axis=0), mapped.max(axis=0)
    return float(left), float(right), float(top), float(bottom)
