"""The folder of a data set during a build: claim it, write scenes to it and skip finished scenes."""

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from realdof.common.errors import InputError
from realdof.common.files import sha256_of
from realdof.common.processes.claim import Claim, claimed
from realdof.dataset.croissant import write_croissant
from realdof.dataset.layout import (
    BUILD,
    CROISSANT,
    FOLDERS,
    MANIFEST,
    PICTURES,
    RECORDS,
    REPORT,
    Role,
    Stage,
    image_path,
    record_path,
    scene_paths,
    stage_path,
)
from realdof.dataset.manifest import (
    Build,
    Manifest,
    OutputFile,
    SceneRecord,
    read_build,
    read_record,
    without_maps,
    write_record,
)
from realdof.images.files import write_pixels

# Names that `realdof.common.files.atomic_path` gives to files until they are complete.
_LEFTOVERS = (".*-????????.png", ".*-????????.json", ".*-????????.html")


@dataclass(frozen=True)
class Finished:
    """A scene's record without its maps, and the SHA-256 of the record's file with them."""

    record: SceneRecord
    sha256: str


@contextmanager
def claimed_folder(
    out: Path, captures: Path, build: Build, scenes: Set[str], report: Callable[[str], None] = lambda sentence: None
) -> Iterator[Claim]:
    """Begin or continue a build for the duration of a ``with`` block; remove the manifest until the build is finished.

    Folders that were created and stay empty are removed again.

    Parameters
    ----------
    scenes
        Names of all scenes of the captures, including unusable ones.
    report
        See ``realdof.common.processes.claim.claimed``.

    Raises
    ------
    InputError
        The folder lies within the captures, holds something other than a data set, is in use by another process, was
        built with other settings or software, holds a scene that the captures lack, or cannot be written to.
    """
    place, source = out.resolve(), captures.resolve()
    if place == source or source in place.parents:
        raise InputError(f"{out} lies within the captures {captures}; give a folder outside of them")
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        _make(out)
        with claimed(out, report) as claim:
            _open(out, build, scenes)
            yield claim
    finally:
        for folder in made:
            with contextlib.suppress(OSError):
                folder.rmdir()


def finished_scene(out: Path, scene: str, identity: str) -> Finished | None:
    """Return the scene if it is already built from the inputs and settings of this build; else ``None``.

    Parameters
    ----------
    identity
        The ``SceneRecord.identity`` that the scene would have if it were built now.
    """
    record = _finished(out, scene)
    return None if record is None or record.identity != identity else _told(out, record)


def finish_scene(out: Path, record: SceneRecord) -> Finished:
    """Write a scene's record, the last of its files; raise InputError if it cannot be written."""
    write_record(record_path(out, record.name), record)
    return _told(out, record)


def write_images(out: Path, scene: str, images: Mapping[Role, np.ndarray]) -> dict[Role, OutputFile]:
    """Write a scene's images, uint16 (H, W, 3); raise InputError if one cannot be written."""
    return {role: _written(out, image_path(out, scene, role), pixels) for role, pixels in images.items()}


def write_stages(out: Path, scene: str, images: Mapping[Stage, np.ndarray]) -> dict[Stage, OutputFile]:
    """Write a scene's intermediate images; see ``write_images``."""
    return {stage: _written(out, stage_path(out, scene, stage), pixels) for stage, pixels in images.items()}


def remove_scene(out: Path, scene: str) -> None:
    """Remove a scene's record, then its images; do nothing for a name that is not a valid file name.

    Raises
    ------
    InputError
        A file cannot be removed.
    """
    try:
        paths = scene_paths(out, scene)
    except InputError:
        return
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise InputError(f"cannot remove {path}: {error.strerror}; give a folder that can be written to") from error


def finish_folder(out: Path, manifest: Manifest) -> None:
    """Complete the data set: write its manifest and its Croissant metadata."""
    # Workers that outlived a killed build for a moment may have left more temporary files.
    _remove_leftovers(out)
    write_record(out / MANIFEST, manifest)
    write_croissant(out, manifest)


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to {out}: {error.strerror}; give a folder that can be written to") from error


def _open(out: Path, build: Build, scenes: Set[str]) -> None:
    if (out / BUILD).is_file():
        _refuse_other_build(out, read_build(out), build)
        _refuse_strangers(out, scenes)
    elif any(not path.name.startswith(".") for path in out.iterdir()):
        raise InputError(f"{out} is not empty and holds no data set; give a new or empty folder")
    try:
        _remove_leftovers(out)
        # The report shows scenes as they were before this build.
        for name in (MANIFEST, CROISSANT, REPORT):
            (out / name).unlink(missing_ok=True)
        if (out / PICTURES).exists():
            shutil.rmtree(out / PICTURES)
    except OSError as error:
        raise InputError(f"cannot write to {out}: {error.strerror}; give a folder that can be written to") from error
    write_record(out / BUILD, build)


def _told(out: Path, record: SceneRecord) -> Finished:
    return Finished(without_maps(record), sha256_of(record_path(out, record.name)))


def _finished(out: Path, scene: str) -> SceneRecord | None:
    """Return a scene's record if all files that it names are unchanged; else ``None``."""
    if not record_path(out, scene).is_file():
        return None
    try:
        record = read_record(out, scene)
    except InputError:
        return None
    files = [(out / image.file, image.sha256) for image in (*record.outputs.values(), *record.stages.values())]
    return record if all(path.is_file() and sha256_of(path) == digest for path, digest in files) else None


def _written(out: Path, path: Path, pixels: np.ndarray) -> OutputFile:
    write_pixels(path, pixels)
    height, width = pixels.shape[:2]
    return OutputFile(
        file=path.relative_to(out).as_posix(),
        sha256=sha256_of(path),
        height=height,
        width=width,
        bits=8 * pixels.dtype.itemsize,
    )


def _remove_leftovers(out: Path) -> None:
    folders = [out, *(out / name for name in FOLDERS), *out.glob("stages/*")]
    for path in (path for folder in folders for pattern in _LEFTOVERS for path in folder.glob(pattern)):
        path.unlink(missing_ok=True)


def _refuse_other_build(out: Path, old: Build, new: Build) -> None:
    before, now = _facts(old), _facts(new)
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if names:
        words = ", ".join(f"{name.replace('_', ' ')} {before.get(name)}, not {now.get(name)}" for name in names)
        raise InputError(f"{out} was built with {words}; give the same settings and software, or another folder")


def _facts(build: Build) -> dict[str, object]:
    facts = {"pipeline": build.pipeline, "keeps_stages": build.keeps_stages}
    return {**build.settings.model_dump(), **build.software, **facts}


def _refuse_strangers(out: Path, scenes: Set[str]) -> None:
    strangers = sorted(path.stem for path in (out / RECORDS).glob("[!.]*.json") if path.stem not in scenes)
    if strangers:
        raise InputError(
            f"{out} holds the scene {strangers[0]}, which the captures do not; "
            "give another folder, or the captures it was built from"
        )
