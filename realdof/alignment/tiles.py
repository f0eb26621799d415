"""Measure the displacement between two aligned photographs in each tile; every alignment is judged by it.

The method is cross-correlation in the Fourier domain, with the peak found to a hundredth of a pixel. It uses neither
the start nor the linearisation of the alignment by ECC, so it is an independent check.
"""

from dataclasses import dataclass

import numpy as np

from realdof.alignment.detail import NOISE_ENERGY, NOISE_GRADIENT, band_pass, noise_level
from realdof.geometry.grid import Grid
from realdof.geometry.peak import vertex

TILE = 64
"""Side of a tile in px."""

# With fewer tiles than this, tiles overlap by half: their window makes neighbours nearly independent (Welch, IEEE
# Trans. Audio Electroacoust. 15 (2), 1967), and the corners of a small frame are known three times as exactly.
_MANY_TILES = 200

# Thresholds that select the tiles. docs/explanation/alignment.md has the effect of halving and doubling each
# (tests/performance/alignment_numbers.py). A shift of 0.1 px costs a pair 0.5 to 5 dB, depending on its noise.
_LARGEST_STANDARD_ERROR = 0.1
_SMALLEST_EXPECTED_PEAK = 0.6
_SMALLEST_SHARE_OF_PEAK = 0.6


@dataclass(frozen=True)
class TileShifts:
    """The displacement of the moving photograph relative to the reference on a grid of tiles.

    Attributes
    ----------
    centres
        float64 (rows, columns, 2), px, as (x, y).
    shifts
        float64 (rows, columns, 2), px: the point p of the reference is at p + shift in the moving photograph.
    standard_error
        float64 (rows, columns), px: smallest standard error possible with the reference's contrast and the photographs'
        noise, in the direction of least contrast.
    peak
        float64 (rows, columns): correlation coefficient of the tile at its best shift.
    expected_peak
        float64 (rows, columns): the coefficient to expect if the tiles differed by the photographs' noise alone.
    sure_error, sure_peak
        Like ``standard_error`` and ``expected_peak``, but cautious enough to draw conclusions from a single tile: they
        are weighted towards the middle of the tile, as the correlation is, and use the tile's own noise where that is
        larger, as in the shadows.
    within
        bool (rows, columns): the whole tile has content in both photographs.
    gradients, moving_gradients
        float64 (rows, columns, 3): sums of the gradient products xx, xy and yy in the reference and in the moving
        photograph, less those of the noise.
    """

    centres: np.ndarray
    shifts: np.ndarray
    standard_error: np.ndarray
    peak: np.ndarray
    expected_peak: np.ndarray
    sure_error: np.ndarray
    sure_peak: np.ndarray
    within: np.ndarray
    gradients: np.ndarray
    moving_gradients: np.ndarray

    @property
    def located(self) -> np.ndarray:
        """bool (rows, columns): the reference has enough contrast in all directions in the tile."""
        return np.asarray(self.standard_error <= _LARGEST_STANDARD_ERROR)

    @property
    def textured(self) -> np.ndarray:
        """bool (rows, columns): both photographs have content in the tile, and enough of it above the noise."""
        return np.asarray(self.within & self.located & (self.expected_peak >= _SMALLEST_EXPECTED_PEAK))

    @property
    def matched(self) -> np.ndarray:
        """bool (rows, columns): the tile has texture that matches in both photographs."""
        return np.asarray(self.textured & (self.peak >= _SMALLEST_SHARE_OF_PEAK * self.expected_peak))


def tile_shifts(reference: np.ndarray, moving: np.ndarray, *, valid: np.ndarray | None = None) -> TileShifts:
    """Measure the displacement on every tile.

    Parameters
    ----------
    reference, moving
        Luma of the aligned photographs, float32 (H, W), at least one tile large.
    valid
        bool (H, W): where the moving photograph has content; a tile with any pixel outside counts as having
        no texture. The default is everywhere.
    """
    grid = Grid.of(reference)
    # Tiles are spread evenly over the whole height and width.
    tops, lefts = (np.round(np.linspace(0, side - TILE, count)).astype(int) for side, count in _counts(grid))
    rows, columns = len(tops), len(lefts)
    first, second = (_tiles(band_pass(grey), tops, lefts) for grey in (reference, moving))
    noise, other_noise = noise_level(reference), noise_level(moving)
    energy, other_energy = _gradient_energy(first), _gradient_energy(second)
    error = _standard_error(energy, np.hypot(noise, other_noise))
    expected_peak = np.sqrt(_signal_share(first, noise) * _signal_share(second, other_noise))
    weight = _window() / np.sqrt(np.mean(_window() ** 2))
    middle, other_middle = first * weight, second * weight
    own, other_own = (
        np.maximum(level, _noise_of_tiles(_tiles(grey, tops, lefts)))
        for level, grey in ((noise, reference), (other_noise, moving))
    )
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
        sure_error=_standard_error(_gradient_energy(first, weight), np.hypot(own, other_own)).reshape(shape),
        sure_peak=np.sqrt(_signal_share(middle, own) * _signal_share(other_middle, other_own)).reshape(shape),
        within=within.reshape(shape),
        gradients=(energy - _noise_energy(noise)).reshape(*shape, 3),
        moving_gradients=(other_energy - _noise_energy(other_noise)).reshape(*shape, 3),
    )


