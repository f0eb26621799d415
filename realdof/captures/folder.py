"""Find scenes in a capture folder or a list, and check them before anything is computed.

A capture folder of two cameras behind a beam splitter holds one folder per scene::

    CAPTURES/<scene>/reference/A.ARW    CAPTURES/<scene>/target/A.ARW
    CAPTURES/<scene>/reference/B.ARW    CAPTURES/<scene>/target/B.ARW

and one of a single camera on a tripod::

    CAPTURES/<scene>/wide.ARW    CAPTURES/<scene>/narrow.ARW

with any suffix of ``SUFFIXES``; other files, such as sidecars, are ignored.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from realdof.captures.checks import doubts
from realdof.captures.scene import MEMBERS, Complaint, Member, Rig, Scene, assemble_scene
from realdof.captures.scene_list import Row, read_scene_list
from realdof.common.errors import InputError
from realdof.raw.develop import DEVELOPED_SUFFIXES

_RAW_FORMATS = "3fr arw cr2 cr3 crw dcr dng erf fff iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl sr2 srf srw x3f"

RAW_SUFFIXES = frozenset(f".{name}" for name in _RAW_FORMATS.split())
"""Suffixes of cameras' raw formats, in lower case."""

SUFFIXES = RAW_SUFFIXES | DEVELOPED_SUFFIXES
"""Suffixes of the files that can be shots, in lower case."""

Findings = tuple[list[Scene], list[Complaint]]
"""The scenes that can be built, and complaints about these and about scenes that cannot."""

_LAYOUT = {
    "dual": "<scene>/reference/A.ARW, <scene>/target/A.ARW etc.",
    "single": "<scene>/wide.ARW and <scene>/narrow.ARW",
}


def find_scenes(source: Path, rig: Rig = "dual") -> Findings:
    """Find the scenes of a capture folder, or of a list in CSV or JSON (``realdof.captures.scene_list``).

    Raises
    ------
    InputError
        ``source`` is neither a folder nor a list, cannot be read, or names no scene.
    """
    if source.is_dir():
        return _in_folder(source, rig)
    if source.suffix.lower() in (".csv", ".json"):
        return assemble_scenes(read_scene_list(source, rig), rig)
    if not source.exists():
        raise InputError(f"{source} does not exist; give a folder of scenes, or a list of them (.csv, .json)")
    raise InputError(f"{source} is neither a folder of scenes nor a list of them; give a folder, .csv or .json")


def image_files(folder: Path) -> list[Path]:
    """Return the files of a folder that can be shots, sorted by name, without hidden files.

    Raises
    ------
    InputError
        The folder cannot be read.
    """
    try:
        names = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"cannot read {folder}: {error.strerror}; give a folder that can be read") from error
    return [p for p in names if p.suffix.lower() in SUFFIXES and not p.name.startswith(".") and p.is_file()]


def assemble_scenes(rows: Sequence[Row], rig: Rig = "dual") -> Findings:
    """Assemble scenes; return them with complaints about scenes that cannot be built and doubts about the others."""
    scenes, complaints = [], []
    # Results are named after scenes, and some file systems do not distinguish capital letters.
    times = Counter(row.name.casefold() for row in rows)
    for row in rows:
        if times[row.name.casefold()] > 1:
            complaint = Complaint(row.name, _same_name(row.name, rows), fatal=True)
            complaints += [complaint] if complaint not in complaints else []
            continue
        try:
            scenes.append(assemble_scene(row.name, row.files, row.defocused, rig))
        except InputError as error:
            complaints.append(Complaint(row.name, str(error), fatal=True))
    return scenes, complaints + doubts(scenes)


def _same_name(name: str, rows: Sequence[Row]) -> str:
    names = [row.name for row in rows if row.name.casefold() == name.casefold()]
    if names.count(name) == len(names):
        return f"{len(names)} scenes are called that; give each a name of its own"
    others = " and ".join(sorted(set(names) - {name}))
    return f"its name differs from {others} in capital letters only, which macOS and Windows take for one; rename it"


def _in_folder(folder: Path, rig: Rig) -> Findings:
    try:
        folders = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    except OSError as error:
        raise InputError(f"cannot read {folder}: {error.strerror}; give a folder that can be read") from error
    if rig == "dual" and not any((scene / kind).is_dir() for scene in folders for kind in ("reference", "target")):
        _refuse_loose_shots(folder, folders)
    if rig == "single" and folders and all((scene / "reference").is_dir() for scene in folders):
        raise InputError(f"{folders[0]} holds a reference and a target pair, of two cameras; leave out --rig single")
    if not folders:
        raise InputError(f"{folder} holds no scenes; give a folder of {_LAYOUT[rig]}")
    rows: list[Row] = []
    complaints = []
    for scene in folders:
        try:
            rows.append(Row(scene.name, _files_of_pairs(scene) if rig == "dual" else _wide_and_narrow(scene)))
        except InputError as error:
            complaints.append(Complaint(scene.name, str(error), fatal=True))
    scenes, more = assemble_scenes(rows, rig)
    return scenes, complaints + more


def _refuse_loose_shots(folder: Path, folders: Sequence[Path]) -> None:
    loose = next((place for place in (folder, *folders) if image_files(place)), None)
    if loose is not None and {path.stem.lower() for path in image_files(loose)} == {"wide", "narrow"}:
        raise InputError(f"{loose} holds a wide and a narrow shot, of one camera; give --rig single")
    if loose is not None:
        raise InputError(
            f"{loose} holds loose shots, not sorted into scenes; "
            f"sort them with realdof scan {loose} --manifest scenes.csv and give scenes.csv instead"
        )


def _files_of_pairs(scene: Path) -> dict[Member, Path]:
    files: dict[Member, Path] = {}
    for kind in ("reference", "target"):
        if not (scene / kind).is_dir():
            continue
        for path in image_files(scene / kind):
            member = next((m for m in MEMBERS if m == (kind, path.stem.upper())), None)
            if member is None:
                raise InputError(f"{path} is of neither camera; name the files A and B")
            if member in files:
                raise InputError(f"{files[member]} and {path} are both of camera {member[1]}; leave one")
            files[member] = path
    return files


def _wide_and_narrow(scene: Path) -> dict[Member, Path]:
    files: dict[Member, Path] = {}
    members: dict[str, Member] = {"wide": ("target", "A"), "narrow": ("target", "B")}
    for path in image_files(scene):
        member = members.get(path.stem.lower())
        if member is None:
            raise InputError(f"{path} is neither the wide nor the narrow shot; name the two files wide and narrow")
        if member in files:
            raise InputError(f"{files[member]} and {path} are both the {path.stem.lower()} shot; leave one")
        files[member] = path
    return files
