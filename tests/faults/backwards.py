"""A clock that jumps back an hour at each look."""

import time
from itertools import count


def prepare() -> None:
    """Let it jump in this process."""
    real, looks = time.time, count()
    time.time = lambda: real() - 3600 * next(looks)
