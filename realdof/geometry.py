"""One pixel grid for everything: homographies between grids of any scale, warps, and the region without border.

Pixel i of a grid covers [i, i + 1); its centre lies at i + 0.5. A homography maps points (x, y) of the reference
camera's image to points of the moving camera's stored image, the mirror of the beam splitter included, so that
changing to a grid of another scale is exact.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from realdof.images import area_resize, as_float

Recipe = Literal["sharp", "paper"]

_TO_CENTRES = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
_FROM_CENTRES = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])

# Half a pixel on, by eight taps: a sinc under Lanczos's window of four samples a side.
_OFFSETS = np.arange(-3.5, 4)
_MIDPOINT = (np.sinc(_OFFSETS) * np.sinc(_OFFSETS / 4)).astype(np.float32)
_MIDPOINT /= _MIDPOINT.sum()

# OpenCV rounds the place of a Lanczos or bicubic sample to 1/32 px.
_ROUNDING = 1 / 64
_TAPS_BEFORE: dict[Recipe, int] = {"sharp": 3, "paper": 1}
_TAPS_AFTER: dict[Recipe, int] = {"sharp": 4, "paper": 2}


@dataclass(frozen=True)
class Grid:
    """A pixel grid of ``height`` x ``width`` pixels."""

    height: int
    width: int

    @classmethod
    def of(cls, pixels: np.ndarray) -> "Grid":
        """The grid of an image (H, W[, C])."""
        return cls(pixels.shape[0], pixels.shape[1])

    def finer(self, factor: int) -> "Grid":
        """The grid with each pixel cut into ``factor`` x ``factor``."""
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
    """The homography that moves points by (x, y)."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def mirror(grid: Grid) -> np.ndarray:
    """The homography that swaps left and right on a grid."""
    return np.array([[-1, 0, grid.width], [0, 1, 0], [0, 0, 1.0]])


def normalised(homography: np.ndarray) -> np.ndarray:
    """The same homography with a last element of one."""
    return homography / homography[2, 2]


