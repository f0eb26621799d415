"""The interface of a data set: a card, a folder, and a checked list of entries."""

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

from benchmark.datasets.card import DatasetCard
from realdof.common.errors import InputError
from realdof.common.files import cache_folder, open_regular
from realdof.common.plain import composed
from realdof.images.headers import Header, read_header

SMALLEST_SIDE = 64
"""px; smaller images are refused: the networks reduce images by 8 before they filter."""
Progress = Callable[[int, int], None]
"""Progress callback (done, total)."""
SUFFIXES = {".png", ".jpg", ".jpeg", ".jfif", ".tif", ".tiff"}


def no_progress(done: int, total: int) -> None:
    """Ignore progress; the default callback."""


@dataclass(frozen=True)
class Entry:
    """The files of one image.

    Parameters
    ----------
    name
        The image's name in its data set.
    image
        The defocused image.
    left, right
        The two dual-pixel views, where they exist.
    target
        The all-in-focus image, where it exists.
    groups
        The image's groups by kind, such as its scene or f-stop.
    target_name
        Name of the all-in-focus image, which several images may share; None if it is the image's own.
    output
        An existing output to score; None if a method is to deblur the image.
    """

    name: str
    image: Path
    left: Path | None = None
    right: Path | None = None
    target: Path | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
    target_name: str | None = None
    output: Path | None = None

    @property
    def files(self) -> dict[str, Path]:
        """The data set's files by role, without the output."""
        every = {"image": self.image, "left": self.left, "right": self.right, "target": self.target}
        return {role: path for role, path in every.items() if path is not None}

    def absolute(self) -> "Entry":
        """Return the entry with absolute paths, for processes with another working directory."""
        left, right, target, output = (
            None if path is None else path.absolute() for path in (self.left, self.right, self.target, self.output)
        )
        return replace(self, image=self.image.absolute(), left=left, right=right, target=target, output=output)


def entry_of(name: str, files: Mapping[str, Path]) -> Entry:
    """Make an entry from files by role: ``image``, and if they exist ``left``, ``right`` and ``target``."""
    return Entry(name, files["image"], files.get("left"), files.get("right"), files.get("target"))


class Dataset(ABC):
    """A data set in a folder. A subclass gives ``card`` and ``entries``.

    Parameters
    ----------
    root
        Folder of the images; None for the data set's default folder in the cache.
    """

    card: DatasetCard

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or self.default_root()

    @classmethod
    def default_root(cls) -> Path:
        """Return the data set's default folder in the cache.

        Raises
        ------
        InputError
            The data set has no default folder, so ``--root`` is needed.
        """
        return default_place(cls.card.name)

    @classmethod
    def is_here(cls) -> bool:
        """Return whether the data set's folder in the cache holds anything."""
        try:
            place = cls.default_root()
            return place.is_dir() and any(place.iterdir())
        except (InputError, OSError):
            return False

    @property
    def family(self) -> str:
        """Name of the data set that the images are from; a part or a split of one names the whole."""
        return self.card.name

    @property
    def of_papers(self) -> bool:
        """Whether published figures on a data set of this name were measured on these images."""
        return True

    def prepare(self, report: Progress = no_progress) -> None:  # noqa: B027
        """Make the images on disk, if the data set is rendered or developed here.

        Parameters
        ----------
        report
            Progress callback (images made, images in all).
        """

    @abstractmethod
    def entries(self) -> list[Entry]:
        """List every image's files, sorted by name.

        Raises
        ------
        InputError
            The folder is not this data set.
        """

    @cached_property
    def listed(self) -> list[Entry]:
        """`entries`, cached after the first call."""
        return self.entries()

    def identity(self, report: Progress = no_progress) -> str:
        """Return a hash that identifies the images: of every file's content, unless a subclass overrides it.

        The hash is part of a run's id; data sets with different hashes never share a table.

        Parameters
        ----------
        report
            Told how many files are hashed, and of how many.
        """
        # An all-in-focus image that several images share is hashed once.
        paths = dict.fromkeys(path for entry in self.listed for path in entry.files.values())
        return hash_of_files(paths, report)

    def check_whole(self) -> None:  # noqa: B027
        """Check that the data set has all the images it was published with; a `Subset` checks nothing here.

        Raises
        ------
        InputError
            Images are missing, or there are more than were published.
        """

    def check(self, headers: Mapping[str, Header]) -> None:  # noqa: B027
        """Check the image sizes and depths that this data set is known to have; `check_entries` checks the rest.

        Parameters
        ----------
        headers
            Each entry's name and the header of its defocused image.

        Raises
        ------
        InputError
            The size or depth of an image is not that of the data set.
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
        A file is missing, cut short, too small, or differs in size or orientation from its defocused image.
    """
    checked = {}
    read = cache(read_header)
    for entry in entries:
        header = read(entry.image)
        if min(header.height, header.width) < SMALLEST_SIDE:
            raise InputError(
                f"{entry.image} is {header.width}x{header.height}; images need at least {SMALLEST_SIDE} px on each side"
            )
        for role, path in entry.files.items():
            other = read(path)
            if (other.height, other.width) != (header.height, header.width):
                raise InputError(
                    f"{path} ({role}) is {other.width}x{other.height} but {entry.image} is "
                    f"{header.width}x{header.height}; the images of a pair must have one size"
                )
            if other.orientation != header.orientation:
                raise InputError(
                    f"{path} ({role}) has EXIF orientation {other.orientation} but {entry.image} has "
                    f"{header.orientation}; turn both upright and remove the tag, because scores compare stored pixels"
                )
        checked[entry.name] = header
    return checked


def default_place(name: str) -> Path:
    """Default folder of a fetched data set."""
    return cache_folder() / "datasets" / name


def list_images(folder: Path) -> dict[str, Path]:
    """List the images in a folder by name without suffix, sorted; hidden files are ignored.

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
        if any(letter < " " or "\ud800" <= letter < "\ue000" for letter in path.name):
            raise InputError(f"{str(path)!r} is not UTF-8, or has a control character in its name; rename the file")
        name = composed(path.stem)
        if name in found:
            raise InputError(f"{path} and {found[name]} share the name {name}; keep one of them")
        found[name] = path
    if not found:
        raise InputError(f"{folder} holds no images (PNG, JPEG or TIFF)")
    return found


def hash_of_files(paths: Iterable[Path], report: Progress = no_progress) -> str:
    """Compute one SHA-256 over the names and contents of files, in order.

    Parameters
    ----------
    report
        Told how many files are hashed, and of how many.
    """
    every = list(paths)
    digest = hashlib.sha256()
    with ThreadPoolExecutor() as threads:
        for done, (path, found) in enumerate(zip(every, threads.map(_hash_of_content, every), strict=True), 1):
            digest.update(os.fsencode(path.name) + b"\0" + found)
            report(done, len(every))
    return digest.hexdigest()


def _hash_of_content(path: Path) -> bytes:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").digest()
