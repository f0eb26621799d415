"""Reads the weights that TensorLayer 1 saved with ``save_npz_dict``, as the released DMENet: nothing in it is run."""

from pathlib import Path

import numpy as np

from benchmark.weight_checks import check_kind
from realdof.common.arrays import read_npz
from realdof.common.errors import InputError


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
    check_kind(path)
    arrays = read_npz(path, "a file of weights")
    return {name.removesuffix(":0"): _as_float(path, array) for name, array in arrays.items()}


def _as_float(path: Path, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind != "f":
        raise InputError(f"{path} holds an array of {array.dtype}, where weights are floating-point numbers")
    return array.astype(np.float32)
