"""One scene: the paper's stages in their order, from four shots to an aligned pair (supplement, section 1)."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from realdof.alignment import Alignment, AlignmentSettings, estimate_homography
from realdof.errors import InputError
from realdof.geometry import Grid, Region, valid_region
from realdof.manifest import SceneVerdict, Settings
from realdof.photometry import PhotometricModel, apply_photometry, fit_photometry
from realdof.quality import SceneQuality, measure_quality
from realdof.scenes import Camera, Kind
from realdof.stages import SMALLEST_SIDE, reduced, reduced_to, to_be_warped, upright, warped, within

Develop = Callable[[Kind, Camera], np.ndarray]
"""Develops one of the scene's four shots: uint16 (H, W, 3), sRGB-encoded."""

Keep = Callable[[str, np.ndarray], None]
"""Takes the output of a stage by its name: uint16 or float32 in [0, 1], (H, W, 3)."""


@dataclass(frozen=True)
class ImagePair:
    """The defocused camera's image and the other one's, moved onto its grid: float32 (H, W, 3), cropped alike."""

    fixed: np.ndarray
    moved: np.ndarray


@dataclass(frozen=True)
class BuiltScene:
    """What the stages made of a scene.

    ``images`` are uint16 or float32 in [0, 1], (H, W, 3), by their names in ``SceneRecord.outputs``.
    """

    verdict: SceneVerdict
    reason: str
    grid: Grid
    alignment: Alignment
    images: dict[str, np.ndarray] = field(default_factory=dict)
    region: Region | None = None
    photometry: PhotometricModel | None = None
    quality: SceneQuality | None = None


def make_scene(develop: Develop, defocused_camera: Camera, settings: Settings, keep: Keep) -> BuiltScene:
    """Build one scene.

    Shots are developed one at a time, each when it is needed, and kept no larger than the next stage wants them:
    developing alone takes a gigabyte.

    Parameters
    ----------
    develop
        Gives a shot.
    defocused_camera
        The camera that is wide open in the target pair; the other one's images are moved onto its grid.
    keep
        Is given the stages' outputs.

    Returns
    -------
    BuiltScene
        Always: what cannot be aligned or matched is rejected with its reason.
    """
    other_camera: Camera = "B" if defocused_camera == "A" else "A"
    fixed = reduced(develop("reference", defocused_camera))
    keep(f"1_reduced_reference_{defocused_camera}", fixed)
    photograph = to_be_warped(develop("reference", other_camera), settings.recipe)
    keep(f"1_reduced_reference_{other_camera}", photograph)
    grid, warped_from = Grid.of(fixed), Grid.of(photograph)
    before = reduced_to(photograph, grid)

    alignment = estimate_homography(fixed, before, _alignment_settings(settings))
    views = {"reference_fixed": fixed, "reference_before": upright(before, alignment.mirrored)}
    if alignment.verdict == "rejected":
        return BuiltScene("rejected", alignment.reason, grid, alignment, views)
    region = valid_region(alignment.matrix, warped_from, grid, recipe=settings.recipe)
    if min(region.height, region.width) < SMALLEST_SIDE:
        return BuiltScene("rejected", _too_small(region), grid, alignment, views)

    def moved(kind: Kind, shot: np.ndarray) -> np.ndarray:
        whole = warped(shot, alignment.matrix, grid, settings.recipe)
        keep(f"2_warped_{kind}", whole)
        return within(whole, region)

    reference = ImagePair(within(fixed, region), moved("reference", photograph))
    photograph = to_be_warped(develop("target", other_camera), settings.recipe)
    keep(f"1_reduced_target_{other_camera}", photograph)
    all_in_focus = moved("target", photograph)
    del photograph
    defocused = reduced(develop("target", defocused_camera))
    keep(f"1_reduced_target_{defocused_camera}", defocused)
    target = ImagePair(within(defocused, region), all_in_focus)

    views = {name: view[region.slices] for name, view in views.items()} | {"reference_moved": reference.moved}
    scene = BuiltScene("rejected", "", grid, alignment, views, region)
    return matched(scene, reference, target, settings)


def matched(scene: BuiltScene, reference: ImagePair, target: ImagePair, settings: Settings) -> BuiltScene:
    """Match the exposure of a scene's aligned target pair, measure what is left, and judge by it."""
    pair = target if settings.photometry_pair == "target" else reference
    try:
        photometry = fit_photometry(pair.fixed, pair.moved, method=settings.photometry, pair=settings.photometry_pair)
    except InputError as error:
        return replace(scene, reason=str(error))
    all_in_focus = apply_photometry(target.moved, photometry)
    quality = measure_quality(
        scene.alignment,
        reference=reference.fixed,
        reference_moved=reference.moved,
        defocused=target.fixed,
        all_in_focus=all_in_focus,
    )
    kept = {} if quality.verdict == "rejected" else {"source": target.fixed, "target": all_in_focus}
    return replace(
        scene,
        verdict=quality.verdict,
        reason=quality.reason,
        images=scene.images | kept,
        photometry=photometry,
        quality=quality,
    )


def _alignment_settings(settings: Settings) -> AlignmentSettings:
    return AlignmentSettings(ecc_iterations=settings.ecc_iterations, ecc_epsilon=settings.ecc_epsilon)


def _too_small(region: Region) -> str:
    shared = f"the cameras share a region of {region.width}x{region.height} px only"
    return f"{shared}; it needs {SMALLEST_SIDE} px on each side"
