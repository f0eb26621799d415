"""Figures out of files and printed tables, without the package's own readers."""

import csv
import hashlib
import io
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from safetensors import safe_open

from equivalence_jobs.workbench import Figures, JobFailed

IMAGES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")
UNREPEATABLE = re.compile(r"\btime(\b|_)|\bsec\b|seconds|memory|source|output|created|weights|, s\b", re.IGNORECASE)
"""Columns that hold times, memory, run ids, paths or words."""

_NUMBER = re.compile(r"[-+−]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\binf\b|\bnan\b)")
_MARKS = re.compile(r"<sup>.*?</sup>|\$\^\{.*?\}\$|\*\*|\\textbf|\\underline|</?b>|</?u>|[{}]")
Row = dict[str, str]


def sha256(content: bytes) -> str:
    """Of bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def array_hash(array: np.ndarray) -> str:
    """Of an array's type, shape and values."""
    return sha256(f"{array.dtype.str} {array.shape} ".encode() + np.ascontiguousarray(array).tobytes())


def file_figures(path: Path) -> Figures:
    """Hash of a file, and what its content tells apart from its container.

    An image also has the hash of its pixels; arrays and weights have those of their values alone, with and without
    their names.
    """
    if path.suffix.lower() in IMAGES:
        pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if pixels is None:
            raise JobFailed(f"{path} cannot be read as an image")
        return {"bytes": sha256(path.read_bytes()), "pixels": array_hash(pixels)}
    if path.suffix == ".npz":
        with np.load(path) as file:
            return _named({name: array_hash(file[name]) for name in file.files})
    if path.suffix == ".safetensors":
        return weights_figures(path)
    return {"bytes": sha256(path.read_bytes())}


def weights_figures(path: Path) -> Figures:
    """Hashes of the tensors of a safetensors file, and the header's words but for the training card."""
    with safe_open(path, framework="pt") as file:
        tensors = {}
        for name in file.keys():  # noqa: SIM118
            tensor = file.get_tensor(name)
            tensors[name] = sha256(f"{tensor.dtype} {tuple(tensor.shape)} ".encode() + tensor.numpy().tobytes())
        words = {f"header {name}": text for name, text in (file.metadata() or {}).items() if name != "card"}
    return _named(tensors) | words


def _named(hashes: Mapping[str, str]) -> Figures:
    together = sha256(json.dumps(sorted(hashes.items())).encode())
    return {
        "arrays": len(hashes),
        "named values": together,
        "values": sha256("".join(sorted(hashes.values())).encode()),
    }


def folder_figures(folder: Path, *patterns: str) -> Figures:
    """Those of every file of a folder that one of the patterns finds, and how many there are."""
    paths = sorted({path for pattern in patterns or ("**/*",) for path in folder.glob(pattern) if path.is_file()})
    if not paths:
        raise JobFailed(f"{folder} has no files {', '.join(patterns)}")
    found: Figures = {"files": len(paths)}
    for path in paths:
        name = path.relative_to(folder).as_posix()
        found |= {f"{name} {what}": value for what, value in file_figures(path).items()}
    return found


def leaves(value: Any, *, without: Iterable[str] = (), words: Iterable[str] = ()) -> Figures:
    """Numbers of a JSON value by their path, and strings under the keys that are named.

    Parameters
    ----------
    without
        Keys that are left out wherever they stand.
    words
        Keys whose strings count too.
    """
    left_out, kept = set(without), set(words)

    def walk(part: Any, path: tuple[str, ...]) -> Iterable[tuple[str, str | int | float]]:
        if isinstance(part, Mapping):
            for key, inner in part.items():
                if key not in left_out:
                    yield from walk(inner, (*path, str(key)))
        elif isinstance(part, list):
            for at, inner in enumerate(part):
                yield from walk(inner, (*path, str(at)))
        elif isinstance(part, str):
            if path and path[-1] in kept:
                yield ".".join(path), part
        elif part is not None:
            yield ".".join(path), _plain(part)

    return dict(walk(value, ()))


def _plain(number: int | float) -> str | int | float:
    """As JSON can hold it."""
    return number if math.isfinite(number) else str(float(number))


def csv_rows(text: str) -> list[Row]:
    """Rows by column; columns of one name are numbered."""
    lines = list(csv.reader(io.StringIO(text)))
    return _rows(lines[0], lines[1:]) if lines else []


def markdown_rows(text: str) -> list[Row]:
    """Of the first table of a Markdown text."""
    return next(iter(markdown_tables(text)), [])


def markdown_tables(text: str) -> list[list[Row]]:
    """Of every table of a Markdown text."""
    blocks = re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE)
    tables = [[line.strip().strip("|").split("|") for line in block.splitlines()] for block in blocks]
    return [_rows(lines[0], lines[2:]) for lines in tables]


def latex_rows(text: str) -> list[Row]:
    """Of the first tabular."""
    inside = text.partition(r"\begin{tabular}")[2].partition(r"\end{tabular}")[0]
    lines = [re.split(r"(?<!\\)&", line.strip().removesuffix(r"\\")) for line in inside.splitlines() if "&" in line]
    return _rows(lines[0], lines[1:]) if lines else []


def printed_rows(text: str) -> list[Row]:
    """Of the first table that rich has printed, without the numbers of notes in its first column."""
    heads = [line.strip().strip("┃").split("┃") for line in text.splitlines() if line.strip().startswith("┃")]
    lines = [line.strip().strip("│").split("│") for line in text.splitlines() if line.strip().startswith("│")]
    for line in lines:
        line[0] = re.sub(r" \(\d+(, ?\d+)*\)\s*$", "", line[0])
    return _rows(heads[0], lines) if heads else []


def html_rows(text: str) -> list[Row]:
    """Of the first table of a page that has rows; a cell's ``data-value`` comes before its text."""
    parser = _Tables()
    parser.feed(text)
    table = next((table for table in parser.tables if len(table) > 1), None)
    return _rows(table[0], table[1:]) if table else []


class _Tables(HTMLParser):
    """Cells of every table."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._value: str | None = None
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self._value, self._inside = dict(attrs).get("data-value"), True
            self.tables[-1][-1].append(self._value or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside and self._value is None:
            self.tables[-1][-1][-1] += data


def _rows(heads: list[str], lines: list[list[str]]) -> list[Row]:
    columns = _numbered([_clean(head) for head in heads])
    return [dict(zip(columns, map(_clean, line), strict=False)) for line in lines if len(line) > 1]


def _clean(cell: str) -> str:
    return " ".join(_MARKS.sub("", cell).split())


def _numbered(names: list[str]) -> list[str]:
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return numbered


def table_figures(rows: list[Row], *labels: str) -> Figures:
    """Numbers of a table by row and column, the order of its rows, and how many there are.

    Parameters
    ----------
    labels
        Columns whose texts name a row; the first if none is given.
    """
    if not rows:
        raise JobFailed("there is no table where one was expected")
    by = labels or (next(iter(rows[0])),)
    names = _numbered([" ".join(row.get(label, "") for label in by) for row in rows])
    found: Figures = {"rows": len(rows), "order": " > ".join(names)}
    for name, row in zip(names, rows, strict=True):
        for column, cell in row.items():
            if column in by or UNREPEATABLE.search(column):
                continue
            if numbers := _NUMBER.findall(cell):
                found[f"{name}, {column}"] = " ".join(number.replace("−", "-") for number in numbers)
    return found
