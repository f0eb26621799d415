"""Pixel grids, regions, and homographies between grids of any scale.

Pixel i of a grid covers [i, i + 1); its centre lies at i + 0.5, so that a change to a grid of another scale is exact.
A homography maps points (x, y) of the reference camera's image to points of the moving camera's stored image; it
includes the mirror of the beam splitter.
"""

from dataclasses import dataclass

import numpy as np

_TO_CENTRES = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
_FROM_CENTRES = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])


@dataclass(frozen=True)
class Grid:
    """A pixel grid of ``height`` x ``width`` pixels."""

    height: int
    width: int

    @classmethod
    def of(cls, pixels: np.ndarray) -> "Grid":
        """Return the grid of an image (H, W[, C])."""
        return cls(pixels.shape[0], pixels.shape[1])

    def finer(self, factor: int) -> "Grid":
        """Return the grid with each pixel divided into ``factor`` x ``factor`` pixels."""
        return Grid(self.height * factor, self.width * factor)

    @property
    def corners(self) -> np.ndarray:
        """The outer corners of the corner pixels, float64 (4, 2), as (x, y)."""
        return np.array([[0, 0], [self.width, 0], [self.width, self.height], [0, self.height]], np.float64)


@dataclass(frozen=True)
class Region:
    """A rectangle of whole pixels."""

    top: int
    left: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the region in an array (H, W, ...)."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


def translation(x: float, y: float) -> np.ndarray:
    """Return the homography that moves points by (x, y)."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def mirror(grid: Grid) -> np.ndarray:
    """Return the homography that swaps left and right on a grid."""
    return np.array([[-1, 0, grid.width], [0, 1, 0], [0, 0, 1.0]])


def normalised(homography: np.ndarray) -> np.ndarray:
    """Scale a homography so that its last element is one."""
    return homography / homography[2, 2]


def apply_homography(homography: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points, float64 (N, 2), as (x, y)."""
    mapped = points @ homography[:, :2].T + homography[:, 2]
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def change_grid(homography: np.ndarray, old: Grid, new: Grid) -> np.ndarray:
    """Convert a homography between two images on one grid to another grid over the same field of view, exactly."""
    scale = np.diag([new.width / old.width, new.height / old.height, 1.0])
    return normalised(scale @ homography @ np.linalg.inv(scale))


def corner_distance(first: np.ndarray, second: np.ndarray, grid: Grid) -> float:
    """Return the largest distance, px, between the grid's four corners as mapped by two homographies."""
    difference = apply_homography(first, grid.corners) - apply_homography(second, grid.corners)
    return float(np.linalg.norm(difference, axis=1).max())


def to_integer_centres(homography: np.ndarray) -> np.ndarray:
    """Convert a homography to OpenCV's convention, in which the centre of pixel i lies at i."""
    return normalised(_FROM_CENTRES @ homography @ _TO_CENTRES)


def from_integer_centres(homography: np.ndarray) -> np.ndarray:
    """Convert a homography from OpenCV's convention to ours, in which the centre of pixel i lies at i + 0.5."""
    return normalised(_TO_CENTRES @ homography @ _FROM_CENTRES)
