"""Develop one photograph, cropped and upright, to sRGB."""

from pathlib import Path

import numpy as np

from realdof.images.files import read_pixels
from realdof.raw.develop import develop_cropped

_IMAGES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff"})


def develop(path: Path | str) -> np.ndarray:
    """Develop a raw file with its camera's white balance, or read an already developed TIFF or PNG.

    Parameters
    ----------
    path
        A raw file that LibRaw reads, or a TIFF or PNG in sRGB.

    Returns
    -------
    ndarray
        uint16 (H, W, 3), RGB, sRGB-encoded, upright, with the file's crop (an A7R IV's with the paper's, 9504x6344).

    Raises
    ------
    InputError
        The file is missing or damaged, cannot be developed, or contains no white balance.
    """
    return np.ascontiguousarray(develop_cropped(Path(path)).pixels)


def read_photograph(path: Path) -> np.ndarray:
    """Read an image as it is stored, or develop a raw file: uint8 or uint16 (H, W, 3); raises like ``develop``."""
    return develop(path) if is_raw(path) else read_pixels(path)


def is_raw(path: Path) -> bool:
    """Return whether ``read_photograph`` develops a file, by its suffix."""
    return path.suffix.lower() not in _IMAGES
