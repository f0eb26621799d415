"""Reads the weights that TensorLayer 1 saved with ``save_npz_dict``, as the released DMENet: nothing in it is run."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from realdof.common.errors import InputError

LARGEST = 2**30
"""Bytes of all arrays together; more is no network of this kind."""


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays by the variables' names.

    Returns
    -------
    dict
        float32 arrays; names are without the ":0" that TensorFlow ends them with.

    Raises
    ------
    InputError
        The file is damaged, or holds anything else than arrays of floating-point numbers; nothing in it is run.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > LARGEST:
                raise InputError(f"{path} unpacks to more than {LARGEST // 2**20} MB, which is no weights of DMENet")
            arrays: dict[str, np.ndarray] = {}
            for name in archive.namelist():
                with archive.open(name) as member:
                    plain = np.lib.format.read_array(member, allow_pickle=False)
                arrays[name.removesuffix(".npy").removesuffix(":0")] = _as_float(path, plain)
            return arrays
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, NotImplementedError) as error:
        raise InputError(f"{path} cannot be read as an .npz file of arrays ({error}); nothing in it was run") from error


def _as_float(path: Path, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind != "f":
        raise InputError(f"{path} holds an array of {array.dtype}, where weights are floating-point numbers")
    return array.astype(np.float32)
