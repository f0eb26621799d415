"""Scenes: a reference pair and a target pair from two cameras, or two shots from one camera on a tripod.

In the paper (supplement, section 1) the reference pair shows the scene at F16 in both cameras, the target pair
at a wide aperture (F1.8 - 5.6) in one camera and at F16 in the other. One camera on a tripod takes only the target
pair, one shot after the other; its shots are also called A (wide) and B (narrow).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from realdof.common.errors import InputError
from realdof.common.plain import quoted
from realdof.raw.develop import image_size
from realdof.raw.exif import Exif, read_exif

Camera = Literal["A", "B"]
CAMERAS: tuple[Camera, Camera] = ("A", "B")

Kind = Literal["reference", "target"]

Rig = Literal["dual", "single"]
"""Two cameras behind a beam splitter, or one camera on a tripod."""

Member = tuple[Kind, Camera]
"""A shot's position in a scene: its pair and its camera."""

MEMBERS: tuple[Member, ...] = (("reference", "A"), ("reference", "B"), ("target", "A"), ("target", "B"))

MEMBERS_OF: Mapping[Rig, tuple[Member, ...]] = {"dual": MEMBERS, "single": MEMBERS[2:]}
"""The members that a scene of each rig has."""

# A sixth of a stop: the finest steps that cameras write are thirds of a stop.
_SAME_APERTURE = 2 ** (1 / 12)

_COMPLETE: Mapping[Rig, str] = {
    "dual": "a scene has A and B in both reference and target",
    "single": "a scene has a wide and a narrow shot",
}

# Names that are valid file names on Windows, macOS and Linux, because results are named after scenes.
_PORTABLE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.() -]{0,99}")


@dataclass(frozen=True)
class Capture:
    """One shot: its file, its EXIF, and its height and width after development, px."""

    path: Path
    exif: Exif
    size: tuple[int, int]


@dataclass(frozen=True)
class Pair:
    """Two shots, one from each camera, triggered at the same time."""

    a: Capture
    b: Capture

    def of(self, camera: Camera) -> Capture:
        """Return the shot of one camera."""
        return self.a if camera == "A" else self.b


@dataclass(frozen=True)
class Scene:
    """A reference pair and a target pair; in the target pair the camera ``defocused`` was wide open.

    With one camera on a tripod, the target pair also serves as the reference pair.
    """

    name: str
    reference: Pair
    target: Pair
    defocused: Camera
    rig: Rig = "dual"

    @property
    def sharp(self) -> Camera:
        """The camera that took the all-in-focus image."""
        return "B" if self.defocused == "A" else "A"

    @property
    def pairs(self) -> dict[Kind, Pair]:
        """Both pairs by kind."""
        return {"reference": self.reference, "target": self.target}

    @property
    def captures(self) -> dict[Member, Capture]:
        """All shots by member."""
        return {(kind, camera): self.pairs[kind].of(camera) for kind, camera in MEMBERS_OF[self.rig]}


@dataclass(frozen=True)
class Complaint:
    """One sentence on what is wrong with a scene, or, if ``scene`` is None, with the whole folder or one shot.

    A fatal complaint says why the scene cannot be built, any other complaint what is doubtful about it.
    """

    scene: str | None
    sentence: str
    fatal: bool

    def __str__(self) -> str:
        return self.sentence if self.scene is None else f"scene {self.scene}: {self.sentence}"


def read_capture(path: Path) -> Capture:
    """Read a shot's EXIF and size without developing it.

    Raises
    ------
    InputError
        The file is missing, empty or truncated, or cannot be developed.
    """
    return Capture(path, read_exif(path), image_size(path))


def assemble_scene(
    name: str, files: Mapping[Member, Path], defocused: Camera | None = None, rig: Rig = "dual"
) -> Scene:
    """Assemble a scene from its four files, or from two of one camera on a tripod.

    Parameters
    ----------
    defocused
        The camera that was wide open in the target pair; None to read it from the apertures in the EXIF. With one
        camera on a tripod it is always A, the wide shot.

    Raises
    ------
    InputError
        The scene cannot be built from these files; the message does not repeat its name.
    """
    if not _PORTABLE_NAME.fullmatch(name) or name.endswith((".", " ")):
        raise InputError(f"{quoted(name)} is no portable file name; use letters, digits, '_', '-' and '.'")
    missing = [member for member in MEMBERS_OF[rig] if member not in files]
    if missing:
        raise InputError(f"{' and '.join(_place(member, rig) for member in missing)} missing; {_COMPLETE[rig]}")
    captures = {member: read_capture(files[member]) for member in MEMBERS_OF[rig]}
    _refuse_one_file_twice(captures, rig)
    _refuse_different_sizes(captures)
    target = Pair(captures["target", "A"], captures["target", "B"])
    if rig == "single":
        _refuse_swapped(target, "A")
        return Scene(name, target, target, "A", rig)
    if defocused is not None:
        _refuse_swapped(target, defocused)
    reference = Pair(captures["reference", "A"], captures["reference", "B"])
    return Scene(name, reference, target, defocused or _defocused_camera(target))


def same_aperture(first: float, second: float) -> bool:
    """Return whether two f-numbers differ by less than a sixth of a stop."""
    return max(first, second) / min(first, second) < _SAME_APERTURE


def _place(member: Member, rig: Rig) -> str:
    return "/".join(member) if rig == "dual" else {"A": "wide", "B": "narrow"}[member[1]]


def _refuse_swapped(target: Pair, defocused: Camera) -> None:
    """Refuse an all-in-focus image given as the defocused one; files without an aperture are accepted."""
    wide, sharp = target.of(defocused), target.of("B" if defocused == "A" else "A")
    f_number, other = wide.exif.f_number, sharp.exif.f_number
    if f_number is not None and other is not None and (f_number > other or same_aperture(f_number, other)):
        raise InputError(
            f"{wide.path.name} is given as the defocused image, but it has F{f_number:g} and {sharp.path.name} has "
            f"F{other:g}; the defocused image is the one of the wider aperture"
        )


def _refuse_one_file_twice(captures: Mapping[Member, Capture], rig: Rig) -> None:
    places: dict[Path, Member] = {}
    for member, capture in captures.items():
        first = places.setdefault(capture.path.resolve(), member)
        if first != member:
            places_given = f"{_place(first, rig)} and as {_place(member, rig)}"
            raise InputError(f"{capture.path} is given as {places_given}; give two files")


def _refuse_different_sizes(captures: Mapping[Member, Capture]) -> None:
    first = next(iter(captures.values()))
    for other in captures.values():
        if other.size != first.size:
            raise InputError(
                f"{other.path} is {_pixels(other)} and {first.path} is {_pixels(first)}; "
                "give files of one size and orientation, from cameras of one model"
            )


def _defocused_camera(target: Pair) -> Camera:
    a, b = target.a.exif.f_number, target.b.exif.f_number
    if a is None or b is None:
        lacking = target.a.path if a is None else target.b.path
        raise InputError(
            f"{lacking} does not say its aperture, which tells the defocused camera; name it in a list of scenes"
        )
    if same_aperture(a, b):
        raise InputError(
            f"the target pair has F{a:g} in {target.a.path.name} and F{b:g} in {target.b.path.name}; "
            "one camera must be wide open and the other at F16"
        )
    return "A" if a < b else "B"


def _pixels(capture: Capture) -> str:
    return f"{capture.size[1]}x{capture.size[0]}"
