"""Import OpenCV; all modules import it from here, so that a missing system library always gives one sentence."""

import re

from realdof.common.errors import InputError

# The loader's message about a missing shared library is "libGL.so.1: cannot open shared object file".
_MISSING_LIBRARY = re.compile(r"\blib[\w.+-]*\.so[\w.]*")

try:
    import cv2
except ImportError as error:
    library = _MISSING_LIBRARY.search(str(error))
    if library is None:
        raise
    raise InputError(
        f"OpenCV cannot start because {library[0]} is missing; "
        "install its system libraries: apt-get install libgl1 libglib2.0-0"
    ) from error

if not hasattr(cv2, "imread"):
    # opencv-python and opencv-python-headless share one folder: uninstalling one removes files of the other.
    raise InputError(
        "OpenCV is incomplete, as it is after opencv-python-headless was uninstalled beside it; "
        "install it again: pip install --force-reinstall --no-deps opencv-python"
    )

__all__ = ["cv2"]
