"""Delete runs, or the output images of runs, that are not needed."""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmark import registry
from benchmark.results.run import OUTPUTS, Run
from realdof.common.errors import InputError


@dataclass(frozen=True)
class Removable:
    """A folder that may be deleted, with its run and its size in bytes."""

    run: Run
    place: Path
    size: int


def removable(runs: Iterable[Run], *, unfinished: bool, outdated: bool, outputs: bool) -> Iterator[Removable]:
    """Yield the folders to delete.

    Parameters
    ----------
    unfinished
        Whether to choose runs that stopped or had failures.
    outdated
        Whether to choose runs whose protocol has another version now, or is not installed.
    outputs
        Whether to delete only the output images of the chosen runs; of all runs if neither of the above is set.

    Raises
    ------
    InputError
        None of the three is set.
    """
    if not (unfinished or outdated or outputs):
        raise InputError("say what to prune: --unfinished, --outdated or --outputs")
    for run in runs:
        chosen = (unfinished and is_unfinished(run)) or (outdated and is_outdated(run))
        place = run.path / OUTPUTS if outputs else run.path
        if (chosen or not (unfinished or outdated)) and place.is_dir():
            yield Removable(run, place, size_on_disk(place))


def remove(item: Removable) -> None:
    """Delete a folder; the folders of the run's method and data set are deleted too if they become empty.

    Raises
    ------
    InputError
        The folder cannot be deleted, for example on a read-only disk.
    """
    try:
        if item.place.is_symlink():
            item.place.unlink()
        else:
            shutil.rmtree(item.place)
        if item.place != item.run.path:
            return
        for parent in (item.place.parent, item.place.parent.parent):
            if any(parent.iterdir()):
                return
            parent.rmdir()
    except OSError as error:
        raise InputError(f"cannot delete {item.place}: {error.strerror}; make its folder writable first") from error


def is_unfinished(run: Run) -> bool:
    """Return whether the run was stopped before its end, or an image failed."""
    summary = run.description.summary
    return not run.finished or summary is None or summary.done < run.settings.count


def is_outdated(run: Run) -> bool:
    """Return whether the run's protocol has another version now, or is not installed."""
    protocol = registry.find_protocol(run.settings.protocol)
    return protocol is None or protocol.version != run.settings.protocol_version


def size_on_disk(folder: Path) -> int:
    """Return the total size in bytes of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
