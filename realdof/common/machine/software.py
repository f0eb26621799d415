"""Versions of the libraries that a data set's bytes depend on."""

from functools import cache
from importlib.metadata import version

import rawpy

from realdof.common.machine.opencv import cv2


@cache
def software() -> dict[str, str]:
    """Return the versions by name; OpenCV and LibRaw report their own, whichever package installed them."""
    names = ("ifan-bench", "numpy", "rawpy", "scikit-image", "scipy")
    libraw = ".".join(str(part) for part in rawpy.libraw_version)
    return {name: version(name) for name in names} | {"LibRaw": libraw, "OpenCV": cv2.__version__}
