"""One scene, top-down: from four shots to an aligned pair (IFAN's supplement, section 1).

``make_scene`` lists the stages; each stage below it is a function on arrays. Files are read by the ``develop`` that it
is given and written by ``realdof.dataset.folder``.
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
"""px; a smaller grid, or a smaller region that both cameras see, has too few tiles to judge an alignment by."""

_WARPED_AT: dict[Recipe, Literal[1, 2]] = {"sharp": 2, "paper": 1}
"""How many times finer than the final grid a photograph is when it is warped."""

Develop = Callable[[Kind, Camera], Developed]
"""Develops and crops one of the scene's four shots."""


@dataclass(frozen=True)
class Photographs:
    """A pair of shots: the defocused camera's on the final grid, the other one's as fine as it is warped."""

    kind: Kind
    defocused: Camera
    fixed: Developed
    moving: Developed

    @property
    def stages(self) -> dict[Stage, np.ndarray]:
        """The images to look at after this stage."""
        fixed, moving = self.defocused, opposite(self.defocused)
        return {
            Stage.reduced(self.kind, fixed): self.fixed.pixels,
            Stage.reduced(self.kind, moving): self.moving.pixels,
        }

    @property
    def developed_by(self) -> dict[str, DevelopedBy]:
        """How the shots got their colours, by member."""
        fixed, moving = self.defocused, opposite(self.defocused)
        return {f"{self.kind}/{fixed}": self.fixed.by, f"{self.kind}/{moving}": self.moving.by}


@dataclass(frozen=True)
class Registration:
    """Where the other camera sees what the defocused camera sees.

    Attributes
    ----------
    grid, alignment
        The final grid before the crop, and the alignment on it.
    region
        The largest rectangle of the grid without border; ``None`` if nothing can be made of the scene.
    reason
        Why not.
    fixed, before
        The photographs on the grid, cropped to the region if there is one, the other camera's with its mirror undone
        but not aligned: uint16 (H, W, 3).
    """

    grid: Grid
    alignment: Alignment
    region: Region | None
    reason: str
    fixed: np.ndarray
    before: np.ndarray


@dataclass(frozen=True)
class AlignedPair:
    """The defocused camera's image and the other one's, moved onto its grid: uint16 (H, W, 3)."""

    kind: Kind
    fixed: np.ndarray
    moved: np.ndarray

    @property
    def stages(self) -> dict[Stage, np.ndarray]:
        """The image to look at after this stage."""
        return {Stage.warped(self.kind): self.moved}

    def cropped(self, region: Region) -> "AlignedPair":
        """Crop both images to a region."""
        return AlignedPair(self.kind, self.fixed[region.slices], self.moved[region.slices])


@dataclass(frozen=True)
class Exposure:
    """The exposure difference between the cameras, or the reason why it cannot be told."""

    model: PhotometricModel | None
    reason: str = ""


@dataclass(frozen=True)
class Figures:
    """What was found out about a scene, as far as it came; ``developed_by`` is by member, such as ``reference/A``."""

    grid: Grid
    developed_by: dict[str, DevelopedBy]
    alignment: Alignment
    region: Region | None = None
    photometry: PhotometricModel | None = None
    quality: SceneQuality | None = None


@dataclass(frozen=True)
class Scene:
    """A built scene: whether to keep it and why, its images (uint16 (H, W, 3), of one size), its figures."""

    verdict: Verdict
    reason: str
    images: dict[Role, np.ndarray]
    figures: Figures


Watch = Callable[[Photographs | AlignedPair], None]
"""Callback that receives what each stage makes, for instance to keep it."""


def make_scene(develop: Develop, defocused: Camera, settings: Settings, watch: Watch = lambda made: None) -> Scene:
    """Build one scene; one that cannot be aligned or matched is rejected with its reason.

    Parameters
    ----------
    develop
        Gives a shot. Developed shots are large, so they are asked for one at a time and reduced at once.
    defocused
        The camera that is wide open in the target pair; the other one's images are moved onto its grid.
    watch
        Callback that receives the images between the stages.
    """
    # One camera on a tripod takes no reference pair: its target pair is aligned by itself.
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
    """Develop a pair of shots one after the other, each kept no finer than the next stage wants it."""
    fixed = develop(kind, defocused).reduced(1)
    moving = develop(kind, opposite(defocused)).reduced(_WARPED_AT[settings.recipe])
    photographs = Photographs(kind, defocused, fixed, moving)
    watch(photographs)
    return photographs


def register(reference: Photographs, settings: Settings) -> Registration:
    """Align the photographs of a reference pair: mirror, homography, valid region."""
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
    """Warp the other camera's photograph onto the defocused camera's grid and crop both to the valid region."""
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
    """Measure what is left after alignment and matching, and judge by it."""
    fixed, moved = as_float(reference.fixed), as_float(reference.moved)
    return measure_quality(
        registration.alignment,
        reference=fixed,
        reference_moved=moved if settings.rig == "dual" else as_defocused(fixed, moved),
        defocused=as_float(target.fixed),
        all_in_focus=all_in_focus,
    )


def opposite(camera: Camera) -> Camera:
    """The other one of the two cameras."""
    return "B" if camera == "A" else "A"
