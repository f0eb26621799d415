"""Developing one photograph to look at or to work with: cropped, upright, in sRGB."""

from pathlib import Path

import numpy as np

from realdof.images.files import read_pixels
from realdof.raw.develop import develop_cropped

_IMAGES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff"})


def develop(path: Path | str) -> np.ndarray:
    """Develop a raw file under its camera's white balance, or read a TIFF or PNG that is developed already.

    Parameters
    ----------
    path
        A raw file that LibRaw reads, or a TIFF or PNG in sRGB.

    Returns
    -------
    ndarray
        uint16 (H, W, 3), RGB, sRGB-encoded, cropped as the file says (an A7R IV's to the paper's 9504x6344), upright.

    Raises
    ------
    InputError
        The file is missing, damaged, of no kind that can be developed, or names no white balance.
    """
    return np.ascontiguousarray(develop_cropped(Path(path)).pixels)


def read_photograph(path: Path) -> np.ndarray:
    """Read an image as it is stored, or develop a raw file: uint8 or uint16 (H, W, 3); raises as ``develop``."""
    return develop(path) if is_raw(path) else read_pixels(path)


def is_raw(path: Path) -> bool:
    """Whether ``read_photograph`` develops a file."""
    return path.suffix.lower() not in _IMAGES
