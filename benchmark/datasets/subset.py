"""A part of a data set, given by a list of scenes, such as the indoor scenes or one side of a split."""

import re
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from benchmark.datasets.base import SUFFIXES, Dataset, Entry, Progress, no_progress
from realdof.common.decode import read_text
from realdof.common.errors import InputError
from realdof.common.plain import composed
from realdof.images.headers import Header

SEPARATOR = "@"
"""Separates the data set's name from the list's: ``dpdd`` with ``indoor.txt`` is recorded as ``dpdd@indoor``."""


class Subset(Dataset):
    """The scenes of another data set that are in a list.

    Parameters
    ----------
    whole
        The whole data set.
    names
        Names of the scenes.
    title
        Name of the list; it becomes part of the data set's name, so that no table mixes part and whole.
    """

    def __init__(self, whole: Dataset, names: set[str], title: str) -> None:
        self.root, self.whole, self._names = whole.root, whole, names
        card = whole.card
        self.card = replace(
            card,
            name=f"{card.name}{SEPARATOR}{title}",
            title=f"{card.title}, {title}",
            summary=f"{len(names)} scenes: {card.summary}",
            count=len(names),
        )

    @classmethod
    def default_root(cls) -> Path:
        """Raise `InputError`: a subset has no folder of its own."""
        raise InputError("a subset lies where its data set does")

    @property
    def family(self) -> str:
        """Family of the whole data set."""
        return self.whole.family

    def prepare(self, report: Progress = no_progress) -> None:
        """Make the whole data set ready."""
        self.whole.prepare(report)

    def entries(self) -> list[Entry]:
        """List the files of the scenes in the list, sorted by name."""
        every = {entry.name: entry for entry in self.whole.listed}
        unknown = sorted(self._names - every.keys())
        if unknown:
            raise InputError(f"{self.card.title}: {self.whole.card.name} has no scene named {unknown[0]}")
        return [entry for name, entry in every.items() if name in self._names]

    def check(self, headers: Mapping[str, Header]) -> None:
        """Check the sizes and depths as the whole data set does."""
        self.whole.check(headers)

    def identity(self, report: Progress = no_progress) -> str:
        """Return a hash of the whole data set's identity and the scenes' names."""
        return sha256("\n".join([self.whole.identity(report), *sorted(self._names)]).encode()).hexdigest()


def restrict(dataset: Dataset, list_file: Path | None) -> Dataset:
    """Restrict a data set to the scenes that a file lists; return it unchanged without a file."""
    return dataset if list_file is None else Subset(dataset, read_names(list_file), list_file.stem)


def whole_name(dataset: str) -> str:
    """Return the name of the whole data set: ``dpdd`` for ``dpdd@indoor`` and for ``dpdd``."""
    return dataset.partition(SEPARATOR)[0]


def read_names(path: Path) -> set[str]:
    """Read the scene names in a text file, one a line; file suffixes are dropped, ``#`` begins a comment.

    Raises
    ------
    InputError
        The file cannot be read, lists nothing, or its own name cannot be part of a folder's name.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", path.stem):
        raise InputError(f"{path.stem!r} names no subset: use letters, digits, dots and dashes in the list's file name")
    lines = read_text(path, "give a text file with a scene a line").splitlines()
    words = (composed(line.partition("#")[0].strip()) for line in lines)
    names = {Path(word).stem if Path(word).suffix.lower() in SUFFIXES else word for word in words if word}
    if not names:
        raise InputError(f"{path} lists no scenes; write one a line")
    return names
