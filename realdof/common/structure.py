"""JSON back into dataclasses, checked field by field against their annotations."""

from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from realdof.common.errors import InputError

T = TypeVar("T")


def structure(kind: type[T], value: Any, place: str) -> T:
    """Build a dataclass of what ``dataclasses.asdict`` and JSON made of it.

    Parameters
    ----------
    kind
        A dataclass of numbers, strings, ``None``, literals, tuples, dicts with string keys, unions of them and further
        dataclasses.
    value
        As ``json.loads`` gives it.
    place
        What to call it in an error, e.g. the file's path.

    Raises
    ------
    InputError
        A field is missing, unknown or of another type.
    """
    return cast(T, _structured(kind, value, place))


def _structured(kind: Any, value: Any, place: str) -> Any:
    origin = get_origin(kind)
    if is_dataclass(kind):
        return _dataclass(kind, value, place)
    if origin in (Union, UnionType):
        return _union(get_args(kind), value, place)
    if origin is Literal and value in get_args(kind):
        return value
    if origin is tuple and isinstance(value, list):
        return _tuple(get_args(kind), value, place)
    if origin is dict and isinstance(value, dict):
        return {key: _structured(get_args(kind)[1], item, f"{place}, {key}") for key, item in value.items()}
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind in (int, str, bool, NoneType) and type(value) is kind:
        return value
    raise InputError(f"{place} holds {_short(value)}, which does not belong there; build the data set again")


def _dataclass(kind: Any, value: Any, place: str) -> Any:
    if not isinstance(value, dict):
        raise InputError(f"{place} holds {_short(value)} where {kind.__name__} should be; build the data set again")
    hints = get_type_hints(kind)
    needed = [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]
    missing = [name for name in needed if name not in value]
    unknown = [name for name in value if name not in hints]
    if missing or unknown:
        words = f"has no {missing[0]!r}" if missing else f"has an unknown {unknown[0]!r}"
        raise InputError(f"{place} {words}; build the data set again, or read it with the release that wrote it")
    return kind(**{name: _structured(hints[name], item, f"{place}, {name}") for name, item in value.items()})


def _union(kinds: tuple[Any, ...], value: Any, place: str) -> Any:
    # The last kind's complaint is the most telling one: `None` is not what a wrong value was meant for.
    candidates = [kind for kind in kinds if kind is not NoneType]
    if value is None and len(candidates) < len(kinds):
        return None
    for kind in candidates[:-1]:
        try:
            return _structured(kind, value, place)
        except InputError:
            continue
    return _structured(candidates[-1], value, place)


def _tuple(kinds: tuple[Any, ...], value: list[Any], place: str) -> tuple[Any, ...]:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise InputError(f"{place} holds {len(value)} values where {len(kinds)} should be; build the data set again")
    pairs = enumerate(zip(kinds, value, strict=True))
    return tuple(_structured(kind, item, f"{place}[{number}]") for number, (kind, item) in pairs)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
