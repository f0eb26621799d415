"""Find the valid region of a warped image, whose pixels depend only on pixels inside the photograph."""

import numpy as np

from realdof.geometry.grid import Grid, Region, change_grid, to_integer_centres
from realdof.geometry.warp import Recipe, warp_grid

# OpenCV rounds the position of a Lanczos or bicubic sample to 1/32 px.
_ROUNDING = 1 / 64
_TAPS_BEFORE: dict[Recipe, int] = {"sharp": 3, "paper": 1}
_TAPS_AFTER: dict[Recipe, int] = {"sharp": 4, "paper": 2}


def valid_mask(homography: np.ndarray, photograph: Grid, grid: Grid, *, recipe: Recipe = "sharp") -> np.ndarray:
    """Return where ``warp_to_grid`` reads only inside the photograph, with every tap of its kernel.

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
    # The mean over a final pixel's area reads half its side more; OpenCV's position is that of the first pixel in it.
    reach = (factor - 1) / 2
    # A bound on a mapped coordinate is linear in the point: n1 / n3 >= a means n1 - a n3 >= 0 where n3 > 0.
    low = _TAPS_BEFORE[recipe] + reach + _ROUNDING
    high = _TAPS_AFTER[recipe] + reach + _ROUNDING
    bounds = [
        depth_row,
        x_row - low * depth_row,
        y_row - low * depth_row,
        (fine.width - high) * depth_row - x_row,
        (fine.height - high) * depth_row - y_row,
    ]
    # Position of each final pixel's middle on the finer grid, with integer centres.
    x = factor * (np.arange(grid.width) + 0.5) - 0.5
    y = factor * (np.arange(grid.height) + 0.5) - 0.5
    inside = np.ones((grid.height, grid.width), bool)
    for a, b, c in bounds:
        inside &= a * x + (b * y + c)[:, None] > 0
    return inside


def largest_rectangle(mask: np.ndarray) -> Region:
    """Find the largest axis-aligned rectangle of true pixels; of equally large ones, the first from the top.

    In each row the heights of the columns form a histogram, whose largest rectangle is found with a stack. Runs of
    equal height count as one column, and rows that continue downwards unchanged are skipped, so the mask of a warp
    (a convex quadrilateral) takes milliseconds.

    Parameters
    ----------
    mask
        bool (H, W).

    Returns
    -------
    Region
        The rectangle; its height and width are 0 if no pixel is true.
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
    """Find the largest valid rectangle of ``grid`` after ``warp_to_grid``; parameters as in ``valid_mask``."""
    return largest_rectangle(valid_mask(homography, photograph, grid, recipe=recipe))


def _largest_under(heights: np.ndarray) -> tuple[int, int, int]:
    """Find the largest rectangle under a histogram: its height, left end and right end."""
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
