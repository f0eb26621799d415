"""Build one scene: from four shots to an aligned pair (IFAN's supplement, section 1).

``make_scene`` lists the stages, which are the functions on arrays below it. Its argument ``develop`` reads files, and
``realdof.dataset.folder`` writes them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from realdof.alignment.estimate import Alignment, AlignmentSettings, estimate_homography
from realdof.alignment.verdict import Verdict
from realdof.captures.scene import Camera, Kind
from realdof.common.errors import InputError
from realdof.dataset.layout import Role, Stage
from realdof.geometry.grid import Grid, Region
from realdof.geometry.region import valid_region
from realdof.geometry.warp import Recipe, warp_to_grid
from realdof.images.depth import as_float, sixteen_bits
from realdof.images.resize import area_resize
from realdof.matching.apertures import align_apertures, as_defocused
from realdof.matching.photometry import PhotometricModel, apply_photometry, fit_photometry
from realdof.matching.quality import SceneQuality, measure_quality
from realdof.raw.developed import Developed, DevelopedBy
from realdof.settings import Settings

SMALLEST_SIDE = 128
"""Smallest side of the region that both cameras share, px: a smaller one has too few tiles to judge an alignment."""

_WARPED_AT: dict[Recipe, Literal[1, 2]] = {"sharp": 2, "paper": 1}
"""Resolution at which a photograph is warped, as a multiple of the final grid's."""

Develop = Callable[[Kind, Camera], Developed]
"""Function that develops and crops one of the scene's four shots."""


@dataclass(frozen=True)
class Photographs:
    """A pair of shots: the defocused camera's on the final grid, the other one's at the resolution for the warp."""

    kind: Kind
    defocused: Camera
    fixed: Developed
    moving: Developed

    @property
    def stages(self) -> dict[Stage, np.ndarray]:
        """The intermediate images of this stage."""
        fixed, moving = self.defocused, opposite(self.defocused)
        return {
            Stage.reduced(self.kind, fixed): self.fixed.pixels,
            Stage.reduced(self.kind, moving): self.moving.pixels,
        }

    @property
    def developed_by(self) -> dict[str, DevelopedBy]:
        """How each shot was demosaiced, by member."""
        fixed, moving = self.defocused, opposite(self.defocused)
        return {f"{self.kind}/{fixed}": self.fixed.by, f"{self.kind}/{moving}": self.moving.by}


@dataclass(frozen=True)
class Registration:
    """The alignment of the other camera's photograph to the defocused camera's.

    Attributes
    ----------
    grid, alignment
        The final grid before the crop, and the alignment on it.
    region
        The largest valid rectangle of the grid; ``None`` if the scene cannot be built.
    reason
        Why the scene cannot be built; empty if it can.
    fixed, before
        The defocused camera's photograph, and the other camera's with the mirror undone but not aligned: uint16
        (H, W, 3) on the grid, cropped to the region if there is one.
    """

    grid: Grid
    alignment: Alignment
    region: Region | None
    reason: str
    fixed: np.ndarray
    before: np.ndarray


@dataclass(frozen=True)
class AlignedPair:
    """The defocused camera's image, and the other camera's image warped to its grid: uint16 (H, W, 3)."""

    kind: Kind
    fixed: np.ndarray
    moved: np.ndarray

    @property
    def stages(self) -> dict[Stage, np.ndarray]:
        """The intermediate image of this stage."""
        return {Stage.warped(self.kind): self.moved}

    def cropped(self, region: Region) -> "AlignedPair":
        """Crop both images to a region."""
        return AlignedPair(self.kind, self.fixed[region.slices], self.moved[region.slices])


@dataclass(frozen=True)
class Exposure:
    """The exposure difference between the cameras, or the reason why it cannot be estimated."""

    model: PhotometricModel | None
    reason: str = ""


@dataclass(frozen=True)
class Figures:
    """The measurements of a scene, up to the stage it reached; ``developed_by`` is by member, e.g. ``reference/A``."""

    grid: Grid
    developed_by: dict[str, DevelopedBy]
    alignment: Alignment
    region: Region | None = None
    photometry: PhotometricModel | None = None
    quality: SceneQuality | None = None


@dataclass(frozen=True)
class Scene:
    """A built scene: its verdict and the reason, its images (uint16 (H, W, 3), of one size), its measurements."""

    verdict: Verdict
    reason: str
    images: dict[Role, np.ndarray]
    figures: Figures


Watch = Callable[[Photographs | AlignedPair], None]
"""Callback that receives the result of each stage, for instance to save it."""


