"""Helpers for the folders of published data sets: find the images, pair them, and check number, size and depth."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmark.datasets.base import SUFFIXES, Entry
from realdof.common.errors import InputError
from realdof.images.headers import Header, read_header

DEEPEST = 2
"""Levels of folders that archives may put around a data set, such as ``DPDD/DPDD/test_c``."""
SHOWN = 6
"""Number of names that an error message lists."""


def find_layout(root: Path, folders: tuple[str, ...], title: str) -> Path:
    """Find the folder that holds a data set's folders: ``root``, or a folder inside it that the archive added.

    Parameters
    ----------
    folders
        Names of the folders that must all exist, possibly with ``/`` in them.
    title
        The data set's title, for error messages.

    Raises
    ------
    InputError
        No such folder exists, or two do.
    """
    return find_one_of(root, (folders,), title)[1]


def find_one_of(root: Path, layouts: Sequence[tuple[str, ...]], title: str) -> tuple[tuple[str, ...], Path]:
    """Find which of a data set's known layouts a folder has; return that layout and the folder that holds it.

    Parameters
    ----------
    layouts
        Names of the folders of each layout, the published layout first; the first that fits is returned.

    Raises
    ------
    InputError
        No layout fits, or one fits twice.
    """
    for folders in layouts:
        found = _only(root, partial(_has, folders), title)
        if found is not None:
            return folders, found
    right = ", nor ".join(" and ".join(folders) for folders in layouts)
    raise InputError(f"{root} is not {title}: it has no folders {right}; {what_is_in(root)}")


def what_is_in(folder: Path) -> str:
    """List the first names in a folder, for error messages."""
    names = sorted(f"{path.name}/" if path.is_dir() else path.name for path in folder.iterdir())
    names = [name for name in names if not name.startswith(".")]
    if not names:
        return "it is empty"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"it holds {', '.join(names[:SHOWN])}{more}"


def find_images(root: Path, title: str) -> Path:
    """Find the folder that holds a flat data set's images: ``root``, or one inside it; raises as `find_layout`."""
    found = _only(root, lambda folder: any(path.suffix.lower() in SUFFIXES for path in folder.iterdir()), title)
    if found is None:
        raise InputError(f"{root} is not {title}: it holds no images (PNG, JPEG or TIFF)")
    return found


def _has(names: tuple[str, ...], folder: Path) -> bool:
    return all((folder / name).is_dir() for name in names)


def _only(root: Path, is_it: Callable[[Path], bool], title: str) -> Path | None:
    if not root.is_dir():
        raise InputError(f"there is no folder {root}; give {title} with --root, or fetch it with data get")
    level = [root]
    for _ in range(DEEPEST + 1):
        found = [folder for folder in level if is_it(folder)]
        if len(found) > 1:
            raise InputError(f"{root} holds {title} twice, in {found[0]} and {found[1]}; give one of them with --root")
        if found:
            return found[0]
        level = [sub for folder in level for sub in sorted(folder.iterdir()) if sub.is_dir() and sub.name[0] != "."]
    return None


def pair_in_order(sources: Mapping[str, Path], partners: Mapping[str, Path], largest_gap: int) -> dict[str, Path]:
    """Pair two folders' images by their sorted order, and check that their frame numbers agree.

    Parameters
    ----------
    sources, partners
        Path by name without suffix, sorted.
    largest_gap
        Largest difference between the last numbers in two paired names: in DPDD they differ by one or two shots.

    Returns
    -------
    dict
        Partner by the source's name.

    Raises
    ------
    InputError
        One folder has more images than the other, or the numbers of a pair differ by more than ``largest_gap``.
    """
    if len(sources) != len(partners):
        one, other = (next(iter(paths.values())).parent for paths in (sources, partners))
        raise InputError(f"{one} holds {len(sources)} images but {other} {len(partners)}; each needs a partner")
    paired = {}
    for (name, source), (partner_name, partner) in zip(sources.items(), partners.items(), strict=True):
        number, partner_number = _number(name), _number(partner_name)
        agree = name == partner_name
        if number is not None and partner_number is not None:
            agree = abs(number - partner_number) <= largest_gap
        if not agree:
            raise InputError(
                f"{source} meets {partner.name} of {partner.parent} in the sorted order, which is no partner of it: "
                f"their numbers may differ by {largest_gap} at most; a file is missing, renamed or left over"
            )
        paired[name] = partner
    return paired


def check_count(
    found: Iterable[object], expected: int, title: str, folder: Path, known: Mapping[int, str] | None = None
) -> None:
    """Raise `InputError` unless a published data set has as many images as it was published with.

    Parameters
    ----------
    known
        A sentence about an incomplete copy in circulation, by its number of images.
    """
    count = len(list(found))
    if count != expected:
        copy = f" ({known[count]})" if known and count in known else ""
        raise InputError(
            f"{folder} holds {count} images, {title} has {expected}{copy}; complete it, or run on what there is with "
            "--dataset folder or --subset"
        )


def check_size(headers: Mapping[str, Header], size: tuple[int, int], title: str, root: Path) -> None:
    """Raise `InputError` unless every image has this size (height and width, px), in landscape or portrait."""
    for name, header in headers.items():
        if sorted((header.height, header.width)) != sorted(size):
            raise InputError(
                f"{name} of {title} in {root} is {header.width}x{header.height}; its images are {size[1]}x{size[0]}; "
                "run on others with --dataset folder"
            )


def check_bits(entries: Iterable[Entry], bits: int, title: str) -> None:
    """Raise `InputError` unless every image has this number of bits a channel."""
    for path in dict.fromkeys(path for entry in entries for path in entry.files.values()):
        if (found := read_header(path).bits) != bits:
            raise InputError(f"{path} has {found} bits a channel; the images of {title} have {bits}")


def check_depth(entries: Iterable[Entry], title: str) -> None:
    """Raise `InputError` unless all images have the same number of bits a channel."""
    first: tuple[Path, int] | None = None
    for path in (path for entry in entries for path in entry.files.values()):
        bits = read_header(path).bits
        first = first or (path, bits)
        if bits != first[1]:
            raise InputError(
                f"{path} has {bits} bits a channel but {first[0]} has {first[1]}; {title} is all 8-bit or all 16-bit"
            )


def _number(name: str) -> int | None:
    digits = re.findall(r"\d+", name)
    return int(digits[-1]) if digits else None
