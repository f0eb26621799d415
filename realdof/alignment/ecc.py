"""Alignment by the enhanced correlation coefficient: Evangelidis and Psarakis, IEEE TPAMI 30 (10), 2008.

It is the inverse compositional form: gradients are taken from the reference, so they are computed only once.
"""

from dataclasses import dataclass

import numpy as np

from realdof.common.machine.opencv import cv2
from realdof.geometry.grid import Grid, from_integer_centres, normalised, to_integer_centres
from realdof.geometry.warp import midpoints_filled, warp_dense

# Sums over a homography's Jacobian reduce to moments of the image gradients. Each of its eight parameters causes a
# displacement with the terms (gradient 0 = horizontal or 1 = vertical, sign, power of x, power of y).
_TERMS = (
    ((0, 1, 1, 0),),
    ((0, 1, 0, 1),),
    ((0, 1, 0, 0),),
    ((1, 1, 1, 0),),
    ((1, 1, 0, 1),),
    ((1, 1, 0, 0),),
    ((0, -1, 2, 0), (1, -1, 1, 1)),
    ((0, -1, 1, 1), (1, -1, 0, 2)),
)
# Share of the frame. `verdict` rejects overlaps below 0.4 anyway; this limit only stops hopeless searches early.
_SMALLEST_OVERLAP = 0.1
# Largest variance of a flat image: its standard deviation is below a fifteenth of a 16-bit step.
_FLAT = 1e-12
# Largest condition number: of double precision's 16 digits it leaves four of the step.
_SINGULAR = 1e12


@dataclass(frozen=True)
class MaskedImage:
    """An image: ``values``, float32 (H, W), all finite, which count only where ``known``, bool (H, W), is true."""

    values: np.ndarray
    known: np.ndarray


@dataclass(frozen=True)
class EccResult:
    """A homography from the reference to the moving image, its correlation, and the number of iterations.

    The correlation is -1 if the images do not overlap.
    """

    homography: np.ndarray
    correlation: float
    iterations: int


def maximise_correlation(
    reference: MaskedImage, moving: MaskedImage, start: np.ndarray, *, iterations: int, epsilon: float
) -> EccResult:
    """Find the homography that maximises the correlation coefficient, starting from one that is nearly right.

    Parameters
    ----------
    reference, moving
        Both images.
    start
        Homography to begin with, half-pixel centres.
    iterations
        Largest number of iterations; with zero, the start is returned with a correlation of -1.
    epsilon
        Stop when the coefficient changes by less than this.

    Returns
    -------
    EccResult
        The result of the best iteration.
    """
    grid = Grid.of(reference.values)
    to_unit = _to_unit(grid)
    x, y = _unit_axes(grid, to_unit)
    horizontal, vertical = _gradients(reference.values, to_unit[0, 0])
    dense = midpoints_filled(moving.values)
    # Every linear interpolation in the dense image reads exactly one original sample, the nearest.
    dense[::2, ::2][~moving.known] = np.nan
    current = to_unit @ start @ np.linalg.inv(to_unit)
    best = EccResult(normalised(start), -1.0, 0)
    normal_matrix: np.ndarray | None = None
    last, done = -1.0, 0
    for iteration in range(iterations):
        done = iteration + 1
        homography = normalised(np.linalg.inv(to_unit) @ current @ to_unit)
        view = warp_dense(dense, homography, grid, outside=float("nan"))
        # NaN is the only value that differs from itself.
        valid = (view == view) & reference.known
        count = int(np.count_nonzero(valid))
        if count < _SMALLEST_OVERLAP * valid.size:
            break
        view[~valid] = 0
        template = np.where(valid, reference.values, np.float32(0))
        mean_view, mean_template = _mean(view, count), _mean(template, count)
        view_energy = _product(view, view, count) - mean_view**2
        template_energy = _product(template, template, count) - mean_template**2
        product = _product(view, template, count) - mean_view * mean_template
        if min(view_energy, template_energy) <= _FLAT:
            break
        correlation = product / np.sqrt(view_energy * template_energy)
        if correlation > best.correlation:
            best = EccResult(homography, correlation, done)
        if product <= 0 or abs(correlation - last) < epsilon:
            break
        last = correlation
        # The overlap changes with the first step; later the matrix only preconditions and need not be recomputed.
        if iteration < 2:
            normal_matrix = _normal_matrix(horizontal, vertical, valid, x, y)
        gain = template_energy / product
        view *= np.float32(gain)
        view -= template
        view -= np.float32(gain * mean_view - mean_template)
        view[~valid] = 0
        step = _solved(normal_matrix, _steepest_descent(horizontal, vertical, view, x, y))
        if step is None:
            break
        current = normalised(current @ np.linalg.inv(step))
    return EccResult(best.homography, best.correlation, done)


