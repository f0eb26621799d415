"""The largest image that is read, in megapixels: one limit for every format and every command."""

import math
import os

from realdof.common.errors import InputError

MEGAPIXELS = "IFAN_BENCH_MEGAPIXELS"
"""Environment variable that raises the limit; the option ``--megapixels`` sets it, for worker processes too."""
MOST_MEGAPIXELS = 200.0
"""An image of so many needs 1.2 GB with 16 bits, and a copy while it is read."""


def most_megapixels() -> float:
    """The limit in force.

    Raises
    ------
    InputError
        The environment variable holds no positive number.
    """
    chosen = os.environ.get(MEGAPIXELS)
    try:
        limit = MOST_MEGAPIXELS if not chosen else float(chosen)
    except ValueError:
        limit = math.nan
    if not limit > 0:
        raise InputError(f"--megapixels or {MEGAPIXELS} is {chosen!r}; give a positive number")
    return limit
