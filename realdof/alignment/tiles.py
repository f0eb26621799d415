"""How far two aligned photographs are apart, tile by tile: the measurement that judges every alignment.

Cross-correlation in the Fourier domain, with the peak found to a hundredth of a pixel. It shares neither start nor
linearisation with the alignment by ECC, so it is an independent witness.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import fft

from realdof.geometry.grid import Grid, apply_homography

TILE = 64
"""Side of a tile in px."""

_FINE_SCALE, _COARSE_SCALE = 0.8, 8.0
# Beyond it the coarse Gaussian has no weight that matters, so the border of the frame no longer tells.
BAND_PASS_REACH = 20

_LARGEST_STANDARD_ERROR = 0.1
_SMALLEST_EXPECTED_PEAK = 0.6
_SMALLEST_SHARE_OF_PEAK = 0.6
_OWN_DETAIL, _SMALLEST_OVERLAP = 16, 0.3
# At scales of 4 to 16 px demosaiced noise has 0.04 of the energy it has below, gravel 0.25, a photograph about 0.7.
_BROAD_SCALES, _NOISE_BREADTH = (4.0, 16.0), 0.1


@dataclass(frozen=True)
class TileShifts:
    """The displacement of the moving photograph against the reference on a grid of tiles.

    Attributes
    ----------
    centres
        float64 (rows, columns, 2), px, as (x, y).
    shifts
        float64 (rows, columns, 2), px: what lies at p in the reference lies at p + shift in the moving photograph.
    standard_error
        float64 (rows, columns), px: what the reference's contrast and the photographs' noise allow at best, in the
        direction of least contrast.
    peak
        float64 (rows, columns): correlation coefficient of the tile at its best shift.
    expected_peak
        float64 (rows, columns): what the coefficient would be if the tiles differed by the photographs' noise alone.
    within
        bool (rows, columns): the whole tile has content in both photographs.
    """

    centres: np.ndarray
    shifts: np.ndarray
    standard_error: np.ndarray
    peak: np.ndarray
    expected_peak: np.ndarray
    within: np.ndarray

    @property
    def located(self) -> np.ndarray:
        """bool (rows, columns): the reference has enough contrast there in all directions."""
        return np.asarray(self.standard_error <= _LARGEST_STANDARD_ERROR)

    @property
    def textured(self) -> np.ndarray:
        """bool (rows, columns): both photographs have content there, and enough of it above the noise to measure."""
        return np.asarray(self.within & self.located & (self.expected_peak >= _SMALLEST_EXPECTED_PEAK))

    @property
    def matched(self) -> np.ndarray:
        """bool (rows, columns): the tile has texture, and both photographs show the same there."""
        return np.asarray(self.textured & (self.peak >= _SMALLEST_SHARE_OF_PEAK * self.expected_peak))


@dataclass(frozen=True)
class ShiftModel:
    """A displacement field with the eight degrees of freedom of a homography, fitted to the matched tiles.

    Attributes
    ----------
    corner_shift
        Largest displacement over the four corners of the grid, px.
    corner_error
        Largest standard error of that displacement over the four corners, px; infinite with too few tiles.
    """

    corner_shift: float
    corner_error: float


def band_pass(grey: np.ndarray) -> np.ndarray:
    """What lies between noise and shading: a difference of Gaussians of 0.8 and 8 px, float32 (H, W).

    Vignetting and stray light differ between two cameras and stay with the frame when the scene moves.
    """
    fine, coarse = (cv2.GaussianBlur(grey, (0, 0), scale) for scale in (_FINE_SCALE, _COARSE_SCALE))
    return np.subtract(fine, coarse, out=np.asarray(fine))


def noise_level(grey: np.ndarray) -> float:
    """Standard deviation of white noise, from the median of the finest diagonal Haar details (Donoho, 1995)."""
    height, width = (side // 2 * 2 for side in grey.shape)
    even, odd = grey[0:height:2, :width], grey[1:height:2, :width]
    diagonal = (even[:, ::2] - even[:, 1::2] - odd[:, ::2] + odd[:, 1::2]) / 2
    return float(np.median(np.abs(diagonal)) / 0.6745)


def is_structureless(grey: np.ndarray) -> bool:
    """Whether a photograph, luma (H, W), has fine detail only, as noise has and no scene.

    ``noise_level`` takes noise to be white; demosaicing leaves some that is not, and it must not pass for texture.
    """
    broad, broader = (cv2.GaussianBlur(grey, (0, 0), scale) for scale in _BROAD_SCALES)
    inner = slice(BAND_PASS_REACH, -BAND_PASS_REACH), slice(BAND_PASS_REACH, -BAND_PASS_REACH)
    return bool((broad - broader)[inner].var() < _NOISE_BREADTH * band_pass(grey)[inner].var())


def tile_shifts(reference: np.ndarray, moving: np.ndarray, *, valid: np.ndarray | None = None) -> TileShifts:
    """Measure the displacement on every tile.

    Parameters
    ----------
    reference, moving
        Luma of the aligned photographs, float32 (H, W), at least one tile large.
    valid
        bool (H, W): where the moving photograph has content; a tile with any pixel outside counts as having
        no texture. Everywhere by default.
    """
    grid = Grid.of(reference)
    rows, columns = grid.height // TILE, grid.width // TILE
    # Tiles are spread over the whole height and width, the few px that are left lie between them.
    tops = np.round(np.linspace(0, grid.height - TILE, rows)).astype(int)
    lefts = np.round(np.linspace(0, grid.width - TILE, columns)).astype(int)
    first, second = (_tiles(band_pass(grey), tops, lefts) for grey in (reference, moving))
    noise, other_noise = noise_level(reference), noise_level(moving)
    error = _standard_error(first, np.hypot(noise, other_noise))
    expected_peak = np.sqrt(_signal_share(first, noise) * _signal_share(second, other_noise))
    within = np.ones(len(first), bool) if valid is None else _tiles(valid, tops, lefts).all(axis=(1, 2))
    shifts, peak = _correlate(first, second)
    x, y = np.meshgrid(lefts + TILE / 2, tops + TILE / 2)
    shape = (rows, columns)
    return TileShifts(
        centres=np.stack([x, y], axis=2),
        shifts=shifts.reshape(*shape, 2),
        standard_error=error.reshape(shape),
        peak=peak.reshape(shape),
        expected_peak=expected_peak.reshape(shape),
        within=within.reshape(shape),
    )


def fit_shift_model(tiles: TileShifts, grid: Grid) -> ShiftModel:
    """Fit the displacement field of a small homography to the matched tiles, robustly (Huber's weights).

    The standard error follows from the scatter of the tiles about the fit, so parallax, movement or a lens's
    distortion enter it as well as noise and lack of texture.
    """
    used = tiles.matched
    points, shifts = tiles.centres[used], tiles.shifts[used]
    if len(points) < 8:
        return ShiftModel(float("inf"), float("inf"))
    scale = grid.width / 2
    design = _displacement_design(points, grid, scale)
    target = shifts.reshape(-1)
    # Weighting by the promised precision keeps weakly textured tiles from spoiling the others.
    promised = np.repeat(1 / np.hypot(tiles.standard_error[used], 0.01), 2)
    weights = promised**2
    for _ in range(10):
        normal = design.T @ (weights[:, None] * design)
        if np.linalg.cond(normal) > 1e10:
            return ShiftModel(float("inf"), float("inf"))
        parameters = np.linalg.solve(normal, design.T @ (weights * target))
        residual = (target - design @ parameters) * promised
        spread = max(float(np.median(np.abs(residual))) / 0.6745, 1e-9)
        huber = np.minimum(1, 1.345 * spread / np.maximum(np.abs(residual), 1e-12))
        weights = promised**2 * huber
    freedom = max(1, len(target) - 8)
    variance = float((huber * residual**2).sum()) / freedom
    at_corners = _displacement_design(grid.corners, grid, scale)
    covariance = at_corners @ (variance * np.linalg.inv(normal)) @ at_corners.T
    corner_shift = np.linalg.norm((at_corners @ parameters).reshape(-1, 2), axis=1).max()
    corner_error = np.sqrt(np.diag(covariance).reshape(-1, 2).sum(axis=1).max())
    return ShiftModel(float(corner_shift), float(corner_error))


def self_similarity(photograph: np.ndarray) -> float:
    """How well a photograph matches itself when shifted by more than its own detail: 1 if it is periodic.

    Parameters
    ----------
    photograph
        Luma, float32 (H, W).

    Returns
    -------
    float
        Largest autocorrelation coefficient beyond a shift of 16 px, of the band-passed photograph.
    """
    height, width = photograph.shape
    window = np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)
    detail = band_pass(photograph)
    # Twice the size, so that the transform's periods do not fold one end onto the other.
    size = [fft.next_fast_len(2 * side, real=True) for side in (height, width)]
    correlation, overlap = (
        fft.irfft2(np.abs(fft.rfft2(image, s=size)) ** 2, s=size)
        for image in ((detail - detail.mean()) * window, window)
    )
    down, across = (fft.fftfreq(side, 1 / side) for side in size)
    beyond = (np.hypot(down[:, None], across) > _OWN_DETAIL) & (overlap > _SMALLEST_OVERLAP * overlap[0, 0])
    coefficients = correlation[beyond] / overlap[beyond] * (overlap[0, 0] / max(correlation[0, 0], 1e-30))
    return float(coefficients.max(initial=0))


def _displacement_design(points: np.ndarray, grid: Grid, scale: float) -> np.ndarray:
    """Derivative of a homography's displacement by its eight parameters at the identity, (2 N, 8)."""
    centred = np.array([[1 / scale, 0, -grid.width / 2 / scale], [0, 1 / scale, -grid.height / 2 / scale], [0, 0, 1]])
    x, y = apply_homography(centred, points).T
    one, zero = np.ones_like(x), np.zeros_like(x)
    horizontal = np.stack([x, y, one, zero, zero, zero, -x * x, -x * y], axis=1)
    vertical = np.stack([zero, zero, zero, x, y, one, -x * y, -y * y], axis=1)
    return np.stack([horizontal, vertical], axis=1).reshape(-1, 8)


def _tiles(image: np.ndarray, tops: np.ndarray, lefts: np.ndarray) -> np.ndarray:
    """(rows * columns, TILE, TILE)."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (TILE, TILE))
    return windows[np.ix_(tops, lefts)].reshape(-1, TILE, TILE)


def _standard_error(tiles: np.ndarray, noise: float) -> np.ndarray:
    """Cramér-Rao bound on a tile's shift in its worst direction, (tiles,), px; ``noise`` of both photographs."""
    horizontal = (tiles[:, 1:-1, 2:] - tiles[:, 1:-1, :-2]) / 2
    vertical = (tiles[:, 2:, 1:-1] - tiles[:, :-2, 1:-1]) / 2
    xx = np.einsum("tij,tij->t", horizontal, horizontal)
    xy = np.einsum("tij,tij->t", horizontal, vertical)
    yy = np.einsum("tij,tij->t", vertical, vertical)
    weakest = (xx + yy) / 2 - np.hypot((xx - yy) / 2, xy)
    # The reference's own noise has gradients too, which locate nothing.
    own = noise**2 / 2 * _NOISE_GRADIENT * tiles[0].size
    return np.asarray(noise / np.sqrt(np.maximum(weakest - own, 1e-30)), np.float64)


def _signal_share(tiles: np.ndarray, noise: float) -> np.ndarray:
    """The part of a tile's energy that is not noise, (tiles,)."""
    energy = np.einsum("tij,tij->t", tiles, tiles, dtype=np.float64) / tiles[0].size
    return np.asarray(1 - np.minimum(noise**2 * _NOISE_ENERGY / np.maximum(energy, 1e-30), 1))


def _passed_noise() -> tuple[float, float]:
    """Variance of band-passed white noise of variance one, and of its central differences."""
    impulse = np.zeros((65, 65), np.float32)
    impulse[32, 32] = 1
    response = band_pass(impulse)
    return float((response**2).sum()), float(((response[:, 2:] - response[:, :-2]) ** 2).sum() / 4)


_NOISE_ENERGY, _NOISE_GRADIENT = _passed_noise()


def _correlate(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shift (tiles, 2) as (x, y) and correlation coefficient (tiles,) at the peak of the cross-correlation."""
    taper = np.hanning(TILE + 2)[1:-1].astype(np.float32)
    window = np.outer(taper, taper)
    spectra = []
    energy = []
    for tiles in (first, second):
        mean = np.einsum("tij,ij->t", tiles, window) / window.sum()
        tapered = (tiles - mean[:, None, None].astype(np.float32)) * window
        energy.append(np.einsum("tij,tij->t", tapered, tapered))
        spectra.append(fft.rfft2(tapered))
    cross = np.conj(spectra[0]) * spectra[1]
    surface = fft.irfft2(cross, s=(TILE, TILE))
    flat = surface.reshape(len(surface), -1).argmax(axis=1)
    place = np.stack(np.unravel_index(flat, (TILE, TILE)), axis=1).astype(np.float64)
    place[place >= TILE / 2] -= TILE
    # Around the whole-pixel peak the correlation is evaluated exactly, in two finer and finer grids.
    for step in (0.2, 0.04):
        place, peak = _refined(cross, place, step)
    coefficient = peak / np.sqrt(np.maximum(energy[0] * energy[1], 1e-30))
    return place[:, ::-1], np.asarray(coefficient, np.float64)


def _refined(cross: np.ndarray, place: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Place (tiles, 2), as (y, x), and value of the highest of 11 x 11 points ``step`` px apart about ``place``.

    A parabola through the neighbours refines the place.
    """
    offsets = np.arange(-6, 7) * step
    down = fft.fftfreq(TILE)
    across = fft.rfftfreq(TILE)
    # A half-sided spectrum counts its inner columns twice.
    twice = np.where((across == 0) | (across == 0.5), 1.0, 2.0)
    y = place[:, :1] + offsets
    x = place[:, 1:] + offsets
    rows = np.exp(2j * np.pi * y[:, :, None] * down).astype(np.complex64)
    columns = (np.exp(2j * np.pi * x[:, :, None] * across) * twice).astype(np.complex64)
    surface = (rows @ cross @ columns.transpose(0, 2, 1)).real / TILE**2
    best = surface[:, 1:-1, 1:-1].reshape(len(surface), -1).argmax(axis=1)
    i, j = (index + 1 for index in np.unravel_index(best, (11, 11)))
    tile = np.arange(len(surface))
    peak = surface[tile, i, j]
    vertical = y[tile, i] + step * _vertex(surface[tile, i - 1, j], peak, surface[tile, i + 1, j])
    horizontal = x[tile, j] + step * _vertex(surface[tile, i, j - 1], peak, surface[tile, i, j + 1])
    return np.stack([vertical, horizontal], axis=1), peak


def _vertex(before: np.ndarray, peak: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Place of a parabola's vertex from three values at -1, 0, 1; within half a step."""
    bend = np.minimum(before - 2 * peak + after, -1e-30)
    return np.clip((before - after) / (2 * bend), -0.5, 0.5)
