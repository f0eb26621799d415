"""Read the convolutions of a Keras 2 model in HDF5; only arrays and lists of names are read from the file."""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import torch
from torch import Tensor

from benchmark.weight_checks import MOST_BYTES, check_kind
from realdof.common.errors import InputError

SUFFIXES = (".hdf5", ".h5")


@dataclass(frozen=True)
class Convolution:
    """A layer's weights in torch's layout: float32 (out, in, height, width), and the bias, float32 (out,)."""

    name: str
    weight: Tensor
    bias: Tensor


def read_convolutions(path: Path) -> list[Convolution]:
    """Return every layer with weights, in the model's order, with kernels converted to channels first.

    Parameters
    ----------
    path
        A file written by ``model.save`` or ``model.save_weights`` of Keras 2.

    Raises
    ------
    InputError
        The file is damaged, is not a Keras model, or has layers other than convolutions with a bias.
    """
    check_kind(path)
    try:
        with h5py.File(path, "r") as file:
            root = file.get("model_weights", file)
            if "layer_names" not in root.attrs:
                raise InputError(f"{path} is no Keras model: it has no list of layers")
            found = [(name, _datasets(path, root, name)) for name in _texts(root.attrs["layer_names"])]
            _check_sizes(path, [dataset for _, datasets in found for dataset in datasets])
            layers = [(name, [np.asarray(one, dtype=np.float32) for one in datasets]) for name, datasets in found]
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, AttributeError, OverflowError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise InputError(f"{path} cannot be read as the HDF5 file of a Keras model ({reason})") from error
    return [_convolution(path, name, arrays) for name, arrays in layers if arrays]


def _check_sizes(path: Path, datasets: list[h5py.Dataset]) -> None:
    """Refuse data sets that declare more than the file holds, because HDF5 would fill the rest with zeros."""
    declared = sum(4 * dataset.size for dataset in datasets)
    if declared > MOST_BYTES:
        raise InputError(f"{path} declares {declared / 1e6:,.0f} MB, at most {MOST_BYTES / 1e6:,.0f} are read")
    for dataset in datasets:
        if dataset.size and not dataset.id.get_storage_size():
            raise InputError(f"{path} declares numbers at {dataset.name} that it does not hold; fetch it again")


def _datasets(path: Path, root: h5py.Group, layer: str) -> list[h5py.Dataset]:
    group = _own(path, root, layer)
    return [_dataset(path, group, name) for name in _texts(group.attrs["weight_names"])]


def _dataset(path: Path, group: h5py.Group, name: str) -> h5py.Dataset:
    *folders, last = name.split("/")
    for folder in folders:
        group = _own(path, group, folder)
    dataset = _own(path, group, last)
    if not isinstance(dataset, h5py.Dataset) or dataset.external or dataset.is_virtual or dataset.dtype.kind != "f":
        raise InputError(f"{path} holds something else than numbers of its own at {name}")
    return dataset


def _own(path: Path, group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset:
    # HDF5 links can point into other files; a downloaded file must not read those.
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise InputError(f"{path} has no {name} of its own where its list of layers says so")
    return group[name]


def _texts(names: np.ndarray) -> list[str]:
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]


def _convolution(path: Path, name: str, arrays: list[np.ndarray]) -> Convolution:
    if len(arrays) != 2 or arrays[0].ndim != 4 or arrays[1].shape != arrays[0].shape[3:]:
        shapes = ", ".join("x".join(map(str, array.shape)) for array in arrays)
        raise InputError(
            f"{path} holds another network: layer {name} has {shapes}, which is no convolution with a bias"
        )
    kernel, bias = (torch.from_numpy(np.ascontiguousarray(array)) for array in arrays)
    return Convolution(name, kernel.permute(3, 2, 0, 1).contiguous(), bias)
