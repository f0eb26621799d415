"""Whether LPIPS measures what it should, on a pair that is made here: weights may be missing without an error."""

import numpy as np

from benchmark.metrics.base import Metric
from realdof.common.errors import InputError

EXPECTED = 1.0142
"""LPIPS of the pair below, AlexNet, version 0.1."""
TOLERANCE = 1e-3
_SIDE = 64


def check_lpips(metric: Metric) -> None:
    """Measure a known pair before a run.

    Raises
    ------
    InputError
        The value is another: the weights have not been loaded, or are others.
    """
    import torch

    rows, columns = np.mgrid[:_SIDE, :_SIDE].astype(np.float32) / _SIDE
    stripes = (0.8 * (np.sin(40 * rows) > 0), 0.6 * (np.sin(25 * columns) > 0), rows * columns)
    sharp = np.stack(stripes).astype(np.float32)
    flat = np.full_like(sharp, 0.4)
    found = float(metric(output=torch.from_numpy(flat), target=torch.from_numpy(sharp)))
    if not abs(found - EXPECTED) <= TOLERANCE:
        raise InputError(
            f"LPIPS gives {found:.4f} for a pair whose value is {EXPECTED:.4f}: its weights have not been loaded; "
            "install ifan-bench again, or leave LPIPS out with --metrics psnr,ssim,mae"
        )
