"""The folder of a data set while it is built: whose it is, what a killed build left, what makes it whole."""

import fcntl
import os
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from realdof.common.errors import InputError
from realdof.dataset.croissant import write_croissant
from realdof.dataset.manifest import BUILD, CROISSANT, MANIFEST, Build, Manifest, read_build, write_dataclass

_FOLDERS = ("source", "target", "reference", "scenes", "stages/*")
# Names that `realdof.common.files.atomic_path` gives to files until they are whole.
_LEFTOVERS = (".*-????????.png", ".*-????????.json")


@contextmanager
def locked(out: Path, captures: Path) -> Iterator[None]:
    """Make the folder, and keep other builds out of it; the lock ends with the process, however that ends.

    Raises
    ------
    InputError
        It cannot be made, lies among the captures, or another build is writing to it.
    """
    if out == captures or captures in out.parents:
        raise InputError(f"{out} lies within the captures {captures}; give a folder outside of them")
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(out, os.O_RDONLY)
    except OSError as error:
        raise InputError(f"cannot write to {out}: {error.strerror}; give a folder that can be written to") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"another build is writing to {out}; wait for it, or give another folder") from error
        yield
    finally:
        os.close(handle)


def open_folder(out: Path, build: Build, scenes: Set[str]) -> None:
    """Begin or continue a build: until it is finished the folder has no manifest.

    Parameters
    ----------
    scenes
        Names of all scenes of the captures, usable or not.

    Raises
    ------
    InputError
        The folder is in use for something else, was built with other settings or software, holds a scene that the
        captures do not have, or cannot be written to.
    """
    if (out / BUILD).is_file():
        _refuse_other_build(out, read_build(out), build)
        _refuse_strangers(out, scenes)
    elif any(not path.name.startswith(".") for path in out.iterdir()):
        raise InputError(f"{out} is not empty and holds no data set; give a new or empty folder")
    try:
        _remove_leftovers(out)
        (out / MANIFEST).unlink(missing_ok=True)
        (out / CROISSANT).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to {out}: {error.strerror}; give a folder that can be written to") from error
    write_dataclass(out / BUILD, build)


def finish_folder(out: Path, manifest: Manifest) -> None:
    """Write what makes the data set whole."""
    # Workers that outlived a killed build for a moment may have left more since the beginning.
    _remove_leftovers(out)
    write_dataclass(out / MANIFEST, manifest)
    write_croissant(out, manifest)


def _remove_leftovers(out: Path) -> None:
    for folder in (out, *(found for pattern in _FOLDERS for found in out.glob(pattern))):
        for pattern in _LEFTOVERS:
            for path in folder.glob(pattern):
                path.unlink(missing_ok=True)


def _refuse_other_build(out: Path, old: Build, new: Build) -> None:
    before = asdict(old.settings) | old.software | {"pipeline": old.pipeline}
    now = asdict(new.settings) | new.software | {"pipeline": new.pipeline}
    names = [name for name in now if before.get(name) != now[name]]
    if names or before.keys() != now.keys():
        words = ", ".join(f"{name.replace('_', ' ')} {before.get(name)}, not {now[name]}" for name in names)
        raise InputError(f"{out} was built with {words}; give the same settings and software, or another folder")


def _refuse_strangers(out: Path, scenes: Set[str]) -> None:
    strangers = sorted(path.stem for path in (out / "scenes").glob("[!.]*.json") if path.stem not in scenes)
    if strangers:
        raise InputError(
            f"{out} holds the scene {strangers[0]}, which the captures do not; "
            "give another folder, or the captures it was built from"
        )
