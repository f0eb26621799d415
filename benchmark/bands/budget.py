"""The memory that an image may take, and the largest bands that fit into it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from realdof.common.errors import InputError

if TYPE_CHECKING:
    import torch

    from benchmark.bands.graph import Graph, Plan

SHARE = 0.8
"""Share of the free memory that an image may take: estimates are not exact, and other programs need some."""
RESERVE = 1.25
"""Factor from a plan's bytes to the allocator's: blocks of many sizes leave gaps."""
LARGEST = 640_000
"""Largest number of pixels in a band: larger bands take more memory and are no faster."""
CGROUP = Path("/sys/fs/cgroup")
UNITS = {"": 1e9, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


def bytes_of(text: str) -> int:
    """Parse an amount of memory such as ``4G``, ``800M`` or ``2.5`` (GB) into bytes.

    Raises
    ------
    InputError
        The text is not an amount of memory.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)B?\s*", text.upper())
    if found is None or float(found[1]) == 0:
        raise InputError(f"{text!r} is no amount of memory; give for example 4G or 800M")
    return int(float(found[1]) * UNITS[found[2]])


def plan_within(graph: Graph, available: int | None) -> Plan:
    """Plan the largest bands that fit into ``available`` bytes; None for no limit.

    Raises
    ------
    InputError
        Not even the smallest bands fit.
    """
    band = graph.multiple
    while 2 * band * graph.last.width <= LARGEST and band < graph.last.height:
        band *= 2
    while True:
        plan = graph.plan(band)
        if available is None or plan.bytes * RESERVE <= available:
            return plan
        if band == graph.multiple:
            raise InputError(
                f"an image of {graph.last.width}x{graph.last.height} px takes {plan.bytes * RESERVE / 1e6:.0f} MB even "
                f"in bands of {band} rows, and {available / 1e6:.0f} MB may be used; free some memory, or allow more"
            )
        band = band // 2


def described(plan: Plan) -> str:
    """Describe a plan in one line: its bands and its memory."""
    return f"{plan.count} bands of {plan.band} rows, {plan.bytes * RESERVE / 1e9:.2f} GB planned"


def available_bytes(device: torch.device) -> int | None:
    """Return the bytes that may be allocated on a device, a safe share of its free memory; None if unknown."""
    if device.type == "cuda":
        import torch

        return int(SHARE * torch.cuda.mem_get_info(device)[0])
    if not sys.platform.startswith("linux"):
        return None
    line = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable:"))
    free = int(line.split()[1]) * 1024
    limit = _container_bytes()
    return int(SHARE * (free if limit is None else min(free, limit)))


def _container_bytes() -> int | None:
    """Return the bytes left of a container's memory limit (control groups, version 2); None without a limit."""
    try:
        limit = (CGROUP / "memory.max").read_text().strip()
        used = int((CGROUP / "memory.current").read_text())
        return None if limit == "max" else max(0, int(limit) - used)
    except (OSError, ValueError):
        return None