def make_scene(develop: Develop, defocused: Camera, settings: Settings, watch: Watch = lambda made: None) -> Scene:
    """Build one scene; a scene that cannot be aligned or matched is rejected with the reason.

    Parameters
    ----------
    develop
        Returns a shot. Developed shots are large, so each is requested only when needed, and reduced at once.
    defocused
        The camera that is wide open in the target pair; the other camera's images are warped to its grid.
    watch
        Callback that receives the intermediate images.
    """
    # One camera on a tripod takes no reference pair, so its target pair itself is aligned.
    photographs = take("reference" if settings.rig == "dual" else "target", develop, defocused, settings, watch)
    registration = register(photographs, settings)
    images = {Role.REFERENCE_BEFORE: registration.before, Role.REFERENCE_FIXED: registration.fixed}
    figures = Figures(registration.grid, photographs.developed_by, registration.alignment, registration.region)
    if registration.region is None:
        return Scene("rejected", registration.reason, images, figures)

    reference = target = move(photographs, registration, settings, watch)
    if settings.rig == "dual":
        photographs = take("target", develop, defocused, settings, watch)
        target = move(photographs, registration, settings, watch)
        figures.developed_by.update(photographs.developed_by)
    images[Role.REFERENCE_MOVED] = reference.moved

    exposure = match(target if settings.photometry_pair == "target" else reference, settings)
    if exposure.model is None:
        return Scene("rejected", exposure.reason, images, figures)
    all_in_focus = apply_photometry(as_float(target.moved), exposure.model)

    quality = measure(registration, reference, target, all_in_focus, settings)
    if quality.verdict != "rejected":
        images |= {Role.SOURCE: target.fixed, Role.TARGET: sixteen_bits(all_in_focus)}
    return Scene(quality.verdict, quality.reason, images, replace(figures, photometry=exposure.model, quality=quality))


def take(kind: Kind, develop: Develop, defocused: Camera, settings: Settings, watch: Watch) -> Photographs:
    """Develop a pair of shots one after the other, and reduce each to the resolution that the next stage needs."""
    fixed = develop(kind, defocused).reduced(1)
    moving = develop(kind, opposite(defocused)).reduced(_WARPED_AT[settings.recipe])
    photographs = Photographs(kind, defocused, fixed, moving)
    watch(photographs)
    return photographs


def register(reference: Photographs, settings: Settings) -> Registration:
    """Align the photographs of a reference pair: find mirror, homography and valid region."""
    fixed, moving = reference.fixed.pixels, reference.moving.pixels
    grid = Grid.of(fixed)
    before = area_resize(moving, grid.height, grid.width)
    align = estimate_homography if settings.rig == "dual" else align_apertures
    how = AlignmentSettings(ecc_iterations=settings.ecc_iterations, ecc_epsilon=settings.ecc_epsilon)
    alignment = align(fixed, before, how)
    before = np.ascontiguousarray(before[:, ::-1]) if alignment.mirrored else before
    if alignment.verdict == "rejected":
        return Registration(grid, alignment, None, alignment.reason, fixed, before)
    region = valid_region(alignment.matrix, Grid.of(moving), grid, recipe=settings.recipe)
    if min(region.height, region.width) < SMALLEST_SIDE:
        shared = f"the cameras share a region of {region.width}x{region.height} px only"
        reason = f"{shared}; it needs {SMALLEST_SIDE} px on each side"
        return Registration(grid, alignment, None, reason, fixed, before)
    return Registration(grid, alignment, region, "", fixed[region.slices], before[region.slices])


def move(pair: Photographs, registration: Registration, settings: Settings, watch: Watch) -> AlignedPair:
    """Warp the other camera's photograph to the defocused camera's grid, and crop both to the valid region."""
    moved = warp_to_grid(pair.moving.pixels, registration.alignment.matrix, registration.grid, recipe=settings.recipe)
    aligned = AlignedPair(pair.kind, pair.fixed.pixels, sixteen_bits(np.clip(moved, 0, 1, out=moved)))
    watch(aligned)
    return aligned.cropped(registration.region) if registration.region else aligned


def match(pair: AlignedPair, settings: Settings) -> Exposure:
    """Estimate the exposure difference of an aligned pair."""
    try:
        model = fit_photometry(
            as_float(pair.fixed), as_float(pair.moved), method=settings.photometry, pair=settings.photometry_pair
        )
    except InputError as error:
        return Exposure(None, str(error))
    return Exposure(model)


def measure(
    registration: Registration,
    reference: AlignedPair,
    target: AlignedPair,
    all_in_focus: np.ndarray,
    settings: Settings,
) -> SceneQuality:
    """Measure the remaining differences after alignment and matching, and decide whether to keep the scene."""
    fixed, moved = as_float(reference.fixed), as_float(reference.moved)
    return measure_quality(
        registration.alignment,
        reference=fixed,
        reference_moved=moved if settings.rig == "dual" else as_defocused(fixed, moved),
        defocused=as_float(target.fixed),
        all_in_focus=all_in_focus,
    )


def opposite(camera: Camera) -> Camera:
    """Return the other one of the two cameras."""
    return "B" if camera == "A" else "A"
