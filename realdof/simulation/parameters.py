"""Parameters of simulated scenes: the user's, and the random ones drawn from the seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from realdof.captures.scene import Camera, Kind, Rig
from realdof.common.errors import InputError
from realdof.simulation.rig import Body, homography, random_homography

SceneKind = Literal["textured", "sky", "wrong-pair", "clipped"]
"""Kind of scene: one that can be aligned; only sky; a different view in each camera; 22 % of pixels clipped."""

FileFormat = Literal["arw", "arw-lossy", "arw-lossless", "dng", "tiff"]

RgbMultipliers = tuple[float, float, float]
"""White balance: factors of red, green and blue."""

DAYLIGHT: RgbMultipliers = (2.35, 1.0, 1.62)
"""The multipliers with which the light of the simulated scenes is white."""


@dataclass(frozen=True)
class Simulation:
    """Parameters that all simulated scenes share; px are those of the 2376x1586 grid at every size.

    Attributes
    ----------
    size
        "full": 9600x6376, as in the A7R IV; "small": 1600x1064 in the same file format.
    seed
        Seed of the random choices; another seed gives other scenes.
    file_format
        "arw": Sony's raw, uncompressed; "arw-lossy" and "arw-lossless": with Sony's compressions; "dng"; "tiff":
        developed images.
    rig
        Two cameras behind a beam splitter, or one on a tripod, whose scenes have a wide and a narrow shot.
    wide_f_number
        f-number of the defocused image; the paper's are F1.8 - 5.6.
    largest_radius
        Blur radius of the farthest layer in the defocused image, px.
    largest_shift, largest_rotation
        Largest shift, px, and rotation, degrees, between the two cameras.
    smallest_gain, largest_gain
        Limits of the ratio of camera B's exposure to camera A's.
    homography
        From points of camera A's grid to points of camera B's grid before the mirror, three rows of three, in px of the
        grid at this size; None for a random one.
    mirror
        Whether camera B sees the scene mirrored.
    largest_breathing
        For a single camera: largest fraction by which the image grows or shrinks from the wide to the narrow shot.
    noise
        Whether to add shot and read noise.
    noisy_narrow
        Whether F16 has the noise of its ISO, 6.3 stops above that of F1.8; otherwise it has that of ISO 100.
    diffraction
        Whether to add diffraction at F16, an Airy disc of 21 um.
    vignetting
        Whether corners are darker, the more so at wider apertures.
    """

    size: Literal["full", "small"] = "full"
    seed: int = 0
    file_format: FileFormat = "arw"
    rig: Rig = "dual"
    wide_f_number: float = 1.8
    largest_radius: float = 12.0
    largest_shift: float = 80.0
    largest_rotation: float = 2.0
    smallest_gain: float = 0.7
    largest_gain: float = 1.4
    homography: Sequence[Sequence[float]] | None = None
    mirror: bool = True
    largest_breathing: float = 0.003
    noise: bool = True
    noisy_narrow: bool = True
    diffraction: bool = False
    vignetting: bool = False

    @property
    def is_mirrored(self) -> bool:
        """Whether camera B's image is stored mirrored; never with a single camera."""
        return self.mirror and self.rig == "dual"


@dataclass(frozen=True)
class Draw:
    """The random choices of one scene.

    Attributes
    ----------
    homography
        From camera A's grid to camera B's grid before the mirror, float64 (3, 3).
    gains
        Ratio of camera B's exposure to camera A's, in each pair.
    white_balance
        White balance that each camera chose.
    defocused
        The camera that is wide open in the target pair.
    """

    homography: np.ndarray
    gains: Mapping[Kind, float]
    white_balance: Mapping[Camera, RgbMultipliers]
    defocused: Camera


def draw_scene(simulation: Simulation, body: Body, number: int) -> Draw:
    """Draw the random choices of the scene with a number; they are the same each time.

    Raises
    ------
    InputError
        The limits of the gain or the given homography are impossible.
    """
    random = np.random.default_rng([simulation.seed, number, 0])
    # Always drawn, so that a given homography does not change the other random choices.
    drawn = random_homography(random, body, simulation.largest_shift, simulation.largest_rotation)
    limits = simulation.smallest_gain, simulation.largest_gain
    if not 0 < limits[0] <= limits[1]:
        raise InputError(f"gains from {limits[0]:g} to {limits[1]:g} are impossible; give a positive range")
    if simulation.rig == "single":
        return _draw_single(simulation, body, number)
    gain = float(random.uniform(*limits))
    # An iris does not close to exactly the same area each time.
    target_gain = float(np.clip(gain * random.uniform(0.97, 1.03), *limits))
    red, green, blue = DAYLIGHT
    other = (red * random.uniform(0.95, 1.05), green, blue * random.uniform(0.95, 1.05))
    return Draw(
        homography=drawn if simulation.homography is None else _invertible(simulation.homography),
        gains={"reference": gain, "target": target_gain},
        white_balance={"A": DAYLIGHT, "B": other},
        defocused="A" if random.integers(2) else "B",
    )


def _draw_single(simulation: Simulation, body: Body, number: int) -> Draw:
    """Draw the random choices for two shots of one camera: focus breathing and the iris's area."""
    random = np.random.default_rng([simulation.seed, number, 3])
    scale = 1 + float(random.uniform(-simulation.largest_breathing, simulation.largest_breathing))
    gain = float(random.uniform(0.97, 1.03))
    return Draw(
        homography=homography(body.grid, scale=scale)
        if simulation.homography is None
        else _invertible(simulation.homography),
        gains={"reference": gain, "target": gain},
        white_balance={"A": DAYLIGHT, "B": DAYLIGHT},
        defocused="A",
    )


def _invertible(rows: Sequence[Sequence[float]]) -> np.ndarray:
    matrix = np.array(rows, np.float64)
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all() or np.linalg.matrix_rank(matrix) < 3:
        raise InputError(f"{rows} is no homography; give three rows of three numbers that can be inverted")
    return matrix
