"""Keep glibc's allocator from returning big blocks to the kernel and faulting them in again.

Results stay identical to the bit and come up to twice as fast on two cores (`docs/performance.md`).
"""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Parameter numbers of mallopt(3)."""


def keep_blocks() -> bool:
    """Let this process keep freed memory for its next arrays.

    Returns
    -------
    bool
        False if nothing was changed: the C library is not glibc, or this is a worker of a Dask cluster, which others
        also use and in which the setting cannot be undone.
    """
    if not sys.platform.startswith("linux") or _is_shared_worker():
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(M_MMAP_MAX, 0)) and bool(mallopt(M_TRIM_THRESHOLD, 2**31 - 1))


def _is_shared_worker() -> bool:
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return False
    try:
        distributed.get_worker()
    except ValueError:
        return False
    return True
