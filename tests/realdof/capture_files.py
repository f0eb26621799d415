"""Capture folders and lists of scenes for tests: files of a few pixels with the EXIF that matters."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from realdof.captures.folder import find_scenes
from realdof.captures.scene import MEMBERS, Member
from realdof.raw.exif import Exif
from realdof.raw.write import write_arw

NOON = datetime(2020, 11, 14, 12)


SERIALS = {"A": "3374840", "B": "3374841"}


COLUMNS = ("reference_a", "reference_b", "target_a", "target_b")


def shot(member: Member, defocused: str = "A", minute: float = 0, **changes: Any) -> Exif:
    """What a camera writes: F16 unless it is the wide-open one, the target 20 s after the reference."""
    kind, camera = member
    wide = kind == "target" and camera == defocused
    seconds = 60 * minute + (20 if kind == "target" else 0) + (0.004 if camera == "B" else 0)
    exif = Exif(
        body_serial=SERIALS[camera],
        time=NOON + timedelta(seconds=seconds),
        time_step=0.001,
        exposure_time=1 / 125,
        f_number=1.8 if wide else 16,
        iso=100 if wide else 8000,
        focal_length=135,
    )
    return replace(exif, **changes)


def write_shot(path: Path, exif: Exif, shape: tuple[int, int] = (22, 24)) -> None:
    write_arw(path, np.full(shape, 600, np.uint16), exif, (2.0, 1.0, 1.5))


def write_scene(folder: Path, changes: dict[Member, dict[str, Any]] | None = None, **common: Any) -> None:
    for member in MEMBERS:
        exif = shot(member, **common)
        write_shot(folder.joinpath(*member).with_suffix(".ARW"), replace(exif, **(changes or {}).get(member, {})))


def fatal(folder: Path) -> str:
    """The one sentence that says why the only scene cannot be built."""
    scenes, complaints = find_scenes(folder)
    assert scenes == []
    (complaint,) = complaints
    assert complaint.fatal
    return str(complaint)


def doubt(folder: Path) -> str:
    """The one sentence that says what to doubt about the only scene."""
    scenes, complaints = find_scenes(folder)
    assert len(scenes) == 1
    (complaint,) = complaints
    assert not complaint.fatal
    return str(complaint)


def listed(folder: Path) -> Iterator[dict[str, str]]:
    for name in ("tree", "wall"):
        write_scene(folder / "shots" / name)
        files = (f"shots/{name}/{kind}/{camera}.ARW" for kind, camera in MEMBERS)
        yield {"scene": name, **dict(zip(COLUMNS, files, strict=True))}


def write_loose(folder: Path, name: str, exif: Exif) -> None:
    write_shot(folder / f"{name}.ARW", exif)


def write_session(folder: Path, scenes: int, clock: float = 0.0) -> None:
    """Loose shots of several scenes, numbered by each camera on its own."""
    for minute in range(scenes):
        for number, (kind, camera) in enumerate(MEMBERS):
            exif = shot((kind, camera), defocused="AB"[minute % 2], minute=minute)
            assert exif.time is not None
            late = timedelta(seconds=clock if camera == "B" else 0)
            write_loose(folder, f"{camera}_{2 * minute + number // 2:04d}", replace(exif, time=exif.time + late))
