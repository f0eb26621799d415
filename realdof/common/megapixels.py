"""The largest image that is read, in megapixels: one limit for all formats and commands."""

import math
import os

from realdof.common.errors import InputError

MEGAPIXELS = "IFAN_BENCH_MEGAPIXELS"
"""Environment variable that raises the limit; the option ``--megapixels`` sets it, for worker processes too."""
MOST_MEGAPIXELS = 200.0
"""Default limit: such an image needs 1.2 GB with 16 bits, and a copy while it is read."""


def most_megapixels() -> float:
    """Return the current limit.

    Raises
    ------
    InputError
        The environment variable is not a positive number.
    """
    chosen = os.environ.get(MEGAPIXELS)
    try:
        limit = MOST_MEGAPIXELS if not chosen else float(chosen)
    except ValueError:
        limit = math.nan
    if not limit > 0:
        raise InputError(f"--megapixels or {MEGAPIXELS} is {chosen!r}; give a positive number")
    return limit
