"""One scene: the paper's stages in their order, from four shots to an aligned pair (supplement, section 1)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from realdof.alignment.estimate import Alignment, AlignmentSettings, estimate_homography
from realdof.captures.scene import Camera, Kind
from realdof.common.errors import InputError
from realdof.dataset.manifest import SceneVerdict, Settings
from realdof.geometry.grid import Grid, Region
from realdof.geometry.region import valid_region
from realdof.images.depth import as_float
from realdof.matching.photometry import PhotometricModel, apply_photometry, fit_photometry
from realdof.matching.quality import SceneQuality, measure_quality
from realdof.stages import FINER, SMALLEST_SIDE, reduced, reduced_to, sixteen_bits, to_be_warped, upright, warped

Develop = Callable[[Kind, Camera], np.ndarray]
"""Develops one of the scene's four shots and cuts it: uint16 (H, W, 3), sRGB-encoded, of full or half size."""

Save = Callable[[str, np.ndarray], None]
"""Takes an image by its name in ``SceneRecord.outputs``: uint16 or float32 in [0, 1], (H, W, 3)."""


@dataclass(frozen=True)
class ImagePair:
    """The defocused camera's image and the other one's, moved onto its grid: uint16 (H, W, 3), cropped alike."""

    fixed: np.ndarray
    moved: np.ndarray

    @property
    def floats(self) -> tuple[np.ndarray, np.ndarray]:
        """Both as float32 in [0, 1]."""
        return as_float(self.fixed), as_float(self.moved)


@dataclass(frozen=True)
class BuiltScene:
    """What was found out about a scene."""

    verdict: SceneVerdict
    reason: str
    grid: Grid
    alignment: Alignment
    region: Region | None = None
    photometry: PhotometricModel | None = None
    quality: SceneQuality | None = None


def make_scene(develop: Develop, defocused_camera: Camera, settings: Settings, save: Save) -> BuiltScene:
    """Build one scene.

    A developed shot is large. So shots are developed one at a time, each when it is needed, kept no larger
    than the next stage wants them, in 16 bits, and saved as soon as they are what they shall be.

    Parameters
    ----------
    develop
        Gives a shot, of the size that the settings' demosaicing has.
    defocused_camera
        The camera that is wide open in the target pair; the other one's images are moved onto its grid.
    save
        Is given the scene's images, and those of the stages under ``stages/``.

    Returns
    -------
    BuiltScene
        Always: what cannot be aligned or matched is rejected with its reason.
    """
    other_camera: Camera = "B" if defocused_camera == "A" else "A"
    finer = FINER[settings.demosaicing]
    fixed = reduced(develop("reference", defocused_camera), finer)
    save(f"stages/1_reduced_reference_{defocused_camera}", fixed)
    photograph = to_be_warped(develop("reference", other_camera), finer, settings.recipe)
    save(f"stages/1_reduced_reference_{other_camera}", photograph)
    grid, warped_from = Grid.of(fixed), Grid.of(photograph)
    before = reduced_to(photograph, grid)

    alignment = estimate_homography(fixed, before, _alignment_settings(settings))
    before = upright(before, alignment.mirrored)
    region = valid_region(alignment.matrix, warped_from, grid, recipe=settings.recipe)
    reason = _unusable(alignment, region)
    if reason is not None:
        save("reference_fixed", fixed)
        save("reference_before", before)
        return BuiltScene("rejected", reason, grid, alignment)
    save("reference_before", before[region.slices])
    del before

    def moved(kind: Kind, shot: np.ndarray) -> np.ndarray:
        whole = sixteen_bits(warped(shot, alignment.matrix, grid, settings.recipe))
        save(f"stages/2_warped_{kind}", whole)
        return whole[region.slices]

    reference = ImagePair(fixed[region.slices], moved("reference", photograph))
    del photograph
    save("reference_fixed", reference.fixed)
    save("reference_moved", reference.moved)
    photograph = to_be_warped(develop("target", other_camera), finer, settings.recipe)
    save(f"stages/1_reduced_target_{other_camera}", photograph)
    all_in_focus = moved("target", photograph)
    del photograph
    defocused = reduced(develop("target", defocused_camera), finer)
    save(f"stages/1_reduced_target_{defocused_camera}", defocused)
    target = ImagePair(defocused[region.slices], all_in_focus)
    return matched(BuiltScene("rejected", "", grid, alignment, region), reference, target, settings, save)


def matched(scene: BuiltScene, reference: ImagePair, target: ImagePair, settings: Settings, save: Save) -> BuiltScene:
    """Match the exposure of a scene's aligned target pair, measure what is left, and judge by it."""
    pair = target if settings.photometry_pair == "target" else reference
    try:
        photometry = fit_photometry(*pair.floats, method=settings.photometry, pair=settings.photometry_pair)
    except InputError as error:
        return replace(scene, reason=str(error))
    defocused, sharp = target.floats
    all_in_focus = apply_photometry(sharp, photometry)
    reference_fixed, reference_moved = reference.floats
    quality = measure_quality(
        scene.alignment,
        reference=reference_fixed,
        reference_moved=reference_moved,
        defocused=defocused,
        all_in_focus=all_in_focus,
    )
    if quality.verdict != "rejected":
        save("source", target.fixed)
        save("target", all_in_focus)
    return replace(scene, verdict=quality.verdict, reason=quality.reason, photometry=photometry, quality=quality)


def _alignment_settings(settings: Settings) -> AlignmentSettings:
    return AlignmentSettings(ecc_iterations=settings.ecc_iterations, ecc_epsilon=settings.ecc_epsilon)


def _unusable(alignment: Alignment, region: Region) -> str | None:
    """Why nothing can be made of the scene by this alignment, if nothing can."""
    if alignment.verdict == "rejected":
        return alignment.reason
    if min(region.height, region.width) < SMALLEST_SIDE:
        shared = f"the cameras share a region of {region.width}x{region.height} px only"
        return f"{shared}; it needs {SMALLEST_SIDE} px on each side"
    return None
