"""A simulated Sony A7R IV sensor that turns linear light into the Bayer mosaic of a raw file.

It uses LibRaw's colour matrix of that camera, so that development returns the original light. The noise
is that of a real raw: the noise profile of a DNG from an A7R IV at ISO 100 has a variance of
2.6e-5 x + 9.0e-9 at a signal x of the full range: 38,000 electrons and a read noise of 3.6 electrons.
"""

import numpy as np

from realdof.images.colour import camera_from_srgb
from realdof.raw.cameras import A7R_IV

FULL_WELL = 38_000.0
"""Number of electrons that fills the 14-bit range at ISO 100."""

# From ISO 320 on, the sensor amplifies before readout; the lower read noise is typical for such sensors.
_READ_NOISE = ((320.0, 3.6), (np.inf, 1.6))

_CHANNEL_SITES = {0: [(0, 0)], 1: [(0, 1), (1, 0)], 2: [(1, 1)]}
"""Rows and columns of red, green and blue in each 2x2 block."""


def read_noise(iso: float) -> float:
    """Return the standard deviation of a pixel in the dark, electrons."""
    return next(noise for limit, noise in _READ_NOISE if iso < limit)


def signal(light: np.ndarray, exposure: np.ndarray | float, white_balance: np.ndarray) -> np.ndarray:
    """Return the light on each pixel behind its colour filter.

    Parameters
    ----------
    light
        float32 (H, W, 3), linear sRGB; even sides.
    exposure
        (H, W) or one number: share of the full range that light of 1 gives in green.
    white_balance
        (3,), the multipliers that make grey light grey; red and blue pixels get less light by these factors.

    Returns
    -------
    ndarray
        float32 (H, W), shares of the full range, RGGB; not clipped.
    """
    filters = (camera_from_srgb(A7R_IV.camera_from_xyz) / white_balance[:, None]).astype(np.float32)
    mosaic = np.empty(light.shape[:2], np.float32)
    for channel, sites in _CHANNEL_SITES.items():
        for row, column in sites:
            mosaic[row::2, column::2] = light[row::2, column::2] @ filters[channel]
    mosaic *= exposure
    return mosaic


def read_out(mosaic: np.ndarray, iso: float | None, random: np.random.Generator) -> np.ndarray:
    """Add shot and read noise, and turn shares of the full range into 14-bit levels.

    Parameters
    ----------
    mosaic
        float32 (H, W), shares of the full range.
    iso
        ISO sensitivity for the noise; None for no noise.

    Returns
    -------
    ndarray
        uint16 (H, W), from 0 over the camera's black to its white.
    """
    levels = mosaic * np.float32(A7R_IV.white - A7R_IV.black)
    if iso is not None:
        per_electron = (A7R_IV.white - A7R_IV.black) * (iso / 100) / FULL_WELL
        # Where the Poisson noise of photons exceeds the read noise, it is nearly normal.
        variance = np.maximum(levels, 0) * np.float32(per_electron)
        variance += np.float32((read_noise(iso) * per_electron) ** 2)
        levels += np.sqrt(variance) * random.standard_normal(mosaic.shape, np.float32)
    return np.clip(np.rint(levels + A7R_IV.black), 0, A7R_IV.white).astype(np.uint16)
