"""The files of a built data set, by name. No other module knows these names.

    OUT/build.json               what the scenes are built with; another build's is refused
    OUT/source/<scene>.png       the defocused image, 16-bit
    OUT/target/<scene>.png       the all-in-focus image, aligned and matched in exposure, 16-bit
    OUT/reference/<scene>_*.png  the reference pair: fixed, before (not aligned), moved (aligned)
    OUT/stages/<scene>/*.png     images between the stages, if they are kept
    OUT/scenes/<scene>.json      a ``SceneRecord``, written last of a scene's files
    OUT/manifest.json            a ``Manifest``, written last of all, with croissant.json beside it
    OUT/report.html              written by ``realdof report``
    OUT/pictures/<scene>_*.webp  flip and displacement, written by it too

Nothing in them depends on the time, the machine's name, the number of workers or an interruption.
"""

from enum import StrEnum
from pathlib import Path

from realdof.captures.scene import Camera, Kind
from realdof.common.files import inside

MANIFEST, BUILD, CROISSANT, REPORT = "manifest.json", "build.json", "croissant.json", "report.html"

RECORDS, STAGES, PICTURES = "scenes", "stages", "pictures"


class Role(StrEnum):
    """Role of an image in a scene.

    ``REFERENCE_FIXED`` is the defocused camera's reference shot, ``REFERENCE_BEFORE`` the other camera's with the
    mirror undone, ``REFERENCE_MOVED`` the same aligned; its exposure is as it was.
    """

    SOURCE = "source"
    TARGET = "target"
    REFERENCE_FIXED = "reference_fixed"
    REFERENCE_BEFORE = "reference_before"
    REFERENCE_MOVED = "reference_moved"


class Stage(StrEnum):
    """Intermediate image of a scene: a shot reduced for the next stage, or a warped one."""

    REDUCED_REFERENCE_A = "1_reduced_reference_A"
    REDUCED_REFERENCE_B = "1_reduced_reference_B"
    REDUCED_TARGET_A = "1_reduced_target_A"
    REDUCED_TARGET_B = "1_reduced_target_B"
    WARPED_REFERENCE = "2_warped_reference"
    WARPED_TARGET = "2_warped_target"

    @classmethod
    def reduced(cls, kind: Kind, camera: Camera) -> "Stage":
        """The stage of a reduced shot."""
        return cls(f"1_reduced_{kind}_{camera}")

    @classmethod
    def warped(cls, kind: Kind) -> "Stage":
        """The stage of a warped shot."""
        return cls(f"2_warped_{kind}")


PAIR = (Role.SOURCE, Role.TARGET)
"""The images that a data set is for."""

REFERENCE = (Role.REFERENCE_FIXED, Role.REFERENCE_BEFORE, Role.REFERENCE_MOVED)
"""The images that show how well it was aligned."""

FOLDERS = ("source", "target", "reference", RECORDS, STAGES)
"""All folders of a data set."""


def image_path(out: Path, scene: str, role: Role) -> Path:
    """Where an image is; raises InputError for a scene's name that would lead out of the folder."""
    folder, _, view = role.value.partition("_")
    return inside(out / folder, f"{scene}_{view}.png" if view else f"{scene}.png")


def stage_path(out: Path, scene: str, stage: Stage) -> Path:
    """Where an image between the stages is; raises as ``image_path``."""
    return inside(out / STAGES, scene, f"{stage.value}.png")


def record_path(out: Path, scene: str) -> Path:
    """Where a scene's record is; raises as ``image_path``."""
    return inside(out / RECORDS, f"{scene}.json")


def scene_paths(out: Path, scene: str) -> list[Path]:
    """All files that a scene may have, its record first; raises as ``image_path``."""
    images = [image_path(out, scene, role) for role in Role]
    return [record_path(out, scene), *images, *(stage_path(out, scene, stage) for stage in Stage)]


def picture_path(out: Path, scene: str, picture: str) -> Path:
    """Where a picture to look at is, such as a scene's ``flip``; raises as ``image_path``."""
    return inside(out / PICTURES, f"{scene}_{picture}.webp")