def single_level_ecc(
    reference: np.ndarray, moving: np.ndarray, start: np.ndarray, *, iterations: int, epsilon: float
) -> EccResult:
    """Run OpenCV's ECC at one scale, as RealBlur's authors did: 300 iterations, epsilon -1.

    The parameters are those of ``maximise_correlation``, with images float32 (H, W). OpenCV does not return the number
    of iterations; with a positive epsilon, ``iterations`` of the result is an upper bound.
    """
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, iterations, epsilon)
    matrix = to_integer_centres(start).astype(np.float32)
    try:
        correlation, found = cv2.findTransformECC(reference, moving, matrix, cv2.MOTION_HOMOGRAPHY, criteria)
    except cv2.error:
        # OpenCV raises if the images do not overlap or the correlation vanishes: no alignment was found.
        return EccResult(normalised(start), -1.0, iterations)
    return EccResult(from_integer_centres(np.asarray(found, np.float64)), float(correlation), iterations)


def _to_unit(grid: Grid) -> np.ndarray:
    """Return the map to coordinates centred on the grid, in units of half the longer side, for good conditioning."""
    unit = max(grid.height, grid.width) / 2
    return np.array([[1 / unit, 0, -grid.width / 2 / unit], [0, 1 / unit, -grid.height / 2 / unit], [0, 0, 1.0]])


def _unit_axes(grid: Grid, to_unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x = (np.arange(grid.width) + 0.5) * to_unit[0, 0] + to_unit[0, 2]
    y = (np.arange(grid.height) + 0.5) * to_unit[1, 1] + to_unit[1, 2]
    return x, y


def _gradients(values: np.ndarray, unit_per_px: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the central differences per unit of length."""
    scale = 0.5 / unit_per_px
    horizontal = cv2.Sobel(values, cv2.CV_32F, 1, 0, ksize=1, scale=scale)
    vertical = cv2.Sobel(values, cv2.CV_32F, 0, 1, ksize=1, scale=scale)
    return horizontal, vertical


def _mean(image: np.ndarray, count: int) -> float:
    return float(image.sum(dtype=np.float64)) / count


def _product(first: np.ndarray, second: np.ndarray, count: int) -> float:
    # Row by row, so that single precision sums at most one row.
    return float(np.einsum("ij,ij->i", first, second).sum(dtype=np.float64)) / count


def _moments(field: np.ndarray, x_powers: np.ndarray, y_powers: np.ndarray) -> np.ndarray:
    """Return the sums of ``field`` times y^i x^j, indexed [i, j]."""
    return np.asarray(y_powers.T @ (field @ x_powers.astype(np.float32)).astype(np.float64))


def _normal_matrix(
    horizontal: np.ndarray, vertical: np.ndarray, valid: np.ndarray, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    x_powers, y_powers = np.vander(x, 5, increasing=True), np.vander(y, 5, increasing=True)
    gradients = (horizontal * valid, vertical * valid)
    pairs = ((0, 0), (0, 1), (1, 1))
    moments = [_moments(gradients[first] * gradients[second], x_powers, y_powers) for first, second in pairs]
    return np.array(
        [
            [
                sum(
                    sign * other_sign * moments[axis + other_axis][i + other_i, j + other_j]
                    for axis, sign, j, i in row
                    for other_axis, other_sign, other_j, other_i in column
                )
                for column in _TERMS
            ]
            for row in _TERMS
        ]
    )


def _steepest_descent(
    horizontal: np.ndarray, vertical: np.ndarray, error: np.ndarray, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    x_powers, y_powers = np.vander(x, 3, increasing=True), np.vander(y, 3, increasing=True)
    moments = [_moments(gradient * error, x_powers, y_powers) for gradient in (horizontal, vertical)]
    return np.array([sum(sign * moments[axis][i, j] for axis, sign, j, i in terms) for terms in _TERMS])


def _solved(normal_matrix: np.ndarray | None, descent: np.ndarray) -> np.ndarray | None:
    """Return the homography of one step; None if the images' texture does not determine it."""
    if normal_matrix is None or np.linalg.cond(normal_matrix) > _SINGULAR:
        return None
    a, b, c, d, e, f, g, h = np.linalg.solve(normal_matrix, descent)
    return np.array([[1 + a, b, c], [d, 1 + e, f], [g, h, 1]])
