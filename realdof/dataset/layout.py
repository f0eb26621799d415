"""The names of the files of a built data set.

    OUT/build.json               settings and software of the build; a build with others is refused
    OUT/source/<scene>.png       the defocused image, 16-bit
    OUT/target/<scene>.png       the all-in-focus image, aligned and matched in exposure, 16-bit
    OUT/reference/<scene>_*.png  the reference pair: fixed, before (not aligned), moved (aligned)
    OUT/stages/<scene>/*.png     intermediate images, if they are kept
    OUT/scenes/<scene>.json      a ``SceneRecord``, the last file of a scene to be written
    OUT/manifest.json            a ``Manifest``, written after all scenes, with croissant.json beside it
    OUT/report.html              written by ``realdof report``
    OUT/pictures/<scene>_*.webp  flip and displacement, also written by ``realdof report``

Their content does not depend on the time, the machine's name, the number of workers or interruptions.
"""

from enum import StrEnum
from pathlib import Path

from realdof.captures.scene import Camera, Kind
from realdof.common.files import inside

MANIFEST, BUILD, CROISSANT, REPORT = "manifest.json", "build.json", "croissant.json", "report.html"

RECORDS, STAGES, PICTURES = "scenes", "stages", "pictures"


class Role(StrEnum):
    """Role of an image in a scene.

    ``REFERENCE_FIXED`` is the defocused camera's reference shot, ``REFERENCE_BEFORE`` the other camera's shot with the
    mirror undone, ``REFERENCE_MOVED`` that shot after alignment. Its exposure is not corrected.
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
        """Return the stage of a reduced shot."""
        return cls(f"1_reduced_{kind}_{camera}")

    @classmethod
    def warped(cls, kind: Kind) -> "Stage":
        """Return the stage of a warped shot."""
        return cls(f"2_warped_{kind}")


PAIR = (Role.SOURCE, Role.TARGET)
"""The roles of an image pair for training or evaluation."""

REFERENCE = (Role.REFERENCE_FIXED, Role.REFERENCE_BEFORE, Role.REFERENCE_MOVED)
"""The roles of the images that show how well a scene is aligned."""

FOLDERS = ("source", "target", "reference", RECORDS, STAGES)
"""All folders of a data set."""


def image_path(out: Path, scene: str, role: Role) -> Path:
    """Return the path of an image; raise InputError for a scene's name that would lead out of the folder."""
    folder, _, view = role.value.partition("_")
    return inside(out / folder, f"{scene}_{view}.png" if view else f"{scene}.png")


def stage_path(out: Path, scene: str, stage: Stage) -> Path:
    """Return the path of an intermediate image; raises like ``image_path``."""
    return inside(out / STAGES, scene, f"{stage.value}.png")


def record_path(out: Path, scene: str) -> Path:
    """Return the path of a scene's record; raises like ``image_path``."""
    return inside(out / RECORDS, f"{scene}.json")


def scene_paths(out: Path, scene: str) -> list[Path]:
    """Return the paths of all files that a scene can have, its record first; raises like ``image_path``."""
    images = [image_path(out, scene, role) for role in Role]
    return [record_path(out, scene), *images, *(stage_path(out, scene, stage) for stage in Stage)]


def picture_path(out: Path, scene: str, picture: str) -> Path:
    """Return the path of a picture of the report, such as a scene's ``flip``; raises like ``image_path``."""
    return inside(out / PICTURES, f"{scene}_{picture}.webp")
