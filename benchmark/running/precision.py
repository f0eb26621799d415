"""Measure, on a small convolution, whether a device computes in a precision natively or emulates it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from benchmark.method import Precision

SLOWER = 1.3
"""Slowdown against float32 from which a precision counts as emulated; measurements vary by less."""
_CHANNELS, _SIDE, _REPEATS = 48, 128, 3
"""Channels, side in px and number of timings of the convolution; networks here have convolutions of this width."""


def warning_of(device: str, precision: Precision) -> str | None:
    """Return a warning in one sentence if a precision is slower than float32 on a device; None otherwise.

    Processors without instructions for a type emulate it, which may take ten times as long. The slowdown is measured on
    one convolution.
    """
    if precision == "float32":
        return None
    slow, fast = (seconds_of_convolution(device, one) for one in (precision, "float32"))
    if slow < SLOWER * fast:
        return None
    what = "processor" if device == "cpu" else "device"
    return (
        f"this {what} emulates {precision}: a small convolution takes {slow / fast:.1f} times as long as in float32 "
        f"({1e3 * slow:.1f} ms, not {1e3 * fast:.1f} ms); --precision float32 is faster here"
    )


def seconds_of_convolution(device: str, precision: str) -> float:
    """Time one convolution: 48 channels, 3x3 taps, 128x128 px; the shortest of three times after one warm-up."""
    import torch
    from torch.nn import functional

    dtype: torch.dtype = getattr(torch, precision)
    image = torch.ones(1, _CHANNELS, _SIDE, _SIDE, device=device, dtype=dtype).to(memory_format=torch.channels_last)
    weight = torch.ones(_CHANNELS, _CHANNELS, 3, 3, device=device, dtype=dtype)
    times = []
    with torch.inference_mode():
        for _ in range(1 + _REPEATS):
            begun = time.perf_counter()
            functional.conv2d(image, weight, padding=1)
            if torch.device(device).type != "cpu":
                torch.accelerator.synchronize(device)
            times.append(time.perf_counter() - begun)
    return min(times[1:])
