"""The environment of a run: versions, processor, device, command line."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from benchmark.results.description import Environment
from realdof.common.errors import InputError

if TYPE_CHECKING:
    import torch

PACKAGES = ("ifan-bench", "torch", "numpy", "opencv-python", "scikit-image", "lpips", "kornia", "pyiqa")


def describe(device: torch.device) -> Environment:
    """Describe versions, hardware and command line of this process, as recorded in ``run.json``."""
    import torch

    return Environment(
        python=platform.python_version(),
        packages=package_versions(),
        system=f"{platform.system()} {platform.machine()}",
        processor=processor_name(),
        threads=torch.get_num_threads(),
        device=device_name(device),
        command=[os.path.basename(sys.argv[0]), *sys.argv[1:]],  # noqa: PTH119
    )


def best_device() -> str:
    """Return the device that ``auto`` stands for: a GPU if torch can use one, else the processor."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def usable_device(word: str) -> str:
    """Return the torch device of a name; ``auto`` is `best_device`.

    Raises
    ------
    InputError
        Torch does not know the device, or cannot use it.
    """
    device = best_device() if word == "auto" else word
    check_device(device)
    return device


_LONGEST_REASON = 200


def check_device(device: str) -> None:
    """Refuse a device that torch does not know or cannot use.

    Raises
    ------
    InputError
        Torch does not know the device, or cannot use it.
    """
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        # If this build lacks a kind of device, torch's message lists every kind that it knows.
        reason = str(error).strip().splitlines()[0].partition(". ")[0][:_LONGEST_REASON]
        raise InputError(f"device {device} cannot be used here: {reason}") from error


def device_name(device: torch.device) -> str:
    """Return the GPU's name, or the processor's with the number of threads."""
    import torch

    if device.type == "cuda":
        # A cluster's workers may have devices that the machine of the scheduler's client lacks.
        if not torch.cuda.is_available():
            return "a GPU of another machine"
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{processor_name()}, {threads} thread{'s' if threads > 1 else ''}"


def package_versions() -> dict[str, str | None]:
    """Return the versions of the libraries that figures depend on; None for one that is not installed."""
    return {name: _version(name) for name in PACKAGES}


@cache
def processor_name() -> str:
    """Return the processor's model as the system names it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
