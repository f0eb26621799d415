"""Indoor and outdoor labels of DPDD's test scenes, if a copy has the label files of Restormer's authors."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmark.datasets.base import Entry
from realdof.common.arrays import read_npy
from realdof.common.errors import InputError

PLACES = ("indoor", "outdoor")
"""``PLACE_labels.npy`` holds the scenes' numbers in sorted order, from 1."""


def with_places(entries: Sequence[Entry], folder: Path) -> list[Entry]:
    """Add the group ``place`` to the entries, which are sorted by name, if the folder has both label files.

    Raises
    ------
    InputError
        A file does not hold whole numbers, or the two together do not list every scene exactly once.
    """
    paths = {place: folder / f"{place}_labels.npy" for place in PLACES}
    if not all(path.is_file() for path in paths.values()):
        return list(entries)
    placed = {number: place for place, path in paths.items() for number in _numbers(path)}
    named = sum(len(_numbers(path)) for path in paths.values())
    if sorted(placed) != list(range(1, len(entries) + 1)) or named != len(entries):
        raise InputError(
            f"{folder}: indoor_labels.npy and outdoor_labels.npy name {named} scenes; together they must name each of "
            f"the {len(entries)} once, from 1"
        )
    return [replace(entry, groups={**entry.groups, "place": placed[at]}) for at, entry in enumerate(entries, 1)]


def _numbers(path: Path) -> list[int]:
    numbers = read_npy(path, "the scenes' numbers, or remove it")
    if numbers.dtype.kind not in "iu":
        raise InputError(f"{path} holds {numbers.dtype}; it must hold the scenes' numbers, from 1")
    return [int(number) for number in numbers.ravel()]
