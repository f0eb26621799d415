"""A scene of the dual-camera rig: a reference pair and a target pair, put together from four files.

The paper's supplement, section 1: the reference pair shows the scene at F16 in both cameras, the target pair
at a wide aperture (F1.8 - 5.6) in one camera and at F16 in the other.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from realdof.common.errors import InputError
from realdof.raw.develop import image_size
from realdof.raw.exif import Exif, read_exif

Camera = Literal["A", "B"]
CAMERAS: tuple[Camera, Camera] = ("A", "B")

Kind = Literal["reference", "target"]

Member = tuple[Kind, Camera]
"""A place in a scene: which pair, which camera."""

MEMBERS: tuple[Member, ...] = (("reference", "A"), ("reference", "B"), ("target", "A"), ("target", "B"))

# Six apertures between two full stops: cameras write a third of a stop at the finest.
_SAME_APERTURE = 2 ** (1 / 12)

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
    """A reference pair and a target pair, in which the camera ``defocused`` was wide open."""

    name: str
    reference: Pair
    target: Pair
    defocused: Camera

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
        """All four shots."""
        return {(kind, camera): self.pairs[kind].of(camera) for kind, camera in MEMBERS}


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


def assemble_scene(name: str, files: Mapping[Member, Path], defocused: Camera | None = None) -> Scene:
    """Put a scene together from its four files.

    Parameters
    ----------
    defocused
        The camera that was wide open in the target pair; None to read it from the apertures in the EXIF.

    Raises
    ------
    InputError
        The scene cannot be built, whatever one does with its images; the sentence does not repeat its name.
    """
    if not _PORTABLE_NAME.fullmatch(name) or name.endswith((".", " ")):
        raise InputError(f"{name!r} is no portable file name; use letters, digits, '_', '-' and '.'")
    missing = [f"{kind}/{camera}" for kind, camera in MEMBERS if (kind, camera) not in files]
    if missing:
        raise InputError(f"{' and '.join(missing)} missing; a scene has A and B in both reference and target")
    captures = {member: read_capture(files[member]) for member in MEMBERS}
    _refuse_one_file_twice(captures)
    _refuse_different_sizes(captures)
    reference = Pair(captures["reference", "A"], captures["reference", "B"])
    target = Pair(captures["target", "A"], captures["target", "B"])
    if defocused is None:
        return Scene(name, reference, target, _defocused_camera(target))
    scene = Scene(name, reference, target, defocused)
    _refuse_swapped_cameras(scene)
    return scene


def same_aperture(first: float, second: float) -> bool:
    """Whether two f-numbers differ by less than a sixth of a stop."""
    return max(first, second) / min(first, second) < _SAME_APERTURE


def _refuse_one_file_twice(captures: Mapping[Member, Capture]) -> None:
    places: dict[Path, Member] = {}
    for member, capture in captures.items():
        first = places.setdefault(capture.path.resolve(), member)
        if first != member:
            raise InputError(f"{capture.path} is given as {'/'.join(first)} and as {'/'.join(member)}; give two files")


def _refuse_different_sizes(captures: Mapping[Member, Capture]) -> None:
    first = captures[MEMBERS[0]]
    for other in captures.values():
        if other.size != first.size:
            raise InputError(
                f"{other.path} is {_pixels(other)} and {first.path} is {_pixels(first)}; "
                "give four files of one size, from two cameras of one model"
            )


def _defocused_camera(target: Pair) -> Camera:
    a, b = target.a.exif.f_number, target.b.exif.f_number
    if a is None or b is None:
        lacking = target.a.path if a is None else target.b.path
        raise InputError(
            f"{lacking} does not say its aperture, which tells the defocused camera; name it in a manifest"
        )
    if same_aperture(a, b):
        raise InputError(
            f"the target pair has F{a:g} in {target.a.path.name} and F{b:g} in {target.b.path.name}; "
            "one camera must be wide open and the other at F16"
        )
    return "A" if a < b else "B"


def _refuse_swapped_cameras(scene: Scene) -> None:
    wide, narrow = scene.target.of(scene.defocused), scene.target.of(scene.sharp)
    if wide.exif.f_number is None or narrow.exif.f_number is None:
        return
    if wide.exif.f_number > narrow.exif.f_number and not same_aperture(wide.exif.f_number, narrow.exif.f_number):
        raise InputError(
            f"camera {scene.defocused} is named as defocused, but {wide.path} has F{wide.exif.f_number:g} and "
            f"{narrow.path} F{narrow.exif.f_number:g}; name camera {scene.sharp}, or none"
        )


def _pixels(capture: Capture) -> str:
    return f"{capture.size[1]}x{capture.size[0]}"
