"""How many threads this process may use, and how they wait for one another.

Threads of OpenMP wait for the slowest of them by spinning. On a machine that does other work beside, that takes the
processor from the very thread they wait for: an image of 512x512 took IFAN 2.6 s of the CPU instead of 1.35, and twice
the time (`docs/performance.md`). Waiting passively costs nothing measurable where nothing else runs.
"""

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
WAITING, COUNT = "OMP_WAIT_POLICY", "OMP_NUM_THREADS"
_ours: set[str] = set()


def settle_threads() -> None:
    """Let threads wait passively, and use at most a container's share of processors, unless the user chose otherwise.

    Libraries look at the environment when they are loaded, so this comes before the first of them.
    """
    _choose(WAITING, "passive")
    if (count := cores()) < _usable():
        _choose(COUNT, str(count))


def cores() -> int:
    """Processors that this process may keep busy: those it may run on, within what its control group may use."""
    return min(_usable(), _share(CGROUP) or _usable())


def environment_of_programs() -> dict[str, str]:
    """The environment as the user left it, for programs that are measured with settings of their own."""
    return {name: value for name, value in os.environ.items() if name not in _ours}


def _choose(name: str, value: str) -> None:
    if name not in os.environ:
        os.environ[name] = value
        _ours.add(name)


def _usable() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _share(root: Path) -> int | None:
    """Processors that a control group may use, rounded up; None where it has no limit."""
    try:
        # Version 2 has one file, version 1 two; a container sees its own group as the root.
        if (root / "cpu.max").exists():
            quota, period = (root / "cpu.max").read_text().split()
        else:
            quota, period = ((root / "cpu" / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
        return None if quota in ("max", "-1") else max(1, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):
        return None
