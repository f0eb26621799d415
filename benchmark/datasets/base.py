"""What a data set is to the harness: a card, a folder, and a checked list of entries."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmark.datasets.card import DatasetCard
from realdof.common.errors import InputError
from realdof.common.files import cache_folder
from realdof.images.headers import Header, read_header

SMALLEST_SIDE = 64
"""px; a smaller image is no photograph, and the networks reduce by 8 before they filter."""
SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff"}


@dataclass(frozen=True)
class Entry:
    """The files of one scene: the defocused image, and where they exist the two views and the all-in-focus image."""

    name: str
    image: Path
    left: Path | None = None
    right: Path | None = None
    target: Path | None = None

    @property
    def files(self) -> dict[str, Path]:
        """The files there are, by role."""
        every = {"image": self.image, "left": self.left, "right": self.right, "target": self.target}
        return {role: path for role, path in every.items() if path is not None}


class Dataset(ABC):
    """A data set in a folder. A subclass gives ``card`` and ``entries``.

    Parameters
    ----------
    root
        Where its images are; None for the data set's own place in the cache.
    """

    card: DatasetCard

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or self.default_root()

    @classmethod
    @abstractmethod
    def default_root(cls) -> Path:
        """Where the data set is if nobody says otherwise.

        Raises
        ------
        InputError
            It has no such place, so ``--root`` is needed.
        """

    def prepare(self, report: Callable[[int, int], None] = lambda done, total: None) -> None:  # noqa: B027
        """Make the data set ready on disk where it can make itself; ``report`` is told images done and in all."""

    @abstractmethod
    def entries(self) -> list[Entry]:
        """Every scene, sorted by name.

        Raises
        ------
        InputError
            The folder is not this data set.
        """

    @abstractmethod
    def identity(self) -> str:
        """What identifies the images: it enters a run's id, and two data sets that differ here never share a table."""

    def check(self, headers: Mapping[str, Header]) -> None:  # noqa: B027
        """Check what this data set promises of its images beyond `check_entries`, before anything is computed.

        Parameters
        ----------
        headers
            Each entry's name and the header of its defocused image.

        Raises
        ------
        InputError
            An image has another size or depth than the data set's.
        """


def check_entries(entries: Iterable[Entry]) -> dict[str, Header]:
    """Check every file of every entry by its header, before anything is computed.

    Returns
    -------
    dict
        Each entry's name and the header of its defocused image.

    Raises
    ------
    InputError
        A file is missing, cut short, too small, or differs in size from its defocused image.
    """
    checked = {}
    for entry in entries:
        header = read_header(entry.image)
        if min(header.height, header.width) < SMALLEST_SIDE:
            raise InputError(
                f"{entry.image} is {header.width}x{header.height}; images need at least {SMALLEST_SIDE} px on each side"
            )
        for role, path in entry.files.items():
            other = read_header(path)
            if (other.height, other.width) != (header.height, header.width):
                raise InputError(
                    f"{path} ({role}) is {other.width}x{other.height} but {entry.image} is "
                    f"{header.width}x{header.height}; the images of a pair must have one size"
                )
        checked[entry.name] = header
    return checked


def default_place(name: str) -> Path:
    """Where a fetched data set is kept if nobody says otherwise."""
    return cache_folder() / "datasets" / name


def list_images(folder: Path) -> dict[str, Path]:
    """The images in a folder by name without suffix, sorted; hidden files are passed over.

    Raises
    ------
    InputError
        The folder is missing or empty, or two files share a name.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; it should hold the images")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            continue
        if path.stem in found:
            raise InputError(f"{path} and {found[path.stem]} share the name {path.stem}; keep one of them")
        found[path.stem] = path
    if not found:
        raise InputError(f"{folder} holds no images (PNG, JPEG or TIFF)")
    return found


def hash_of_files(paths: Iterable[Path]) -> str:
    """One SHA-256 over names and contents of files, in order."""
    every = list(paths)
    digest = hashlib.sha256()
    with ThreadPoolExecutor() as threads:
        for path, found in zip(every, threads.map(_hash_of_content, every), strict=True):
            digest.update(path.name.encode() + b"\0" + found)
    return digest.hexdigest()


def _hash_of_content(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
