"""What the stages make of simulated captures, raw files and all, against the truth beside them."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from realdof.alignment.estimate import Alignment, AlignmentSettings, estimate_homography
from realdof.captures.folder import find_scenes
from realdof.captures.scene import CAMERAS, Kind
from realdof.geometry.grid import Grid, change_grid, corner_distance
from realdof.geometry.region import valid_region
from realdof.geometry.warp import warp_to_grid
from realdof.images.depth import as_float
from realdof.images.resize import area_resize
from realdof.matching.photometry import PhotometricModel, apply_photometry, fit_photometry
from realdof.matching.quality import SceneQuality, measure_quality
from realdof.raw.develop import camera_multipliers, develop_cropped, develop_half


@dataclass(frozen=True)
class Outcome:
    """One scene, as far as it came: a rejected alignment ends it.

    ``corner_error`` is in px of the grid, ``None`` where no alignment is right; ``gain_errors`` are fractions, of red,
    green and blue.
    """

    alignment: Alignment
    corner_error: float | None
    photometry: PhotometricModel | None = None
    gain_errors: tuple[float, ...] = ()
    quality: SceneQuality | None = None

    @property
    def verdict(self) -> str:
        return self.quality.verdict if self.quality else self.alignment.verdict

    @property
    def reason(self) -> str:
        return self.quality.reason if self.quality else self.alignment.reason


def build_by_stages(folder: Path, reduction: int) -> Outcome:
    """Develop, shrink, align, match and judge a scene, ``reduction`` raw pixels a side to one of the grid."""
    (scene,) = (scene for scene in find_scenes(folder.parent)[0] if scene.name == folder.name)
    truth = json.loads((folder / "truth.json").read_text())
    fixed, other = scene.defocused, scene.sharp
    balance = camera_multipliers(scene.reference.of(fixed).path)
    pairs: tuple[Kind, Kind] = ("reference", "target")
    # As a build does, unless the grid is too fine for it.
    develop = develop_half if reduction >= 4 else develop_cropped
    photographs = {(k, c): develop(scene.pairs[k].of(c).path, balance).pixels for k in pairs for c in CAMERAS}
    fine = Grid.of(photographs["reference", fixed])
    finer = reduction // 2 if reduction >= 4 else reduction
    grid = Grid(fine.height // finer, fine.width // finer)
    first, second = (area_resize(photographs["reference", c], grid.height, grid.width) for c in (fixed, other))
    alignment = estimate_homography(first, second, AlignmentSettings())
    error = None
    if truth["homography_a_to_b"] is not None:
        true = change_grid(np.array(truth["homography_a_to_b"]), Grid(*truth["grid"]), grid)
        error = corner_distance(alignment.matrix, true if fixed == "A" else np.linalg.inv(true), grid)
    if alignment.verdict == "rejected":
        return Outcome(alignment, error)
    region = valid_region(alignment.matrix, fine, grid).slices
    moved = {k: np.clip(warp_to_grid(photographs[k, other], alignment.matrix, grid)[region], 0, 1) for k in pairs}
    defocused = as_float(area_resize(photographs["target", fixed], grid.height, grid.width))[region]
    photometry = fit_photometry(defocused, moved["target"])
    gain = truth["gain_b_over_a"]["target"][0]
    expected = 1 / gain if fixed == "A" else gain
    quality = measure_quality(
        alignment,
        reference=as_float(first)[region],
        reference_moved=moved["reference"],
        defocused=defocused,
        all_in_focus=apply_photometry(moved["target"], photometry),
    )
    errors = tuple(float(found / expected - 1) for found in photometry.gain)
    return Outcome(alignment, error, photometry, errors, quality)
