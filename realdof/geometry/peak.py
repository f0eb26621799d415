"""The place of a maximum between samples."""

import numpy as np


def vertex(before: np.ndarray, peak: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Place of the vertex of a parabola from three values at -1, 0 and 1, within half a step of 0.

    Parameters
    ----------
    before, peak, after
        Floating point, of one shape; ``peak`` is the largest. For a minimum, give the negative values.
    """
    bend = np.minimum(before - 2 * peak + after, -1e-30)
    return np.clip((before - after) / (2 * bend), -0.5, 0.5)
