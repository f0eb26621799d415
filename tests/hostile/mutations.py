"""Hostile files made from whole ones: bytes changed, cut, moved and repeated; values of JSON replaced by others."""

import copy
import json
import struct
from typing import Any

from hypothesis import strategies as st

EXTREMES = (0, 1, 127, 128, 255, 2**15 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)
NAMES = (
    "", ".", "..", "/", "../x", "../../victim", "/etc/passwd", "a/b", "a\\b", "C:\\x", "con", "nul.png", "x" * 300,
    "x" * 5000, "\0", "a\0b", "a\nb",
    "\x1b[31mred\x1b[0m", "\u202egnp.exe", "\ud800", "caf\u00e9", "cafe\u0301", " ", "a ", "-rf",
    "--out", "[bold]x[/]", "{x}", "%s%n", "<script>alert(1)</script>", "$(touch x)", "`id`", "|id", "~", "*",
    "a" * 255, ".hidden",
    "x/../../../victim/p", "\\documentclass{x}", "=1+1", "\u00a0", "\ufeff", "\u2028",
)  # fmt: skip
"""Names that mean something to a file system, a terminal, a shell, a page or a table."""
VALUES = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 0.5, -0.0, 1e308, -1e308, 1e-320,
    float("nan"), float("inf"), -float("inf"), [], {}, [[]], [None], {"": None}, "inf", "nan", "1e5", "0x10",
)  # fmt: skip
RAW = (
    b"", b"null", b"[]", b"{}", b"0", b'""', b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"\xef\xbb\xbf", b"[" * 5000,
    b'{"a":' * 5000,
    b"1" * 5000, b"NaN", b"\0" * 100, b"{} {}", b'{"a":1,"a":2}', b"\xed\xa0\x80",
    b'"\\ud800"', b"-" * 10_000, b"\x1f\x8b\x08",
)  # fmt: skip


@st.composite
def changed_bytes(draw: st.DrawFn, whole: tuple[bytes, ...]) -> bytes:
    """One of some files with up to eight changes; near the beginning, where headers are, as often as anywhere."""
    content = bytearray(draw(st.sampled_from(whole)))
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3, 8)))):
        if not content:
            break
        last = len(content) - 1
        at = draw(st.integers(0, min(last, 200)) if draw(st.booleans()) else st.integers(0, last))
        match draw(st.integers(0, 8)):
            case 0:
                content[at] ^= 1 << draw(st.integers(0, 7))
            case 1:
                del content[at:]
            case 2:
                del content[at : at + draw(st.integers(1, 64))]
            case 3:
                span = draw(st.integers(1, 256))
                content[at : at + span] = bytes(len(content[at : at + span]))
            case 4:
                content[at:at] = draw(st.binary(max_size=40))
            case 5 | 6:
                form = draw(st.sampled_from(("<B", "<H", ">H", "<I", ">I", "<Q", ">Q")))
                packed = struct.pack(form, draw(st.sampled_from(EXTREMES)) % 256 ** struct.calcsize(form))
                content[at : at + len(packed)] = packed
            case 7:
                span = draw(st.integers(1, 128))
                content[at:at] = content[at : at + span] * draw(st.integers(1, 20))
            case _:
                other = draw(st.sampled_from(whole))
                cut = draw(st.integers(0, len(other)))
                content[at:] = other[cut:]
    return bytes(content)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in _places(item, (*path, key)))]


ODD = st.one_of(
    st.sampled_from(VALUES),
    st.sampled_from(NAMES),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.none() | st.integers(), max_size=3),
)


@st.composite
def changed_json(draw: st.DrawFn, whole: Any) -> Any:
    """A value of JSON with up to four of its parts replaced, removed, renamed or doubled."""
    value = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(_places(value)))
        if not path:
            if draw(st.integers(0, 9)) == 0:
                return copy.deepcopy(draw(ODD))
            continue
        parent = value
        for key in path[:-1]:
            parent = parent[key]
        match draw(st.integers(0, 5)):
            case 0 if isinstance(parent, dict):
                del parent[path[-1]]
            case 1 if isinstance(parent, dict):
                parent[draw(st.sampled_from(NAMES) | st.text(max_size=8))] = parent.pop(path[-1])
            case 2 if isinstance(parent, list):
                parent.append(parent[path[-1]])
            case 3:
                parent[path[-1]] = [parent[path[-1]]]
            case _:
                parent[path[-1]] = copy.deepcopy(draw(ODD))
    return value


@st.composite
def json_files(draw: st.DrawFn, whole: Any) -> bytes:
    """A file of JSON: a changed value, or changed bytes of the whole one, or something else altogether."""
    text = json.dumps(whole).encode()
    match draw(st.integers(0, 9)):
        case 0:
            return draw(st.sampled_from(RAW))
        case 1 | 2:
            return draw(changed_bytes((text,)))
        case _:
            try:
                made = json.dumps(draw(changed_json(whole)))
            except (ValueError, UnicodeEncodeError):
                return text
            return made.encode("utf-8", "surrogatepass")
