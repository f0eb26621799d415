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
from realdof.stages import SMALLEST_SIDE, reduced, reduced_to, sixteen_bits, to_be_warped, upright, warped, within

Develop = Callable[[Kind, Camera], np.ndarray]
"""Develops one of the scene's four shots: uint16 (H, W, 3), sRGB-encoded."""

Keep = Callable[[str, np.ndarray], None]
"""Takes the output of a stage, uint16 (H, W, 3), by its name."""


@dataclass(frozen=True)
class BuiltScene:
    """What the stages made of a scene; ``images`` are uint16 (H, W, 3), by their names in ``SceneRecord.outputs``."""

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
    sharp_camera: Camera = "B" if defocused_camera == "A" else "A"
    fixed = reduced(develop("reference", defocused_camera))
    keep(f"1_reduced_reference_{defocused_camera}", fixed)
    photograph = to_be_warped(develop("reference", sharp_camera), settings.recipe)
    grid = Grid.of(fixed)
    before = reduced_to(photograph, grid)
    keep(f"1_reduced_reference_{sharp_camera}", before)

    alignment = estimate_homography(fixed, before, _alignment_settings(settings))
    before = upright(before, alignment.mirrored)
    if alignment.verdict == "rejected":
        return _unaligned(alignment.reason, alignment, fixed, before)
    region = valid_region(alignment.matrix, Grid.of(photograph), grid, recipe=settings.recipe)
    if min(region.height, region.width) < SMALLEST_SIDE:
        words = f"the cameras share a region of {region.width}x{region.height} px only, {SMALLEST_SIDE} a side would do"
        return _unaligned(words, alignment, fixed, before)

    moved_reference = warped(photograph, alignment.matrix, grid, settings.recipe)
    keep("2_warped_reference", sixteen_bits(moved_reference))
    moved_reference = within(moved_reference, region)
    photograph = to_be_warped(develop("target", sharp_camera), settings.recipe)
    keep(f"1_reduced_target_{sharp_camera}", reduced_to(photograph, grid))
    moved_target = warped(photograph, alignment.matrix, grid, settings.recipe)
    keep("2_warped_target", sixteen_bits(moved_target))
    moved_target = within(moved_target, region)
    del photograph
    defocused = reduced(develop("target", defocused_camera))
    keep(f"1_reduced_target_{defocused_camera}", defocused)

    scene = BuiltScene(
        verdict="rejected",
        reason="",
        grid=grid,
        alignment=alignment,
        region=region,
        images={
            "reference_fixed": fixed[region.slices],
            "reference_before": before[region.slices],
            "reference_moved": sixteen_bits(moved_reference),
        },
    )
    reference, defocused = within(fixed, region), within(defocused, region)
    pair = (defocused, moved_target) if settings.photometry_pair == "target" else (reference, moved_reference)
    try:
        photometry = fit_photometry(*pair, method=settings.photometry, pair=settings.photometry_pair)
    except InputError as error:
        return replace(scene, reason=str(error))
    all_in_focus = apply_photometry(moved_target, photometry)
    quality = measure_quality(
        alignment,
        reference=reference,
        reference_moved=moved_reference,
        defocused=defocused,
        all_in_focus=all_in_focus,
    )
    scene = replace(scene, verdict=quality.verdict, reason=quality.reason, photometry=photometry, quality=quality)
    if quality.verdict == "rejected":
        return scene
    final = {"source": sixteen_bits(defocused), "target": sixteen_bits(all_in_focus)}
    return replace(scene, images=scene.images | final)


def _alignment_settings(settings: Settings) -> AlignmentSettings:
    return AlignmentSettings(ecc_iterations=settings.ecc_iterations, ecc_epsilon=settings.ecc_epsilon)


def _unaligned(reason: str, alignment: Alignment, fixed: np.ndarray, before: np.ndarray) -> BuiltScene:
    images = {"reference_fixed": fixed, "reference_before": before}
    return BuiltScene("rejected", reason, Grid.of(fixed), alignment, images)
