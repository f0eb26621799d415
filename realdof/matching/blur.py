"""Measure the blur of a target pair's defocused image relative to the all-in-focus image in each block."""

from dataclasses import dataclass

import numpy as np

from realdof.alignment.detail import noise_level
from realdof.common.machine.opencv import cv2
from realdof.geometry.grid import Grid
from realdof.geometry.peak import vertex
from realdof.images.colour import luma
from realdof.images.resize import area_resize

BLOCK = 32
"""Side of a block in px."""

# Gaussian sigmas tried, in px of the half-size grid on which blur is measured.
_SIGMAS = np.concatenate([[0.0], 0.35 * np.sqrt(2) ** np.arange(13)])
# The blur of a block is known only if wrong sigmas fit clearly worse than noise explains.
_SMALLEST_CONTRAST = 1.0


@dataclass(frozen=True)
class BlurMap:
    """Blur of the defocused image on a grid of blocks.

    Attributes
    ----------
    sigma
        float64 (rows, columns), px: standard deviation of the Gaussian that turns the all-in-focus image into the
        defocused one; NaN where the scene has no texture. A disc of radius r blurs about as much as sigma = r / 2.
    """

    sigma: np.ndarray

    def percentile(self, share: float) -> float | None:
        """Return the percentile ``share`` (0 to 100) of sigma over blocks with texture, px; ``None`` without any."""
        known = self.sigma[np.isfinite(self.sigma)]
        return float(np.percentile(known, share)) if known.size else None


def blur_map(defocused: np.ndarray, all_in_focus: np.ndarray) -> BlurMap:
    """Find, for each block, the Gaussian blur of the all-in-focus image that fits the defocused image best.

    Parameters
    ----------
    defocused, all_in_focus
        float32 (H, W, 3), sRGB-encoded, aligned. Their exposures need not match.
    """
    grid = Grid.of(defocused)
    half = Grid(grid.height // 2, grid.width // 2)
    blurred, sharp = (area_resize(luma(image), half.height, half.width) for image in (defocused, all_in_focus))
    # Blur preserves the mean, so the ratio of the means is that of the exposures.
    sharp *= np.float32(blurred.mean() / max(float(sharp.mean()), 1e-6))
    noise, sharp_noise = noise_level(blurred), noise_level(sharp)
    rows, columns = max(1, grid.height // BLOCK), max(1, grid.width // BLOCK)
    misfits = []
    for sigma in _SIGMAS:
        difference = _blurred(sharp, sigma) - blurred
        # A difference of the local means is due to exposure or stray light, not blur.
        mean = area_resize(difference, rows, columns)
        misfit = area_resize(difference * difference, rows, columns) - mean * mean
        passed = 1.0 if sigma == 0 else min(1.0, 1 / (4 * np.pi * sigma**2))
        misfits.append(misfit - noise**2 - passed * sharp_noise**2)
    # Without noise, the rounding of 8-bit files remains.
    return BlurMap(_lowest(np.stack(misfits).astype(np.float64), noise**2 + sharp_noise**2 + 1e-6))


def blurred_like(image: np.ndarray, blur: BlurMap, *, scale: float = 0.5) -> np.ndarray:
    """Blur an all-in-focus image like the defocused one, with the Gaussians of the blur map.

    Parameters
    ----------
    image
        float32 (H, W, C), linear light, of ``scale`` times the size that the map was made for: half of it by default.
    """
    height, width = image.shape[:2]
    sigma = cv2.resize(_filled(blur.sigma) / 2, (width, height), interpolation=cv2.INTER_LINEAR)
    place = np.interp(sigma, _SIGMAS, np.arange(len(_SIGMAS))).astype(np.float32)
    result = np.zeros_like(image)
    for index, step in enumerate(_SIGMAS):
        share = np.maximum(0, 1 - np.abs(place - np.float32(index)))
        if share.any():
            result += _blurred(image, 2 * scale * step).reshape(image.shape) * share[..., None]
    return result


def _blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma) if sigma > 0 else image)


def _lowest(surface: np.ndarray, floor: float) -> np.ndarray:
    """Return the sigma of the lowest misfit of each block, full-size px; (trials, rows, columns) to (rows, columns)."""
    trials = len(_SIGMAS)
    best = surface.argmin(axis=0)
    inner = np.clip(best, 1, trials - 2)
    before, at, after = (np.take_along_axis(surface, (inner + step)[None], axis=0)[0] for step in (-1, 0, 1))
    place = np.where(best == inner, inner + vertex(-before, -at, -after), best)
    sigma = 2 * np.interp(place, np.arange(trials), _SIGMAS)
    contrast = surface.max(axis=0) - surface.min(axis=0)
    return np.where(contrast > _SMALLEST_CONTRAST * floor, sigma, np.nan)


def _filled(sigma: np.ndarray) -> np.ndarray:
    """Fill blocks without texture with the blur of their surroundings; return zeros if no block has texture."""
    known = np.isfinite(sigma)
    if not known.any():
        return np.zeros(sigma.shape, np.float32)
    value, weight = np.where(known, sigma, 0), known.astype(np.float64)
    result = np.where(known, sigma, np.nan)
    reach = 1.0
    while np.isnan(result).any():
        near = cv2.GaussianBlur(weight, (0, 0), reach)
        mean = cv2.GaussianBlur(value, (0, 0), reach) / np.maximum(near, 1e-9)
        result = np.where(np.isnan(result) & (near > 1e-3), mean, result)
        reach *= 2
    return result.astype(np.float32)
