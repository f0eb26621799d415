"""Find and read the photographs from which training scenes are rendered, and their depth maps, if any."""

from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from realdof.common.errors import InputError
from realdof.common.plain import composed
from realdof.images.files import read_pixels

Pixels: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]
Source: TypeAlias = tuple[Path, Path | None]
"""Paths of a photograph and of its depth map, if it has one."""
PHOTOGRAPH_SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff"}


def find_photographs(folder: Path) -> list[Path]:
    """Return every photograph in a folder, sorted by name.

    Raises
    ------
    InputError
        There are none.
    """
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in PHOTOGRAPH_SUFFIXES)
    if not paths:
        raise InputError(f"{folder} holds no photographs (JPEG, PNG or TIFF)")
    return paths


def find_depth(photographs: list[Path], folder: Path) -> list[Path]:
    """Return the depth map of every photograph: the PNG or TIFF of the same name in another folder.

    Raises
    ------
    InputError
        A photograph has none.
    """
    maps = (path for path in sorted(folder.glob("*")) if path.suffix.lower() in {".png", ".tif", ".tiff"})
    found = {composed(path.stem): path for path in maps}
    for path in photographs:
        if composed(path.stem) not in found:
            raise InputError(f"{folder} holds no depth map {path.stem}.png or .tif for {path}")
    return [found[composed(path.stem)] for path in photographs]


def with_depth(photographs: list[Path], depth: list[Path] | None) -> list[Source]:
    """Pair each photograph with its depth map, or with None."""
    maps: list[Path] | list[None] = depth or [None] * len(photographs)
    return list(zip(photographs, maps, strict=True))


def read_source(path: Path, depth_path: Path | None, size: int) -> tuple[Pixels, Pixels | None]:
    """Read a photograph and its depth map, without conversion.

    Raises
    ------
    InputError
        One cannot be read, the photograph is under ``size`` px high or wide, or the map is of another size.
    """
    photograph = read_pixels(path)
    depth = None if depth_path is None else read_pixels(depth_path)
    height, width = photograph.shape[:2]
    if min(height, width) < size:
        raise InputError(f"{path} is {width}x{height}; scenes of {size} px need at least that on each side")
    if depth is not None and depth.shape != photograph.shape:
        raise InputError(f"{depth_path} is {depth.shape[1]}x{depth.shape[0]} and its photograph {width}x{height}")
    return photograph, depth
