"""Which GPU a worker takes: each process on a machine has a seat of its own, and the k-th takes GPU k mod n.

A seat is a socket that is bound to a name without a file (Linux, unix(7)): the kernel gives it back when the process
ends, however it ends, so that one that replaces it takes its GPU.
"""

import errno
import socket

import torch

_taken: dict[str, tuple[int, socket.socket]] = {}


def device_of_worker(device: str) -> str:
    """``cuda`` becomes this worker's own of several GPUs; every other device stays as it is named."""
    count = torch.cuda.device_count() if device == "cuda" else 0
    return f"cuda:{seat('gpu') % count}" if count > 1 else device


def seat(kind: str) -> int:
    """Take the lowest number that no other process on this machine holds, and hold it until this process ends."""
    if kind not in _taken:
        number = 0
        while (bound := _bound(f"\0ifan-bench/{kind}/{number}")) is None:
            number += 1
        _taken[kind] = number, bound
    return _taken[kind][0]


def _bound(name: str) -> socket.socket | None:
    found = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        found.bind(name)
    except OSError as error:
        found.close()
        if error.errno != errno.EADDRINUSE:
            raise
        return None
    return found
