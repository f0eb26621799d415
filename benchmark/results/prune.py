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
    """A folder that may be deleted: its run and its size in bytes."""

    run: Run
    place: Path
    size: int


def removable(runs: Iterable[Run], *, unfinished: bool, outdated: bool, outputs: bool) -> Iterator[Removable]:
    """The folders to delete.

    Parameters
    ----------
    unfinished
        Runs that stopped or had failures.
    outdated
        Runs under an older version of a protocol, or under one that is not installed.
    outputs
        Only the output images of the runs chosen; of all runs if neither of the above is asked for.

    Raises
    ------
    InputError
        Nothing is asked for.
    """
    if not (unfinished or outdated or outputs):
        raise InputError("say what to prune: --unfinished, --outdated or --outputs")
    for run in runs:
        chosen = (unfinished and is_unfinished(run)) or (outdated and is_outdated(run))
        place = run.path / OUTPUTS if outputs else run.path
        if (chosen or not (unfinished or outdated)) and place.is_dir():
            yield Removable(run, place, size_on_disk(place))


def remove(item: Removable) -> None:
    """Delete the folder; a run's method and data set go with it if they are empty then.

    Raises
    ------
    InputError
        It cannot be deleted, such as on a read-only disk.
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
    """Whether the run was stopped before its end, or an image failed."""
    summary = run.description.summary
    return not run.finished or summary is None or summary.done < run.settings.count


def is_outdated(run: Run) -> bool:
    """Whether the run's protocol has another version now, or is not installed."""
    protocol = registry.find_protocol(run.settings.protocol)
    return protocol is None or protocol.version != run.settings.protocol_version


def size_on_disk(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
