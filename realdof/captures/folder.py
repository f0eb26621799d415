"""Scenes on disk, by folder or from a manifest, checked before anything is computed.

A capture folder holds one folder a scene::

    CAPTURES/<scene>/reference/A.ARW    CAPTURES/<scene>/target/A.ARW
    CAPTURES/<scene>/reference/B.ARW    CAPTURES/<scene>/target/B.ARW

with any suffix of ``SUFFIXES``; other files, such as sidecars, are ignored. A manifest is a CSV file with the
columns scene, reference_a, reference_b, target_a, target_b and, if the files do not say their apertures,
defocused (A or B), or a JSON list of objects with these keys; paths are relative to the manifest.
"""

import csv
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from realdof.captures.checks import doubts
from realdof.captures.scene import CAMERAS, MEMBERS, Camera, Complaint, Member, Scene, assemble_scene
from realdof.common.errors import InputError
from realdof.common.files import write_text
from realdof.raw.develop import DEVELOPED_SUFFIXES

_RAW_FORMATS = "3fr arw cr2 cr3 crw dcr dng erf fff iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl sr2 srf srw x3f"

RAW_SUFFIXES = frozenset(f".{name}" for name in _RAW_FORMATS.split())
"""Suffixes of the raw formats of cameras."""

SUFFIXES = RAW_SUFFIXES | DEVELOPED_SUFFIXES
"""Suffixes of the files that are looked for, in small letters."""

COLUMNS: Mapping[Member, str] = {member: f"{member[0]}_{member[1].lower()}" for member in MEMBERS}
"""The manifest's column for each member of a scene."""

Findings = tuple[list[Scene], list[Complaint]]
"""The scenes that can be built, and what is wrong with these and with others."""


def find_scenes(source: Path) -> Findings:
    """Find the scenes of a capture folder, or of a CSV or JSON manifest.

    Raises
    ------
    InputError
        ``source`` is neither, cannot be read, or names no scene at all.
    """
    if source.is_dir():
        return _in_folder(source)
    if source.suffix.lower() in (".csv", ".json"):
        return _in_manifest(source)
    if not source.exists():
        raise InputError(f"{source} does not exist; give a folder of scenes, or a manifest (.csv, .json)")
    raise InputError(f"{source} is neither a folder of scenes nor a manifest; give a folder, .csv or .json")


def write_manifest(path: Path, scenes: Iterable[Scene]) -> None:
    """Write scenes as a CSV manifest that ``find_scenes`` reads, with paths relative to it.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    table = StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["scene", *COLUMNS.values(), "defocused"])
    for scene in scenes:
        files = [Path(os.path.relpath(scene.captures[member].path, path.parent)).as_posix() for member in COLUMNS]
        rows.writerow([scene.name, *files, scene.defocused])
    write_text(path, table.getvalue())


def image_files(folder: Path) -> list[Path]:
    """Files of a folder that could be shots, by name; hidden ones are left out.

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


def _in_folder(folder: Path) -> Findings:
    try:
        folders = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    except OSError as error:
        raise InputError(f"cannot read {folder}: {error.strerror}; give a folder that can be read") from error
    if not any((scene / kind).is_dir() for scene in folders for kind in ("reference", "target")):
        _refuse_loose_shots(folder, folders)
    if not folders:
        raise InputError(
            f"{folder} holds no scenes; give a folder of <scene>/reference/A.ARW, <scene>/target/A.ARW etc."
        )
    rows: list[Row] = []
    complaints = []
    for scene in folders:
        try:
            rows.append((scene.name, _files_in(scene), None))
        except InputError as error:
            complaints.append(Complaint(scene.name, str(error), fatal=True))
    scenes, more = assemble_scenes(rows)
    return scenes, complaints + more


def _refuse_loose_shots(folder: Path, folders: Sequence[Path]) -> None:
    loose = next((place for place in (folder, *folders) if image_files(place)), None)
    if loose is not None:
        raise InputError(
            f"{loose} holds loose shots, not sorted into scenes; "
            f"sort them with realdof scan {loose} --manifest scenes.csv and give scenes.csv instead"
        )


def _files_in(scene: Path) -> dict[Member, Path]:
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


Row = tuple[str, dict[Member, Path], Camera | None]
"""A scene as it was found: its name, its files, the defocused camera if that is given."""


def assemble_scenes(rows: Sequence[Row]) -> Findings:
    """Put scenes together, and complain about those that cannot be and about what to doubt in the others."""
    scenes, complaints = [], []
    # Results are named after scenes, and some file systems take capital letters for small ones.
    times = Counter(name.casefold() for name, _, _ in rows)
    seen: set[str] = set()
    for name, files, defocused in rows:
        first, seen = name.casefold() not in seen, seen | {name.casefold()}
        if times[name.casefold()] > 1:
            sentence = f"{times[name.casefold()]} scenes are called that; give each a name of its own"
            complaints += [Complaint(name, sentence, fatal=True)] if first else []
            continue
        try:
            scenes.append(assemble_scene(name, files, defocused))
        except InputError as error:
            complaints.append(Complaint(name, str(error), fatal=True))
    return scenes, complaints + doubts(scenes)


def _in_manifest(path: Path) -> Findings:
    rows = [_manifest_row(path, number, row) for number, row in enumerate(_manifest_rows(path), start=1)]
    if not rows:
        raise InputError(f"{path} names no scene; give a row with scene, {', '.join(COLUMNS.values())}")
    return assemble_scenes(rows)


def _manifest_rows(path: Path) -> Sequence[Mapping[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; give a manifest that can be read") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text in UTF-8; save the manifest as UTF-8") from error
    if path.suffix.lower() == ".csv":
        try:
            return list(csv.DictReader(StringIO(text), strict=True))
        except csv.Error as error:
            raise InputError(f"{path} is no CSV file ({error}); save the manifest again") from error
    try:
        rows = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{path} is no JSON file ({error}); save the manifest again") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f'{path} is no list of scenes; give [{{"scene": ..., "reference_a": ...}}, ...]')
    return rows


def _manifest_row(path: Path, number: int, row: Mapping[str, Any]) -> Row:
    cells = {name: row.get(name) or "" for name in ("scene", "defocused", *COLUMNS.values())}
    unfit = [name for name, cell in cells.items() if not isinstance(cell, str) or "\0" in cell]
    unknown = [name for name in row if name not in cells]
    if unfit or unknown or not cells["scene"]:
        words = f"unknown column {unknown[0]!r}" if unknown else f"no proper {unfit[0] if unfit else 'scene'}"
        raise InputError(f"{path}, row {number}: {words}; the columns are {', '.join(cells)}")
    defocused = next((camera for camera in CAMERAS if camera == cells["defocused"].upper()), None)
    if cells["defocused"] and defocused is None:
        raise InputError(f"{path}, row {number}: defocused is {cells['defocused']!r}; give A, B or nothing")
    files = {member: path.parent / cells[name] for member, name in COLUMNS.items() if cells[name]}
    return cells["scene"], files, defocused
