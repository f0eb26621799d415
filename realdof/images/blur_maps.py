"""Read blur maps: a number at every pixel, which a scale and an offset convert to a standard deviation in px."""

from pathlib import Path

import numpy as np

from realdof.common.arrays import read_npy
from realdof.common.errors import InputError
from realdof.images.files import read_pixels


def read_blur_map(path: Path, scale: float, offset: float, size: tuple[int, int]) -> np.ndarray:
    """Read a blur map: sigma in px, float64 (H, W), at least 0.

    Parameters
    ----------
    path
        A grey image, read as s in [0, 1], or a ``.npy`` array (H, W) of any s.
    scale, offset
        sigma is ``scale * s + offset``.
    size
        Height and width of the photograph, px.

    Raises
    ------
    InputError
        It cannot be read, is not a grey image or a plane of numbers, or has another size than the photograph.
    """
    values = _array(path) if path.suffix.lower() == ".npy" else _grey(path)
    if values.shape != size:
        found = "x".join(str(side) for side in values.shape[::-1])
        raise InputError(f"{path} is {found}, the photograph {size[1]}x{size[0]}; resize the map to it")
    if not np.isfinite(values).all():
        raise InputError(f"{path} holds values that are not finite; fill them first")
    return np.maximum(scale * values + offset, 0)


def _array(path: Path) -> np.ndarray:
    values = read_npy(path, "a blur map")
    if values.ndim != 2 or values.dtype.kind not in "fiu":
        raise InputError(f"{path} holds {values.dtype} {values.shape}; a blur map is a plane of numbers (H, W)")
    return np.asarray(values, np.float64)


def _grey(path: Path) -> np.ndarray:
    pixels = read_pixels(path)
    if (pixels != pixels[..., :1]).any():
        raise InputError(f"{path} is in colour; a blur map is a grey image")
    return np.asarray(pixels[..., 0] / np.iinfo(pixels.dtype).max, np.float64)
