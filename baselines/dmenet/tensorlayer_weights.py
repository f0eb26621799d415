"""Reads the weights that TensorLayer 1 saved as ``.npz``, running nothing of what is in the file.

Two layouts: ``save_npz_dict`` writes one array a variable under its name (the released DMENet), ``save_npz`` one array
of objects in layer order, which numpy would unpickle and this reader interprets.
"""

import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from benchmark.metrics.lpips.closed_pickle import read_object_array
from realdof.common.errors import InputError

IN_ORDER = "params.npy"
"""The one member of a file that ``save_npz`` wrote."""

LARGEST = 2**30
"""Bytes of all arrays together; more is no network of this kind."""


def read_arrays(path: Path) -> dict[str, np.ndarray] | list[np.ndarray]:
    """The arrays by the variables' names, or in layer order if the file has no names.

    Returns
    -------
    dict or list
        float32 arrays; names are without the ":0" that TensorFlow ends them with.

    Raises
    ------
    InputError
        The file is damaged, or holds anything else than arrays of floating-point numbers; nothing of it was run.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > LARGEST:
                raise InputError(f"{path} unpacks to more than {LARGEST // 2**20} MB, which is no weights of DMENet")
            if IN_ORDER in archive.namelist():
                with archive.open(IN_ORDER) as member:
                    return [_as_float(path, array) for array in _read_objects(path, member)]
            arrays: dict[str, np.ndarray] = {}
            for name in archive.namelist():
                with archive.open(name) as member:
                    plain = np.lib.format.read_array(member, allow_pickle=False)
                arrays[name.removesuffix(".npy").removesuffix(":0")] = _as_float(path, plain)
            return arrays
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, NotImplementedError) as error:
        raise InputError(f"{path} cannot be read as an .npz file of arrays ({error}); nothing of it was run") from error


def _read_objects(path: Path, member: IO[bytes]) -> list[np.ndarray]:
    version = np.lib.format.read_magic(member)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"its array is of version {version}")
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(member)
    if not dtype.hasobject:
        raise ValueError(f"{IN_ORDER} holds {dtype}, not arrays")
    arrays = read_object_array(member.read(), str(path))
    if shape != (len(arrays),):
        raise ValueError(f"its header says {shape}, it holds {len(arrays)} arrays")
    return arrays


def _as_float(path: Path, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind != "f":
        raise InputError(f"{path} holds an array of {array.dtype}, where weights are floating-point numbers")
    return array.astype(np.float32)
