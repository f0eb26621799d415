"""Read files written by torch as plain values and tensors, without executing code in them."""

import struct
import zipfile
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from benchmark.weight_checks import MOST_BYTES, WANTED, check_kind
from realdof.common.errors import InputError

_FAULTS = (
    LookupError, TypeError, AttributeError, ValueError, RuntimeError, EOFError, OSError, AssertionError,
    ArithmeticError, MemoryError, ImportError, struct.error,
)  # fmt: skip
"""Exceptions that torch raises for a damaged pickle, which may fail in many ways."""


def read_torch(path: Path, device: torch.device | str = "cpu") -> dict[Any, Any]:
    """Read the dictionary in a file written by ``torch.save``.

    Raises
    ------
    InputError
        The file is not of this kind, damaged or too large, holds other objects than tensors and plain values, or does
        not hold a dictionary.
    """
    check_kind(path)
    _check_unpacked(path)
    try:
        content = torch.load(path, map_location=device, weights_only=True)
    except UnpicklingError as error:
        raise InputError(
            f"{path} cannot be read as a checkpoint of plain tensors; it is damaged or holds more than that, and "
            f"nothing in it was run; {WANTED}"
        ) from error
    except _FAULTS as error:
        raise InputError(
            f"{path} cannot be read as a checkpoint of plain tensors ({type(error).__name__}); it is damaged, so fetch "
            "or copy it again"
        ) from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds a {type(content).__name__}, not a state dictionary; {WANTED}")
    return dict(content)


def _check_unpacked(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            return
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise InputError(f"{path} is a damaged archive; fetch or copy it again") from error
    if size > MOST_BYTES:
        raise InputError(f"{path} unpacks to {size / 1e6:,.0f} MB, at most {MOST_BYTES / 1e6:,.0f} are read; {WANTED}")
