"""Reads float32 arrays out of a pickle without unpickling: an interpreter of the few opcodes that it needs.

Nothing is imported or called. The few names that a pickled array refers to are compared as text; any other
name, opcode or argument is refused.
"""

import pickletools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from realdof.common.errors import InputError

_MARK = object()
_MAX_DICTIONARIES = 256
_RECONSTRUCT = object()
_NDARRAY = object()
_DTYPE = object()
_ENCODE = object()
_BYTES = object()
_ALLOWED = {
    "numpy.core.multiarray _reconstruct": _RECONSTRUCT,
    "numpy._core.multiarray _reconstruct": _RECONSTRUCT,
    "numpy ndarray": _NDARRAY,
    "numpy dtype": _DTYPE,
    # How bytes are written in protocol 2: as text to be encoded, or as a call without arguments for none.
    "_codecs encode": _ENCODE,
    "__builtin__ bytes": _BYTES,
}


class _Float32:
    """The element type, once the file has asked for it."""


class _Objects:
    """The type of elements that are objects, once the file has asked for it."""


class _Array:
    """An array that the file has announced; its values or its objects come later."""

    values: np.ndarray | None = None
    objects: list[Any] | None = None


class _RefusedError(Exception):
    """The pickle holds something else than float32 arrays."""


def read_float_arrays(pickle: bytes, name: str) -> dict[str, Any]:
    """Read a pickle of nested dictionaries of float32 arrays, protocol 2 to 4.

    Parameters
    ----------
    pickle
        The file's content.
    name
        What to call it in an error.

    Returns
    -------
    dict
        Keys are strings, values such dictionaries or little-endian float32 arrays, read-only.

    Raises
    ------
    InputError
        The pickle is damaged, or holds anything else; nothing of it has been run.
    """
    with _refusing(name):
        top = _top(pickle)
        if type(top) is not dict:
            raise _RefusedError("its top is no dictionary")
        return _values(top, set())


def read_object_array(pickle: bytes, name: str) -> list[np.ndarray]:
    """Read a pickled object array, of one dimension, whose objects are float32 arrays; protocol 2 to 4.

    Parameters
    ----------
    pickle
        What follows the header in an ``.npy`` file of objects.
    name
        What to call it in an error.

    Returns
    -------
    list
        Little-endian float32 arrays, read-only.

    Raises
    ------
    InputError
        The pickle is damaged, or holds anything else; nothing of it has been run.
    """
    with _refusing(name):
        top = _top(pickle)
        if not isinstance(top, _Array) or top.objects is None:
            raise _RefusedError("its top is no array of objects")
        arrays = [item.values for item in top.objects if isinstance(item, _Array) and item.values is not None]
        if len(arrays) < len(top.objects):
            raise _RefusedError("it holds something else than arrays")
        return arrays


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, _RefusedError) as error:
        # genops says what is damaged as a ValueError.
        raise InputError(f"{name} is no pickle of float32 arrays: {error}; nothing of it was run") from error


def _top(pickle: bytes) -> Any:
    """What a pickle leaves on its stack."""
    machine = _Machine()
    for opcode, argument, _ in pickletools.genops(pickle):
        machine.step(opcode.name, argument)
    return machine.pop()


