"""The reader of pickled arrays gives what is in them and runs nothing."""

import os
import pickle
import pickletools
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from benchmark.metrics.lpips.closed_pickle import read_float_arrays, read_object_array
from realdof.common.errors import InputError

SHAPES = npst.array_shapes(min_dims=0, max_dims=4, min_side=0)
ARRAYS = npst.arrays(np.dtype("<f4"), SHAPES, elements=st.floats(-1, 1, width=32))
LAYERS = st.dictionaries(st.text(), ARRAYS | ARRAYS.map(np.asfortranarray), max_size=4)
TREES = st.dictionaries(st.text(), ARRAYS | LAYERS, max_size=4)
SMALL = {"layer": {"kernel": np.arange(6, dtype="<f4").reshape(2, 3), "bias": np.ones(2, dtype="<f4")}}


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


def same(first: Any, second: Any) -> bool:
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    return bool(first.dtype == second.dtype and np.array_equal(first, second))


@given(TREES)
@settings(deadline=None)
def test_what_was_pickled_is_read(tree: dict[str, Any]) -> None:
    assert same(read_float_arrays(pickle.dumps(tree, protocol=3), "weights"), tree)


def test_a_malicious_pickle_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    bait = tmp_path / "bait"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        poison = pickle.dumps({"layer": Call(os.mkdir, str(bait))}, protocol)
        with pytest.raises(InputError, match="nothing of it was run"):
            read_float_arrays(poison, "weights")
    assert not bait.exists()
    pickle.loads(poison)
    assert bait.exists(), "the pickle was harmless, and the test proved nothing"


@pytest.mark.parametrize(
    "value",
    [
        Call(np.ndarray, (2, 2)),
        Call(np.dtype, "O"),
        Call(np.dtype, "f8", False, True),
        np.array([{}], dtype=object),
        np.zeros(3),
        np.zeros(3, dtype=">f4"),
        np.zeros(3, dtype="<i4"),
        "text",
        (),
        3,
    ],
    ids=["ndarray", "dtype", "f8", "objects", "float64", "big-endian", "int32", "string", "tuple", "number"],
)
def test_anything_else_than_float32_arrays_is_refused(value: Any) -> None:
    with pytest.raises(InputError, match="no pickle of float32 arrays"):
        read_float_arrays(pickle.dumps({"layer": value}, protocol=3), "weights")


def test_dictionaries_that_multiply_are_refused() -> None:
    tree: dict[str, Any] = SMALL
    for _ in range(40):
        tree = {"a": tree, "b": tree}
    with pytest.raises(InputError, match="occurs twice"):
        read_float_arrays(pickle.dumps(tree, protocol=3), "weights")


def test_a_dictionary_inside_itself_is_refused() -> None:
    tree: dict[str, Any] = {}
    tree["a"] = tree
    with pytest.raises(InputError, match="occurs twice"):
        read_float_arrays(pickle.dumps(tree, protocol=3), "weights")


def test_deep_nesting_is_refused() -> None:
    depth = 2 * sys.getrecursionlimit()
    nested = b"\x80\x03" + b"}X\x01\x00\x00\x00a" * depth + b"}" + b"s" * depth + b"."
    with pytest.raises(InputError, match="more than"):
        read_float_arrays(nested, "weights")


@given(st.data())
@settings(deadline=None)
def test_a_damaged_pickle_gives_an_input_error_or_arrays(data: st.DataObject) -> None:
    damaged = bytearray(pickle.dumps(SMALL, protocol=3))
    for _ in range(data.draw(st.integers(1, 3))):
        # Opcodes are the bytes that matter, so other opcodes are what they are most often replaced by.
        code = st.sampled_from([ord(opcode.code) for opcode in pickletools.opcodes]) | st.integers(0, 255)
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(code)
    cut = data.draw(st.integers(0, len(damaged)))
    for content in (bytes(damaged), bytes(damaged[:cut])):
        try:
            assert isinstance(read_float_arrays(content, "weights"), dict)
        except InputError:
            continue


def object_array(*items: Any) -> np.ndarray:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


@pytest.mark.parametrize("protocol", [2, 3, 4])
@given(arrays=st.lists(ARRAYS | ARRAYS.map(np.asfortranarray), max_size=4))
@settings(deadline=None, max_examples=30)
def test_an_object_array_of_arrays_is_read_as_a_list(protocol: int, arrays: list[np.ndarray]) -> None:
    read = read_object_array(pickle.dumps(object_array(*arrays), protocol), "weights")
    assert len(read) == len(arrays)
    assert all(same(one, other) for one, other in zip(read, arrays, strict=True))


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize(
    "value",
    [
        object_array(np.zeros(2, "<f4"), 3),
        object_array(object_array(np.zeros(2, "<f4"))),
        object_array([np.zeros(2, "<f4")]),
        np.zeros(3, "<f4"),
        [np.zeros(3, "<f4")],
        {"a": np.zeros(3, "<f4")},
    ],
    ids=["number", "objects in objects", "list", "float32", "no array", "dictionary"],
)
def test_anything_else_than_an_object_array_of_arrays_is_refused(value: Any, protocol: int) -> None:
    with pytest.raises(InputError, match="no pickle of float32 arrays"):
        read_object_array(pickle.dumps(value, protocol), "weights")


def test_a_malicious_object_array_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    bait = tmp_path / "bait"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        poison = pickle.dumps(object_array(np.zeros(2, "<f4"), Call(os.mkdir, str(bait))), protocol)
        with pytest.raises(InputError, match="nothing of it was run"):
            read_object_array(poison, "weights")
    assert not bait.exists()
    pickle.loads(poison)
    assert bait.exists(), "the pickle was harmless, and the test proved nothing"


@given(st.data())
@settings(deadline=None)
def test_a_damaged_object_array_gives_an_input_error_or_arrays(data: st.DataObject) -> None:
    whole = pickle.dumps(object_array(np.arange(6, dtype="<f4"), np.ones((2, 2), "<f4")), data.draw(st.integers(2, 4)))
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        code = st.sampled_from([ord(opcode.code) for opcode in pickletools.opcodes]) | st.integers(0, 255)
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(code)
    try:
        assert isinstance(read_object_array(bytes(damaged), "weights"), list)
    except InputError:
        return
