"""Versions of the software that a data set's bytes depend on."""

from functools import cache
from importlib.metadata import version

import rawpy

from realdof.common.machine.opencv import cv2


@cache
def software() -> dict[str, str]:
    """Names and versions; OpenCV's and LibRaw's as they say themselves, whichever package brought them."""
    names = ("ifan-bench", "numpy", "rawpy", "scikit-image", "scipy")
    libraw = ".".join(str(part) for part in rawpy.libraw_version)
    return {name: version(name) for name in names} | {"LibRaw": libraw, "OpenCV": cv2.__version__}