class _Machine:
    """The stack and the memo of a pickle."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def step(self, opcode: str, argument: Any) -> None:
        """Do what one opcode says, or refuse it."""
        match opcode:
            case "PROTO" | "STOP" | "FRAME":
                pass
            case "MARK":
                self.stack.append(_MARK)
            case "EMPTY_DICT":
                self.stack.append({})
            case "EMPTY_LIST":
                self.stack.append([])
            case "BININT" | "BININT1" | "BININT2":
                self.stack.append(argument)
            case "BINUNICODE" | "SHORT_BINUNICODE" | "BINUNICODE8" | "BINBYTES" | "SHORT_BINBYTES" | "BINBYTES8":
                self.stack.append(argument)
            case "NONE":
                self.stack.append(None)
            case "NEWTRUE" | "NEWFALSE":
                self.stack.append(opcode == "NEWTRUE")
            case "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = self.top()
            case "MEMOIZE":
                self.memo[len(self.memo)] = self.top()
            case "BINGET" | "LONG_BINGET":
                if argument not in self.memo:
                    raise _RefusedError(f"it refers to object {argument}, which it has not made")
                self.stack.append(self.memo[argument])
            case "EMPTY_TUPLE":
                self.stack.append(())
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                items = [self.pop() for _ in range(int(opcode[-1]))]
                self.stack.append(tuple(reversed(items)))
            case "TUPLE":
                self.stack.append(tuple(self.pop_to_mark()))
            case "SETITEM":
                value, key = self.pop(), self.pop()
                self.set_items([key, value])
            case "SETITEMS":
                self.set_items(self.pop_to_mark())
            case "APPEND":
                item = self.pop()
                self.append([item])
            case "APPENDS":
                self.append(self.pop_to_mark())
            case "GLOBAL":
                self.stack.append(_allowed(argument))
            case "STACK_GLOBAL":
                attribute, module = self.pop(), self.pop()
                self.stack.append(_allowed(f"{module} {attribute}"))
            case "REDUCE":
                arguments, function = self.pop(), self.pop()
                self.stack.append(_announced(function, arguments))
            case "BUILD":
                state = self.pop()
                _fill(self.top(), state)
            case _:
                raise _RefusedError(f"it has the opcode {opcode}")

    def top(self) -> Any:
        """The topmost object, left where it is."""
        if not self.stack or self.stack[-1] is _MARK:
            raise _RefusedError("its stack runs empty")
        return self.stack[-1]

    def pop(self) -> Any:
        """The topmost object, taken off."""
        value = self.top()
        self.stack.pop()
        return value

    def pop_to_mark(self) -> list[Any]:
        """The objects above the last mark, taken off together with it."""
        if _MARK not in self.stack:
            raise _RefusedError("its stack runs empty")
        items: list[Any] = []
        while (value := self.stack.pop()) is not _MARK:
            items.append(value)
        return items[::-1]

    def append(self, items: list[Any]) -> None:
        """Put items at the end of the list on top."""
        target = self.top()
        if type(target) is not list:
            raise _RefusedError("it appends to something else than a list")
        target.extend(items)

    def set_items(self, items: list[Any]) -> None:
        """Put keys and values, in turn, into the dictionary on top."""
        target = self.top()
        keys = items[::2]
        if type(target) is not dict or len(items) % 2 or not all(type(key) is str for key in keys):
            raise _RefusedError("it sets something else than named items of a dictionary")
        target.update(zip(keys, items[1::2], strict=True))


def _allowed(name: str) -> object:
    """What stands for a name of the only ones that are allowed."""
    if name not in _ALLOWED:
        raise _RefusedError(f"it names {name[:80]!r}")
    return _ALLOWED[name]


def _announced(function: Any, arguments: Any) -> "_Array | _Float32 | _Objects | bytes":
    """What the only calls that are allowed would give."""
    if function is _ENCODE and type(arguments) is tuple and len(arguments) == 2:
        text, encoding = arguments
        if type(text) is str and encoding == "latin1":
            # A character that is no byte is a ValueError.
            return text.encode("latin1")
    if function is _BYTES and arguments == ():
        return b""
    if function is _RECONSTRUCT and arguments == (_NDARRAY, (0,), b"b"):
        return _Array()
    if function is _DTYPE and arguments == ("f4", False, True):
        return _Float32()
    if function is _DTYPE and arguments == ("O8", False, True):
        return _Objects()
    raise _RefusedError("it calls something else than what makes a float32 array")


def _fill(target: Any, state: Any) -> None:
    """Give an announced array its shape and values; for the element type, check the byte order."""
    if isinstance(target, _Float32) and state == (3, "<", None, None, None, -1, -1, 0):
        return
    if isinstance(target, _Objects) and state == (3, "|", None, None, None, -1, -1, 63):
        return
    match target, state:
        case _Array(values=None), (1, tuple() as shape, _Float32(), bool() as by_columns, bytes() as data):
            if not all(type(length) is int and length >= 0 for length in shape):
                raise _RefusedError("an array has a shape that is none")
            # reshape says what is wrong as a ValueError.
            target.values = np.frombuffer(data, "<f4").reshape(shape, order="F" if by_columns else "C")
        case _Array(values=None, objects=None), (1, (int() as length,), _Objects(), bool(), list() as items):
            if length != len(items):
                raise _RefusedError("an array has another number of objects than it says")
            target.objects = items
        case _:
            raise _RefusedError("an array has a state other than shape, float32 and bytes")


def _values(tree: dict[str, Any], met: set[int]) -> dict[str, Any]:
    """The tree with the arrays' values in the place of their announcements."""
    # A dictionary inside itself has no end, and one that is shared can be made to stand for 10^9.
    if id(tree) in met or len(met) >= _MAX_DICTIONARIES:
        raise _RefusedError(f"a dictionary occurs twice, or there are more than {_MAX_DICTIONARIES}")
    met.add(id(tree))
    values: dict[str, Any] = {}
    for key, item in tree.items():
        if type(item) is dict:
            values[key] = _values(item, met)
        elif isinstance(item, _Array) and item.values is not None:
            values[key] = item.values
        else:
            raise _RefusedError("it holds something else than arrays")
    return values
