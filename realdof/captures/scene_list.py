"""Lists of scenes: a CSV file or a JSON list that says which files make up each scene.

The CSV columns, or keys of the JSON objects, are scene, reference_a, reference_b, target_a, target_b and, if the files
lack their apertures, defocused (A or B); with one camera on a tripod they are scene, wide and narrow. Paths are
relative to the list.
"""

import csv
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from realdof.captures.scene import CAMERAS, MEMBERS_OF, Camera, Member, Rig, Scene
from realdof.common.decode import read_text
from realdof.common.errors import InputError
from realdof.common.files import write_text
from realdof.common.plain import quoted

COLUMNS: Mapping[Rig, Mapping[Member, str]] = {
    "dual": {member: f"{member[0]}_{member[1].lower()}" for member in MEMBERS_OF["dual"]},
    "single": dict(zip(MEMBERS_OF["single"], ("wide", "narrow"), strict=True)),
}
"""The column of each member of a scene, by rig."""


@dataclass(frozen=True)
class Row:
    """One scene of a list or folder: its name, its files, and the defocused camera if given."""

    name: str
    files: Mapping[Member, Path]
    defocused: Camera | None = None


def read_scene_list(path: Path, rig: Rig = "dual") -> list[Row]:
    """Read a list of scenes; the files need not exist.

    Raises
    ------
    InputError
        The list cannot be read or understood, or names no scene.
    """
    rows = [_row(path, number, row, rig) for number, row in enumerate(_rows(path), start=1)]
    if not rows:
        raise InputError(f"{path} names no scene; give a row with scene, {', '.join(COLUMNS[rig].values())}")
    return rows


def write_scene_list(path: Path, scenes: Iterable[Scene]) -> None:
    """Write scenes of one rig as a CSV list that ``read_scene_list`` reads, with paths relative to it.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    scenes = list(scenes)
    rig: Rig = scenes[0].rig if scenes else "dual"
    table = StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["scene", *COLUMNS[rig].values(), *(["defocused"] if rig == "dual" else [])])
    for scene in scenes:
        shots = [Path(os.path.relpath(scene.captures[member].path, path.parent)).as_posix() for member in COLUMNS[rig]]
        rows.writerow([scene.name, *shots, *([scene.defocused] if rig == "dual" else [])])
    write_text(path, table.getvalue())


def _rows(path: Path) -> Sequence[Mapping[str, Any]]:
    text = read_text(path, "give a list of scenes, saved as UTF-8")
    if path.suffix.lower() == ".csv":
        try:
            return list(csv.DictReader(StringIO(text), strict=True))
        except csv.Error as error:
            raise InputError(f"{path} is no CSV file ({error}); save the list again") from error
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON file ({error}); save the list again") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f'{path} is no list of scenes; give [{{"scene": ..., "reference_a": ...}}, ...]')
    return rows


def _row(path: Path, number: int, row: Mapping[str, Any], rig: Rig) -> Row:
    columns = COLUMNS[rig]
    known = ("scene", *(["defocused"] if rig == "dual" else []), *columns.values())
    cells = {name: row.get(name) or "" for name in known}
    unfit = [name for name, cell in cells.items() if not isinstance(cell, str) or "\0" in cell]
    unknown = [name for name in row if name not in cells]
    if unfit or unknown or not cells["scene"]:
        words = f"unknown column {quoted(unknown[0])}" if unknown else f"no proper {unfit[0] if unfit else 'scene'}"
        raise InputError(f"{path}, row {number}: {words}; the columns are {', '.join(cells)}")
    given = cells.get("defocused", "")
    defocused = next((camera for camera in CAMERAS if camera == given.upper()), None)
    if given and defocused is None:
        raise InputError(f"{path}, row {number}: defocused is {quoted(given)}; give A, B or nothing")
    files = {member: path.parent / cells[name] for member, name in columns.items() if cells[name]}
    return Row(cells["scene"], files, defocused)
