"""Read weights that TensorLayer 1 saved with ``save_npz_dict``, such as DMENet's, without running code in them."""

from pathlib import Path

import numpy as np

from benchmark.weight_checks import check_kind
from realdof.common.arrays import read_npz
from realdof.common.errors import InputError


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays in a file by their variables' names.

    Returns
    -------
    dict
        float32 arrays; TensorFlow's ":0" at the end of each name is removed.

    Raises
    ------
    InputError
        The file is damaged, or holds anything but arrays of floating-point numbers.
    """
    check_kind(path)
    arrays = read_npz(path, "a file of weights")
    return {name.removesuffix(":0"): _as_float(path, array) for name, array in arrays.items()}


def _as_float(path: Path, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind != "f":
        raise InputError(f"{path} holds an array of {array.dtype}, where weights are floating-point numbers")
    return array.astype(np.float32)