def _counts(grid: Grid) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the height and its number of tiles, then the width and its number of tiles."""
    height, width = grid.height // TILE, grid.width // TILE
    if height * width < _MANY_TILES:
        height, width = 2 * height - 1, 2 * width - 1
    return (grid.height, height), (grid.width, width)


def _tiles(image: np.ndarray, tops: np.ndarray, lefts: np.ndarray) -> np.ndarray:
    """Cut an image into tiles, (rows * columns, TILE, TILE)."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (TILE, TILE))
    return windows[np.ix_(tops, lefts)].reshape(-1, TILE, TILE)


def _gradient_energy(tiles: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Return the sums of the gradient products xx, xy and yy, (tiles, 3), weighted by the square of ``weight``."""
    horizontal = (tiles[:, 1:-1, 2:] - tiles[:, 1:-1, :-2]) / 2
    vertical = (tiles[:, 2:, 1:-1] - tiles[:, :-2, 1:-1]) / 2
    if weight is not None:
        horizontal, vertical = horizontal * weight[1:-1, 1:-1], vertical * weight[1:-1, 1:-1]
    pairs = ((horizontal, horizontal), (horizontal, vertical), (vertical, vertical))
    return np.stack([np.einsum("tij,tij->t", first, second) for first, second in pairs], axis=1)


def _noise_energy(noise: float) -> np.ndarray:
    """Return what the noise of one photograph adds to the sums xx, xy and yy."""
    return np.array([1, 0, 1]) * (noise**2 * NOISE_GRADIENT * TILE**2)


def _noise_of_tiles(tiles: np.ndarray) -> np.ndarray:
    """Return an upper bound of the noise in each tile, (tiles,): the RMS of its finest diagonal details."""
    even, odd = tiles[:, ::2], tiles[:, 1::2]
    diagonal = (even[..., ::2] - even[..., 1::2] - odd[..., ::2] + odd[..., 1::2]) / 2
    return np.asarray(np.sqrt(np.mean(diagonal**2, axis=(1, 2))))


def _standard_error(energy: np.ndarray, noise: float | np.ndarray) -> np.ndarray:
    """Return the Cramér-Rao bound on a tile's shift in its worst direction, (tiles,), px; ``noise`` is that of both."""
    xx, xy, yy = energy.T
    weakest = (xx + yy) / 2 - np.hypot((xx - yy) / 2, xy)
    # The reference's own noise has gradients too, which do not help to locate the tile.
    own = noise**2 / 2 * NOISE_GRADIENT * TILE**2
    return np.asarray(noise / np.sqrt(np.maximum(weakest - own, 1e-30)), np.float64)


def _signal_share(tiles: np.ndarray, noise: float | np.ndarray) -> np.ndarray:
    """Return the share of a tile's energy that is not noise, (tiles,)."""
    energy = np.einsum("tij,tij->t", tiles, tiles, dtype=np.float64) / tiles[0].size
    return np.asarray(1 - np.minimum(noise**2 * NOISE_ENERGY / np.maximum(energy, 1e-30), 1))


def _window() -> np.ndarray:
    """Return the Hann window of a tile, float32."""
    taper = np.hanning(TILE + 2)[1:-1].astype(np.float32)
    return np.outer(taper, taper)


def _correlate(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the shift, (tiles, 2) as (x, y), and the coefficient, (tiles,), at the peak of the cross-correlation."""
    from scipy import fft

    window = _window()
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
    # Around the whole-pixel peak the correlation is evaluated exactly on two grids: 11 points 0.2 px apart reach the
    # neighbouring pixels, 11 points 0.04 px apart reach the neighbouring points of the first grid.
    for step in (0.2, 0.04):
        place, peak = _refined(cross, place, step)
    coefficient = peak / np.sqrt(np.maximum(energy[0] * energy[1], 1e-30))
    return place[:, ::-1], np.asarray(coefficient, np.float64)


def _refined(cross: np.ndarray, place: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Find the highest of 11 x 11 points ``step`` px apart about ``place``: its place (tiles, 2), as (y, x), and value.

    A parabola through the neighbours refines the place.
    """
    offsets = np.arange(-6, 7) * step
    down = np.fft.fftfreq(TILE)
    across = np.fft.rfftfreq(TILE)
    # The half spectrum stands for both halves: its inner columns count twice.
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
    vertical = y[tile, i] + step * vertex(surface[tile, i - 1, j], peak, surface[tile, i + 1, j])
    horizontal = x[tile, j] + step * vertex(surface[tile, i, j - 1], peak, surface[tile, i, j + 1])
    return np.stack([vertical, horizontal], axis=1), peak
