"""Load modules quickly: without looking for garbage among what they are just making."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading(*, first: bool = False) -> Iterator[None]:
    """Collect no garbage during a ``with`` block that imports modules.

    In a command's own process, what the modules made is also left out of every later search, which frees none of it.

    Parameters
    ----------
    first
        Whether these are the first modules of a command's own process.
    """
    enabled, own = gc.isenabled(), first or gc.get_freeze_count() > 0
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if own:
                gc.freeze()
            gc.enable()
