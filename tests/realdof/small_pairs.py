"""Pairs of 594x396, a quarter of the paper's size a side, and their alignment."""

from view_pairs import ViewPair, corner_error, view_pair

from realdof.alignment.estimate import Alignment, AlignmentSettings, estimate_homography
from realdof.geometry.grid import Grid

HEIGHT, WIDTH = 396, 594
GRID = Grid(HEIGHT, WIDTH)
EXACT = 0.05
"""px: the largest corner error the pipeline allows."""


def pair(seed: int, **options: object) -> ViewPair:
    """Two views with the misalignment of a rig."""
    return view_pair(seed, HEIGHT, WIDTH, **({"shift": 20.0, "perspective": 3.0, "leaves": 6000} | options))  # type: ignore[arg-type]


def align(views: ViewPair, settings: AlignmentSettings | None = None) -> Alignment:
    """Their alignment by default settings."""
    return estimate_homography(views.reference, views.moving, settings or AlignmentSettings())


def error(found: Alignment, views: ViewPair) -> float:
    """Corner error, px."""
    return corner_error(found.matrix, views.homography, HEIGHT, WIDTH)