def apply_homography(homography: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points, float64 (N, 2), as (x, y)."""
    mapped = points @ homography[:, :2].T + homography[:, 2]
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def change_grid(homography: np.ndarray, old: Grid, new: Grid) -> np.ndarray:
    """The same homography for both images on another grid over the same field of view; exact."""
    scale = np.diag([new.width / old.width, new.height / old.height, 1.0])
    return normalised(scale @ homography @ np.linalg.inv(scale))


def corner_distance(first: np.ndarray, second: np.ndarray, grid: Grid) -> float:
    """Largest distance in px between the images of the grid's four corners under two homographies."""
    difference = apply_homography(first, grid.corners) - apply_homography(second, grid.corners)
    return float(np.linalg.norm(difference, axis=1).max())


def to_integer_centres(homography: np.ndarray) -> np.ndarray:
    """The homography as OpenCV writes it: the centre of pixel i lies at i."""
    return normalised(_FROM_CENTRES @ homography @ _TO_CENTRES)


def from_integer_centres(homography: np.ndarray) -> np.ndarray:
    """The homography in our convention, from OpenCV's."""
    return normalised(_TO_CENTRES @ homography @ _FROM_CENTRES)


def warp(
    image: np.ndarray, homography: np.ndarray, grid: Grid, *, interpolation: int, outside: float | None = None
) -> np.ndarray:
    """Resample an image: the result at a point p of ``grid`` is the image at ``homography`` p.

    Parameters
    ----------
    image
        float32, uint8 or uint16 (H, W[, C]).
    interpolation
        One of OpenCV's, e.g. ``cv2.INTER_LINEAR``.
    outside
        The value beyond the image; without it the image is mirrored at its borders.
    """
    return np.asarray(
        cv2.warpPerspective(
            image,
            to_integer_centres(homography),
            (grid.width, grid.height),
            flags=interpolation | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT_101 if outside is None else cv2.BORDER_CONSTANT,
            borderValue=[outside or 0.0] * 4,
        )
    )


def midpoints_filled(image: np.ndarray) -> np.ndarray:
    """Samples at twice the density, float32 (2 H - 1, 2 W - 1): every second one is an original sample.

    Linear interpolation between samples displaces fine detail (by 0.05 px at a period of 4 px and a quarter of the
    way); between these it does so eight times less, as the midpoints' symmetric filter displaces nothing.
    """
    height, width = image.shape
    dense = np.empty((2 * height - 1, 2 * width - 1), np.float32)
    dense[::2, ::2] = image
    # The filter gives the midpoint after each sample; its anchor is the tap before the middle.
    anchor = len(_MIDPOINT) // 2 - 1
    dense[::2, 1::2] = cv2.filter2D(image, -1, _MIDPOINT[None], anchor=(anchor, 0))[:, :-1]
    dense[1::2, ::2] = cv2.filter2D(image, -1, _MIDPOINT[:, None], anchor=(0, anchor))[:-1]
    across = np.ascontiguousarray(dense[::2, 1::2])
    dense[1::2, 1::2] = cv2.filter2D(across, -1, _MIDPOINT[:, None], anchor=(0, anchor))[:-1]
    return dense


def warp_dense(dense: np.ndarray, homography: np.ndarray, grid: Grid, *, outside: float) -> np.ndarray:
    """``warp`` of an image whose midpoints were filled, linearly interpolated."""
    # Sample i of the image is sample 2 i of the dense one.
    matrix = np.diag([2.0, 2.0, 1.0]) @ to_integer_centres(homography)
    return np.asarray(
        cv2.warpPerspective(
            dense,
            matrix,
            (grid.width, grid.height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=outside,
        )
    )


def warp_to_grid(pixels: np.ndarray, homography: np.ndarray, grid: Grid, *, recipe: Recipe = "sharp") -> np.ndarray:
    """Align a photograph and bring it to ``grid``, which may be coarser than the photograph.

    ``sharp`` takes the mean over the final pixel's area on the photograph at twice the final size, then samples that
    with Lanczos-4: 71 dB against the mean over the area as the homography turns and scales it, up to 10 degrees, since
    the area's second moments do not turn. Sampling at twice the size and averaging then gives 74 dB in three times the
    time; bicubic sampling displaces coarse detail by up to 0.025 px, as OpenCV's kernel (a = -0.75) does not keep a
    linear ramp. ``paper`` is what the supplement, section 1, says: resize first, then warp; bicubic, as the paper names
    no kernel.

    Parameters
    ----------
    pixels
        uint8 or uint16 (H, W, 3), or float32 in [0, 1]; at least as large as ``grid``.
    homography
        From ``grid`` to the photograph *on a grid of the same size*, as ``Alignment.matrix``.

    Returns
    -------
    ndarray
        float32 (grid.height, grid.width, 3), nominally in [0, 1]: overshoot of the kernel is not clipped.
        Beyond the photograph it is mirrored; see ``valid_region``. Of stored pixels overshoot is clipped, and 16-bit
        ones are rounded to 16 bits.
    """
    fine = _warp_grid(Grid.of(pixels), grid, recipe)
    source = area_resize(pixels, fine.height, fine.width)
    if source.dtype == np.uint8:
        source = as_float(source)
    if recipe == "paper":
        return as_float(warp(source, homography, grid, interpolation=cv2.INTER_CUBIC))
    if fine == grid:
        return as_float(warp(source, homography, grid, interpolation=cv2.INTER_LANCZOS4))
    # Each mean over 2x2 px lies half a pixel below and to the right of its first pixel's centre.
    means = cv2.blur(source, (2, 2), anchor=(0, 0), borderType=cv2.BORDER_REFLECT_101)
    moved = translation(-0.5, -0.5) @ np.diag([2.0, 2.0, 1.0]) @ homography
    return as_float(warp(means, moved, grid, interpolation=cv2.INTER_LANCZOS4))


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
    fine = _warp_grid(photograph, grid, recipe)
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


def _warp_grid(photograph: Grid, grid: Grid, recipe: Recipe) -> Grid:
    """The grid the warp is done on: twice as fine as the final one where the photograph is that fine."""
    if photograph.height < grid.height or photograph.width < grid.width:
        raise ValueError(f"a photograph of {photograph} cannot fill the finer {grid}")
    twice = grid.finer(2)
    is_fine = photograph.height >= twice.height and photograph.width >= twice.width
    return twice if recipe == "sharp" and is_fine else grid


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
