"""What the pipeline makes of simulated captures, raw files and all, against the truth beside them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from realdof.alignment.estimate import Alignment
from realdof.captures.folder import find_scenes
from realdof.captures.scene import Camera, Kind
from realdof.geometry.grid import Grid, change_grid, corner_distance
from realdof.matching.photometry import PhotometricModel
from realdof.matching.quality import SceneQuality
from realdof.raw.develop import camera_multipliers, develop_shot
from realdof.raw.developed import Developed
from realdof.scene import Scene, make_scene
from realdof.settings import Settings
from realdof.simulation.truth import Truth, read_truth


@dataclass(frozen=True)
class Outcome:
    """A built scene and how far it is from the truth.

    ``corner_error`` is in px of the grid, ``None`` where no alignment is right; ``gain_errors`` are fractions, of red,
    green and blue.
    """

    scene: Scene
    corner_error: float | None
    gain_errors: tuple[float, ...]

    @property
    def verdict(self) -> str:
        return self.scene.verdict

    @property
    def reason(self) -> str:
        return self.scene.reason

    @property
    def alignment(self) -> Alignment:
        return self.scene.figures.alignment

    @property
    def photometry(self) -> PhotometricModel | None:
        return self.scene.figures.photometry

    @property
    def quality(self) -> SceneQuality | None:
        return self.scene.figures.quality


def build(folder: Path, reduction: int) -> Outcome:
    """Build a scene, ``reduction`` raw pixels a side to one of the grid, and compare it with its truth."""
    (shots,) = (scene for scene in find_scenes(folder.parent)[0] if scene.name == folder.name)
    balance = camera_multipliers(shots.reference.of(shots.defocused).path)

    def develop(kind: Kind, camera: Camera) -> Developed:
        # Half-size developing is too coarse for a finer grid than a build's.
        shot = develop_shot(shots.pairs[kind].of(camera).path, balance, "half-size" if reduction == 4 else "ahd")
        return Developed(shot.pixels, shot.factor * reduction // 4, shot.by)

    scene = make_scene(develop, shots.defocused, Settings())
    truth = read_truth(folder)
    return Outcome(scene, _corner_error(scene, truth, shots.defocused), _gain_errors(scene, truth, shots.defocused))


def _corner_error(scene: Scene, truth: Truth, defocused: Camera) -> float | None:
    if truth.homography_a_to_b is None:
        return None
    grid = scene.figures.grid
    true = change_grid(np.array(truth.homography_a_to_b), Grid(*truth.grid), grid)
    return corner_distance(scene.figures.alignment.matrix, true if defocused == "A" else np.linalg.inv(true), grid)


def _gain_errors(scene: Scene, truth: Truth, defocused: Camera) -> tuple[float, ...]:
    if scene.figures.photometry is None:
        return ()
    gain = truth.gain_b_over_a["target"][0]
    expected = 1 / gain if defocused == "A" else gain
    return tuple(float(found / expected - 1) for found in scene.figures.photometry.gain)
