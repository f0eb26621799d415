"""The detail of a photograph, between its noise and its shading, by which it is aligned and the alignment is judged.

SciPy takes 0.14 s to import, so the functions of this package import it when they are called: the process
that distributes scenes to workers needs only the types of their results and starts without it.
"""

from functools import lru_cache

import numpy as np

from realdof.common.machine.opencv import cv2

# px; docs/explanation/alignment.md compares other scales (tests/performance/alignment_numbers.py).
_FINE_SCALE, _COARSE_SCALE = 0.8, 8.0
# 2.5 standard deviations: beyond it the coarse Gaussian has 1.2 % of its weight.
BAND_PASS_REACH = 20

# px: twice the coarse scale, so that correlation made by the band-pass itself does not count as repetition. Share of
# the window's own overlap below which a coefficient depends on the borders alone.
_OWN_DETAIL, _SMALLEST_OVERLAP = 16, 0.3
# At scales of 4 to 16 px demosaiced noise has 0.04 of its energy, gravel 0.25, a photograph 0.9 and more. Half and
# twice of these numbers: docs/explanation/alignment.md (tests/performance/quality_numbers.py).
_BROAD_SCALES, _NOISE_BREADTH = (4.0, 16.0), 0.1


def band_pass(grey: np.ndarray) -> np.ndarray:
    """Band-pass filter an image by a difference of Gaussians of 0.8 and 8 px: float32 (H, W).

    The filter removes vignetting and stray light, which differ between two cameras and do not move with the scene.
    """
    fine, coarse = (cv2.GaussianBlur(grey, (0, 0), scale) for scale in (_FINE_SCALE, _COARSE_SCALE))
    return np.subtract(fine, coarse, out=np.asarray(fine))


def noise_level(grey: np.ndarray) -> float:
    """Estimate the standard deviation of white noise: median of the finest diagonal Haar details (Donoho, 1995)."""
    height, width = (side // 2 * 2 for side in grey.shape)
    even, odd = grey[0:height:2, :width], grey[1:height:2, :width]
    diagonal = (even[:, ::2] - even[:, 1::2] - odd[:, ::2] + odd[:, 1::2]) / 2
    return float(np.median(np.abs(diagonal)) / 0.6745)


def is_structureless(grey: np.ndarray) -> bool:
    """Return whether a photograph, luma (H, W), has only fine detail, which means that it shows noise and no scene.

    ``noise_level`` assumes white noise; demosaicing makes noise that is not white, which must not count as texture.
    """
    broad, broader = (cv2.GaussianBlur(grey, (0, 0), scale) for scale in _BROAD_SCALES)
    inner = slice(BAND_PASS_REACH, -BAND_PASS_REACH), slice(BAND_PASS_REACH, -BAND_PASS_REACH)
    return bool((broad - broader)[inner].var() < _NOISE_BREADTH * band_pass(grey)[inner].var())


def self_similarity(photograph: np.ndarray) -> float:
    """Measure how well a photograph matches itself when shifted by more than its detail; 1 if it is periodic.

    Parameters
    ----------
    photograph
        Luma, float32 (H, W).

    Returns
    -------
    float
        Largest autocorrelation coefficient beyond a shift of 16 px, of the band-passed photograph.
    """
    from scipy import fft

    window, size, overlap, beyond = _window(*photograph.shape)
    detail = band_pass(photograph)
    spectrum = fft.rfft2((detail - detail.mean()) * window, s=size)
    correlation = fft.irfft2(np.abs(spectrum) ** 2, s=size)
    coefficients = correlation[beyond] / overlap[beyond] * (overlap[0, 0] / max(correlation[0, 0], 1e-30))
    return float(coefficients.max(initial=0))


@lru_cache(maxsize=1)
def _window(height: int, width: int) -> tuple[np.ndarray, list[int], np.ndarray, np.ndarray]:
    """Values shared by photographs of one size: window, transform size, window autocorrelation, valid shifts."""
    from scipy import fft

    window = np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)
    # Zero-padded to twice the size, so that the circular correlation does not wrap around.
    size = [fft.next_fast_len(2 * side, real=True) for side in (height, width)]
    overlap = fft.irfft2(np.abs(fft.rfft2(window, s=size)) ** 2, s=size)
    down, across = (fft.fftfreq(side, 1 / side) for side in size)
    beyond = (np.hypot(down[:, None], across) > _OWN_DETAIL) & (overlap > _SMALLEST_OVERLAP * overlap[0, 0])
    return window, size, overlap, beyond


def _passed_noise() -> tuple[float, float]:
    """Return the variance of band-passed white noise of variance one, and of its central differences."""
    impulse = np.zeros((65, 65), np.float32)
    impulse[32, 32] = 1
    response = band_pass(impulse)
    return float((response**2).sum()), float(((response[:, 2:] - response[:, :-2]) ** 2).sum() / 4)


NOISE_ENERGY, NOISE_GRADIENT = _passed_noise()
"""Variance of band-passed white noise of variance one, and of its central differences."""
