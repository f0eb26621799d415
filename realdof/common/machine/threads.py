"""Set the number of threads of this process, and how they wait for one another.

OpenMP threads wait for the slowest of them by spinning. On a machine with other work, spinning takes the processor from
the thread that they wait for: IFAN took 2.6 s of CPU time instead of 1.35 s for an image of 512x512, and twice the
time (`docs/performance.md`). On an idle machine, passive waiting costs nothing measurable.
"""

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
WAITING, COUNT = "OMP_WAIT_POLICY", "OMP_NUM_THREADS"
_ours: set[str] = set()


def settle_threads() -> None:
    """Make threads wait passively and use at most the container's share of processors, unless the user chose otherwise.

    Libraries read the environment when they are loaded, so call this before the first of them is imported.
    """
    _choose(WAITING, "passive")
    if (count := cores()) < _usable():
        _choose(COUNT, str(count))


def cores() -> int:
    """Return the number of processors that this process may use, within the limit of its control group."""
    return min(_usable(), _share(CGROUP) or _usable())


def environment_of_programs() -> dict[str, str]:
    """Return the environment without our changes, for programs that are measured with their own settings."""
    return {name: value for name, value in os.environ.items() if name not in _ours}


def _choose(name: str, value: str) -> None:
    if name not in os.environ:
        os.environ[name] = value
        _ours.add(name)


def _usable() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _share(root: Path) -> int | None:
    """Return the number of processors that a control group may use, rounded up; None if it has no limit."""
    try:
        # Version 2 of control groups has one file, version 1 has two; a container sees its own group as the root.
        if (root / "cpu.max").exists():
            quota, period = (root / "cpu.max").read_text().split()
        else:
            quota, period = ((root / "cpu" / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
        return None if quota in ("max", "-1") else max(1, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):
        return None
