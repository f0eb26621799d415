"""The part of a warped image that no border reaches."""

import numpy as np

from realdof.geometry.grid import Grid, Region, change_grid, to_integer_centres
from realdof.geometry.warp import Recipe, warp_grid

# OpenCV rounds the place of a Lanczos or bicubic sample to 1/32 px.
_ROUNDING = 1 / 64
_TAPS_BEFORE: dict[Recipe, int] = {"sharp": 3, "paper": 1}
_TAPS_AFTER: dict[Recipe, int] = {"sharp": 4, "paper": 2}


def valid_mask(homography: np.ndarray, photograph: Grid, grid: Grid, *, recipe: Recipe = "sharp") -> np.ndarray:
    """Where ``warp_to_grid`` reads only inside the photograph, every tap of its kernel included.

    Parameters
    ----------
    photograph
        Size of the photograph given to ``warp_to_grid``.

    Returns
    -------
    ndarray
        bool (grid.height, grid.width).
    """
    fine = warp_grid(photograph, grid, recipe)
    factor = fine.width // grid.width
    x_row, y_row, depth_row = to_integer_centres(change_grid(homography, grid, fine))
    # The mean over the area of a final pixel reads half its side more; OpenCV's place is that of its first pixel.
    reach = (factor - 1) / 2
    # A bound on a mapped coordinate is linear in the point: n1 / n3 >= a is n1 - a n3 >= 0 where n3 > 0.
    low = _TAPS_BEFORE[recipe] + reach + _ROUNDING
    high = _TAPS_AFTER[recipe] + reach + _ROUNDING
    bounds = [
        depth_row,
        x_row - low * depth_row,
        y_row - low * depth_row,
        (fine.width - high) * depth_row - x_row,
        (fine.height - high) * depth_row - y_row,
    ]
    # Integer-centred place of the middle of each final pixel on the finer grid.
    x = factor * (np.arange(grid.width) + 0.5) - 0.5
    y = factor * (np.arange(grid.height) + 0.5) - 0.5
    inside = np.ones((grid.height, grid.width), bool)
    for a, b, c in bounds:
        inside &= a * x + (b * y + c)[:, None] > 0
    return inside


def largest_rectangle(mask: np.ndarray) -> Region:
    """The largest axis-aligned rectangle of true pixels; of equal ones the first found from the top.

    Row by row the columns' heights form a histogram whose largest rectangle a stack finds; runs of equal height
    count as one, and rows that can be continued downwards unchanged are skipped, which makes the mask of a warp
    (a convex quadrilateral) a matter of milliseconds.

    Parameters
    ----------
    mask
        bool (H, W).

    Returns
    -------
    Region
        Of height and width 0 if no pixel is true.
    """
    heights = np.zeros(mask.shape[1], np.int64)
    best, best_area = Region(0, 0, 0, 0), 0
    for row in range(mask.shape[0]):
        heights = np.where(mask[row], heights + 1, 0)
        if row + 1 < mask.shape[0] and not (mask[row] & ~mask[row + 1]).any():
            continue
        height, left, right = _largest_under(heights)
        if height * (right - left) > best_area:
            best_area = height * (right - left)
            best = Region(row + 1 - height, left, height, right - left)
    return best


def valid_region(homography: np.ndarray, photograph: Grid, grid: Grid, *, recipe: Recipe = "sharp") -> Region:
    """The largest rectangle of ``grid`` without border after ``warp_to_grid``; parameters as ``valid_mask``."""
    return largest_rectangle(valid_mask(homography, photograph, grid, recipe=recipe))


def _largest_under(heights: np.ndarray) -> tuple[int, int, int]:
    """Height, left and right end of the largest rectangle under a histogram."""
    starts = np.concatenate([[0], np.flatnonzero(np.diff(heights)) + 1])
    runs = zip([*heights[starts].tolist(), 0], [*starts.tolist(), len(heights)], strict=True)
    best, best_area = (0, 0, 0), 0
    rising: list[tuple[int, int]] = []
    for height, start in runs:
        left = start
        while rising and rising[-1][0] >= height:
            tall, left = rising.pop()
            if tall * (start - left) > best_area:
                best, best_area = (tall, left, start), tall * (start - left)
        rising.append((height, left))
    return best
