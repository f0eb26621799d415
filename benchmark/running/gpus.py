"""Assign a GPU to each worker: each process on a machine takes its own seat number k, and uses GPU k mod n.

A seat is a socket bound to an abstract name, without a file (Linux, unix(7)). The kernel frees it when the process
ends, even if it is killed, so that its replacement takes the same GPU.
"""

import errno
import socket

import torch

_taken: dict[str, tuple[int, socket.socket]] = {}


def device_of_worker(device: str) -> str:
    """Replace ``cuda`` by this worker's GPU if there are several; return other devices unchanged."""
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
