"""Locate a maximum between samples."""

import numpy as np


def vertex(before: np.ndarray, peak: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the vertex of the parabola through three values at -1, 0 and 1, limited to half a step from 0.

    Parameters
    ----------
    before, peak, after
        Floating point, of one shape; ``peak`` is the largest. For a minimum, give the negative values.
    """
    bend = np.minimum(before - 2 * peak + after, -1e-30)
    return np.clip((before - after) / (2 * bend), -0.5, 0.5)
