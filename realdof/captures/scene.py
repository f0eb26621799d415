"""A scene: a reference pair and a target pair of two cameras, or two shots of one camera on a tripod.

The paper's supplement, section 1: the reference pair shows the scene at F16 in both cameras, the target pair
at a wide aperture (F1.8 - 5.6) in one camera and at F16 in the other. One camera on a tripod takes the target pair
alone, one shot after the other; its members are called A (wide) and B (narrow) all the same.
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
"""A place in a scene: which pair, which camera."""

MEMBERS: tuple[Member, ...] = (("reference", "A"), ("reference", "B"), ("target", "A"), ("target", "B"))

MEMBERS_OF: Mapping[Rig, tuple[Member, ...]] = {"dual": MEMBERS, "single": MEMBERS[2:]}
"""The places that are filled, by rig."""

# Six apertures between two full stops: cameras write a third of a stop at the finest.
_SAME_APERTURE = 2 ** (1 / 12)

_COMPLETE: Mapping[Rig, str] = {
    "dual": "a scene has A and B in both reference and target",
    "single": "a scene has a wide and a narrow shot",
}

# What Windows, macOS and Linux all take for a file name; results are named after scenes.
_PORTABLE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.() -]{0,99}")


@dataclass(frozen=True)
class Capture:
    """One shot: its file, what the camera wrote about it, its height and width in px once developed."""

    path: Path
    exif: Exif
    size: tuple[int, int]


@dataclass(frozen=True)
class Pair:
    """Two shots, one of each camera, triggered at once."""

    a: Capture
    b: Capture

    def of(self, camera: Camera) -> Capture:
        """The shot of one camera."""
        return self.a if camera == "A" else self.b


@dataclass(frozen=True)
class Scene:
    """A reference pair and a target pair, in which the camera ``defocused`` was wide open.

    The target pair of one camera on a tripod is its own reference pair.
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
        """Both pairs by their names."""
        return {"reference": self.reference, "target": self.target}

    @property
    def captures(self) -> dict[Member, Capture]:
        """All shots."""
        return {(kind, camera): self.pairs[kind].of(camera) for kind, camera in MEMBERS_OF[self.rig]}


@dataclass(frozen=True)
class Complaint:
    """What is wrong, in one sentence, with the scene of that name (None: with the whole folder or one shot).

    A fatal complaint says why there is no such scene to build, any other what to doubt about it.
    """

    scene: str | None
    sentence: str
    fatal: bool

    def __str__(self) -> str:
        return self.sentence if self.scene is None else f"scene {self.scene}: {self.sentence}"


def read_capture(path: Path) -> Capture:
    """Read what is known of a shot without developing it.

    Raises
    ------
    InputError
        The file is missing, empty, truncated or of no kind that can be developed.
    """
    return Capture(path, read_exif(path), image_size(path))


def assemble_scene(
    name: str, files: Mapping[Member, Path], defocused: Camera | None = None, rig: Rig = "dual"
) -> Scene:
    """Put a scene together from its files: four, or two of one camera on a tripod.

    Parameters
    ----------
    defocused
        The camera that was wide open in the target pair; None to read it from the apertures in the EXIF. Of one
        camera on a tripod it is A, the wide shot.

    Raises
    ------
    InputError
        The scene cannot be built, whatever one does with its images; the sentence does not repeat its name.
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
    """Whether two f-numbers differ by less than a sixth of a stop."""
    return max(first, second) / min(first, second) < _SAME_APERTURE


def _place(member: Member, rig: Rig) -> str:
    return "/".join(member) if rig == "dual" else {"A": "wide", "B": "narrow"}[member[1]]


def _refuse_swapped(target: Pair, defocused: Camera) -> None:
    """Refuse an all-in-focus image as the defocused one; files that do not say their apertures are believed."""
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
