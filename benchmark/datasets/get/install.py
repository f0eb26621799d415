"""Install a published data set: download its archive or use a local one, check its hash, unpack and check it."""

import json
import secrets
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from benchmark.datasets.base import Dataset, check_entries
from benchmark.datasets.card import Archive
from benchmark.datasets.get.archive import DamagedArchive, check_whole, unpack
from benchmark.datasets.get.fetch import fetch
from benchmark.datasets.get.start import Starting, nobody
from realdof.common.download import Connection, Progress, shown
from realdof.common.errors import InputError
from realdof.common.files import cache_folder, sha256_of, write_json

Report = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Fetched:
    """The record of an archive: the SHA-256 that later files of its name must have, its size and its origin."""

    sha256: str
    bytes: int
    origin: str


def install(
    factory: type[Dataset],
    root: Path | None,
    *,
    file: Path | None = None,
    mirrors: tuple[str, ...] = (),
    progress: Progress | None = None,
    unpacking: Report = lambda done, total: None,
    starting: Starting = nobody,
) -> Path:
    """Install a published data set in a folder; the folder appears complete and checked, or not at all.

    Parameters
    ----------
    root
        Folder to install into; None for the default folder in the cache.
    file
        A local archive to use instead of a download.
    mirrors
        URLs to use instead of the card's.
    progress, unpacking
        Progress callbacks of the download and of the unpacking.
    starting
        Called with the size and the free space before a download.

    Returns
    -------
    Path
        The data set's folder.

    Raises
    ------
    InputError
        The archive cannot be downloaded, differs from the recorded one, cannot be unpacked, or is not this data set;
        or the folder already holds something else.
    """
    card = factory.card
    place = root or factory.default_root()
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        _check(factory(place), f"{place} is not empty, and is not {card.title} either")
        return place
    if card.archive is None and card.by_hand:
        raise InputError(f"data set {card.name} has no direct download. {card.by_hand}")
    if card.archive is None:
        raise InputError(f"data set {card.name} is published nowhere; there is nothing to get")
    archive = replace(card.archive, mirrors=mirrors) if mirrors else card.archive
    right = partial(_check_hash, archive=archive)
    path = file or fetch(archive, downloads(), Connection(), right, progress, starting)
    if file is not None:
        _check_hash(file, archive)
    try:
        _unpack_and_check(factory, path, place, archive, unpacking)
    except DamagedArchive:
        if file is None:
            path.unlink()
        raise
    _record(path, archive, str(file.name) if file else ", ".join(shown(url) for url in archive.mirrors))
    if file is None:
        path.unlink()
    return place


def downloads() -> Path:
    """Return the folder of archives during their download; the records of their hashes stay there."""
    return cache_folder() / "downloads"


def known_hash(archive: Archive) -> Fetched | None:
    """Return the SHA-256 that an archive must have: the card's, or that of the first one unpacked; None if unknown.

    Raises
    ------
    InputError
        The record is damaged.
    """
    if archive.sha256 is not None:
        return Fetched(archive.sha256, 0, "the data set's card")
    path = _record_path(archive)
    try:
        return Fetched(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, RecursionError, OSError) as error:
        raise InputError(f"{path} is damaged ({error}); remove it to trust the next {archive.name}") from error


def _check_hash(path: Path, archive: Archive) -> None:
    try:
        check_whole(path)
        known, found = known_hash(archive), sha256_of(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    if known is not None and found != known.sha256:
        advice = "" if archive.sha256 else f"; if its publisher has changed it, remove {_record_path(archive)}"
        raise InputError(
            f"{path.name}, another file than the {archive.name} known from {known.origin}: its SHA-256 begins "
            f"{found[:12]}, not {known.sha256[:12]}{advice}"
        )


def _record(path: Path, archive: Archive, origin: str) -> None:
    if known_hash(archive) is None:
        write_json(_record_path(archive), asdict(Fetched(sha256_of(path), path.stat().st_size, origin)))


def _record_path(archive: Archive) -> Path:
    return downloads() / f"{archive.name}.sha256.json"


def _unpack_and_check(factory: type[Dataset], path: Path, place: Path, archive: Archive, report: Report) -> None:
    # Unpack beside the final folder: a rename is atomic only within one file system.
    temporary = place.with_name(f"{place.name}.unpacking-{secrets.token_hex(4)}")
    try:
        temporary.mkdir(parents=True)
        unpack(path, temporary, archive.limits, report)
        _check(factory(temporary), f"{path} was unpacked but is not {factory.card.title}")
        if place.is_dir():
            place.rmdir()
        temporary.rename(place)
    except OSError as error:
        raise InputError(f"cannot write {place}: {error.strerror or error}; give another --root") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _check(dataset: Dataset, problem: str) -> None:
    try:
        dataset.prepare()
        dataset.check_whole()
        dataset.check(check_entries(dataset.listed))
    except InputError as error:
        raise InputError(f"{problem}: {error}") from error
