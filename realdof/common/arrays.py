"""Read NumPy files safely: an array's size is checked from its header before it is read, and no code is executed."""

import math
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from realdof.common.errors import InputError
from realdof.common.files import open_regular
from realdof.common.plain import quoted

MOST_BYTES = 2**30
"""Largest size of all arrays of a file together; the files that this project reads are far smaller."""
_FAULTS = (
    zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, NotImplementedError, RuntimeError, MemoryError,
    SyntaxError, TypeError, tokenize.TokenError,
)  # fmt: skip
"""Errors of zipfile and NumPy for damaged files: RuntimeError for an encrypted member, the last three for a header."""
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_npy(path: Path, what: str) -> np.ndarray:
    """Read the array of an ``.npy`` file.

    Parameters
    ----------
    what
        What the file should be, as the end of the error message: "a blur map".

    Raises
    ------
    InputError
        It is not a regular file, is damaged or larger than `MOST_BYTES`, or holds Python objects.
    """
    with open_regular(path, what) as file, _one_sentence(path, what):
        return _read(path, file, path.stat().st_size, what)


def read_npz(path: Path, what: str) -> dict[str, np.ndarray]:
    """Read the arrays of an ``.npz`` file by name, without ``.npy``; parameters and errors as in `read_npy`."""
    arrays: dict[str, np.ndarray] = {}
    with open_regular(path, what) as file, _one_sentence(path, what), zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        _check_size(path, sum(member.file_size for member in members), what)
        for member in members:
            name = member.filename.removesuffix(".npy")
            if name in arrays:
                raise InputError(f"{path} holds {quoted(name)} twice; give {what}")
            with archive.open(member) as stream:
                arrays[name] = _read(path, stream, member.file_size, what)
    return arrays


def _read(path: Path, stream: IO[bytes], size: int, what: str) -> np.ndarray:
    """Read the array after checking that its header declares exactly the bytes that the file has."""
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"version {version[0]}.{version[1]} of the format is unknown")
    shape, fortran, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        raise InputError(f"{path} holds Python objects, and nothing in it was run; give {what}")
    declared = math.prod(shape) * dtype.itemsize
    _check_size(path, declared, what)
    if min(shape, default=0) < 0 or declared != size - stream.tell():
        raise ValueError(f"its header declares {declared} bytes, {size - stream.tell()} follow")
    content = stream.read(declared)
    if len(content) != declared:
        raise EOFError("it is cut short")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C").copy()


def _check_size(path: Path, size: int, what: str) -> None:
    if size > MOST_BYTES:
        raise InputError(
            f"{path} unpacks to {size / 1e6:,.0f} MB, at most {MOST_BYTES / 1e6:,.0f} are read; give {what}"
        )


@contextmanager
def _one_sentence(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except _FAULTS as error:
        reason = str(error).partition("\n")[0][:200] or type(error).__name__
        raise InputError(f"{path} cannot be read as arrays of NumPy ({reason}); give {what}") from error
