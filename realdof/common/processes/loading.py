"""Load modules without garbage collection, which would look again and again at what they are just making."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading(*, first: bool = False) -> Iterator[None]:
    """Turn garbage collection off during a ``with`` block that imports modules.

    In a command's own process, later collections also leave out what the modules made (``gc.freeze``), because it is
    needed to the end.

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
