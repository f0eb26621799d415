"""The identity of this process, by which another process, even on another machine, can tell whether it is alive."""

import os
import platform
import secrets
import uuid
from datetime import UTC, datetime
from pathlib import Path

import psutil
from pydantic import Field

from realdof.common.decode import Strict

# Tolerance of a process's start time, which is counted in ticks of 10 ms; no process number is reused this quickly.
_SAME_START_SECONDS = 0.5


class Owner(Strict):
    """The process that a claim belongs to.

    Attributes
    ----------
    host
        Name of the machine, for people.
    machine
        Identity of the machine: its name, its boot and the space of process numbers (container).
    process, started
        Number of the process, and its start in seconds after the machine's boot.
    since
        Time of the claim, UTC.
    token
        Random digits, different for every claim.
    """

    host: str
    machine: str
    process: int
    started: float
    since: str
    token: str = Field(pattern=r"^[0-9a-f]{16}$")


def is_alive(owner: Owner) -> bool:
    """Return whether a process of this machine still runs; a later process with the same number does not count."""
    try:
        process = psutil.Process(owner.process)
        started = _start(process)
        return abs(started - owner.started) < _SAME_START_SECONDS and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _start(process: psutil.Process) -> float:
    """Return the seconds from the machine's boot to the process's start, independent of clock changes."""
    booted = psutil.boot_time()
    return process.create_time() - booted


def this_process() -> Owner:
    """Describe this process as an owner, with a new token each time."""
    return Owner(
        host=platform.node() or "an unnamed host",
        machine=this_machine(),
        process=os.getpid(),
        started=_start(psutil.Process()),
        since=datetime.now(UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00") + " UTC",
        token=secrets.token_hex(8),
    )


def this_machine() -> str:
    """Return the identity of this machine, its boot and this container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        processes = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        boot, processes = f"{uuid.getnode():x}", ""
    return f"{platform.node()} {boot} {processes}"
