"""NumPy's files: what is not exactly what its header says is refused before it is unpacked."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from realdof.common import arrays
from realdof.common.arrays import read_npy, read_npz
from realdof.common.errors import InputError


def stored(array: np.ndarray, version: tuple[int, int] = (1, 0)) -> bytes:
    """An array as a file of a version of the format."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=version)
    return stream.getvalue()


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_comes_back_as_it_was(tmp_path: Path, version: tuple[int, int], order: str) -> None:
    array = np.array(np.arange(12.0).reshape(3, 4), order=order)  # type: ignore[call-overload]
    (tmp_path / "a.npy").write_bytes(stored(array, version))
    np.testing.assert_array_equal(read_npy(tmp_path / "a.npy", "a map"), array)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (stored(np.zeros(3), (3, 0)), r"version 3\.0 of the format is unknown"),
        (stored(np.zeros(3))[:-1], "its header declares 24 bytes, 23 follow"),
        (stored(np.zeros(3)) + b"more", "its header declares 24 bytes, 28 follow"),
        (stored(np.array([{}], object)), "holds Python objects, and nothing in it was run; give a map"),
        (b"holiday", "cannot be read as arrays of NumPy"),
    ],
)
def test_what_is_no_array_is_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_npy(tmp_path / "a.npy", "a map")


def test_a_name_twice_and_too_large_an_archive_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("depth.npy", stored(np.zeros(100)))
        archive.writestr("depth", stored(np.ones(100)))
    with pytest.raises(InputError, match="holds 'depth' twice; give a scene"):
        read_npz(tmp_path / "a.npz", "a scene")
    monkeypatch.setattr(arrays, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match="unpacks to 0 MB, at most 0 are read; give a scene"):
        read_npz(tmp_path / "a.npz", "a scene")


def test_a_member_that_is_shorter_than_the_archive_says_is_refused(tmp_path: Path) -> None:
    content = stored(np.zeros(100))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("depth.npy", content)
    whole = bytearray((tmp_path / "a.npz").read_bytes())
    (tmp_path / "a.npz").write_bytes(whole.replace(len(content).to_bytes(4, "little"), (900).to_bytes(4, "little")))
    with pytest.raises(InputError, match="cannot be read as arrays of NumPy"):
        read_npz(tmp_path / "a.npz", "a scene")
