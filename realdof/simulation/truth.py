"""The ground truth of a simulated scene: the correct homography, exposure difference and blur map."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from realdof.captures.scene import Camera, Kind, Member
from realdof.common.decode import Strict, read_json
from realdof.raw.crop import RESIZE_FACTOR
from realdof.simulation.parameters import DAYLIGHT, Draw, RgbMultipliers, SceneKind, Simulation
from realdof.simulation.rig import Body, stored_homography
from realdof.simulation.scenery import Layer
from realdof.simulation.sensor import FULL_WELL, read_noise
from realdof.simulation.shots import FOCAL_LENGTH_MM, FOCUS_DISTANCE_M, NARROW_F_NUMBER, Shot, lens
from realdof.simulation.views import View, visible_radii

VERSION = 1
"""Version of the simulation; the same version, parameters and seed give the same scenes."""

FILE = "truth.json"
"""Name of the ground truth's file in a scene's folder."""

Number = int | float
Row = tuple[float, float, float]


class Truth(Strict):
    """The ground truth of a scene.

    Attributes
    ----------
    version, kind, number, simulation
        Version of the simulation, kind and number of the scene, and the parameters.
    grid
        Height and width of the image after it is developed, cropped and resized to a quarter, px.
    homography_a_to_b
        From points of camera A's grid to points of camera B's stored image, including the mirror; pixel i covers
        [i, i + 1). None if no alignment is correct.
    mirrored
        The cameras that see the scene mirrored.
    defocused
        The camera that is wide open in the target pair.
    gain_b_over_a
        Ratio of camera B's linear light to camera A's, for each pair and channel, if both are developed with one white
        balance; with vignetting, at the centre of the raw files.
    white_balance
        Multipliers with which the light is white (``light``), and those that each camera chose.
    lens, shots
        The lens, and the settings of each shot by member.
    """

    version: int
    kind: SceneKind
    number: int
    simulation: dict[str, Any]
    grid: tuple[int, int]
    homography_a_to_b: tuple[Row, Row, Row] | None
    mirrored: tuple[Camera, ...]
    defocused: Camera
    gain_b_over_a: dict[Kind, RgbMultipliers]
    white_balance: dict[str, RgbMultipliers]
    lens: dict[str, Number]
    shots: dict[str, dict[str, Number | bool | None]]


def read_truth(folder: Path) -> Truth:
    """Read the ground truth in a scene's folder.

    Raises
    ------
    InputError
        The file is missing, or is not what ``realdof simulate`` writes.
    """
    return read_json(folder / FILE, Truth, "simulate the scene again")


def truth_of(
    simulation: Simulation, body: Body, draw: Draw, number: int, kind: SceneKind, shots: Mapping[Member, Shot]
) -> Truth:
    """Collect the ground truth of a scene; it does not need the rendered images."""
    given = None if simulation.homography is None else draw.homography.tolist()
    stored = stored_homography(body, draw.homography, simulation.is_mirrored)
    first, second, third = ((a, b, c) for a, b, c in stored.tolist())
    return Truth(
        version=VERSION,
        kind=kind,
        number=number,
        simulation={**asdict(simulation), "homography": given},
        grid=(body.grid.height, body.grid.width),
        homography_a_to_b=(first, second, third) if kind in ("textured", "clipped") else None,
        mirrored=("B",) if simulation.is_mirrored else (),
        defocused=draw.defocused,
        gain_b_over_a={pair: (gain, gain, gain) for pair, gain in draw.gains.items()},
        white_balance={"light": DAYLIGHT, **{str(camera): chosen for camera, chosen in draw.white_balance.items()}},
        lens={
            "focal_length_mm": FOCAL_LENGTH_MM,
            "focus_distance_m": FOCUS_DISTANCE_M,
            "pixel_pitch_um": body.pixel_pitch_um,
        },
        shots={"/".join(member): _settings(shot) for member, shot in shots.items()},
    )


def truth_maps(
    simulation: Simulation, body: Body, layers: Sequence[Layer], distances: np.ndarray
) -> dict[str, np.ndarray]:
    """Return blur radius and distance at each pixel of camera A's grid.

    Returns
    -------
    dict
        float32 (H, W) of the grid's size each: ``radius_wide`` and ``radius_narrow``, the signed blur radius at the
        wide aperture and at F16 in grid px, positive behind the focus; ``distance_m``, the distance in m.
    """
    grid_from_scene = np.diag([1 / RESIZE_FACTOR, 1 / RESIZE_FACTOR, 1])

    def show(values: np.ndarray) -> np.ndarray:
        return visible_radii(layers, View(body.grid, grid_from_scene, values.tolist()))

    return {
        "radius_wide": show(lens(body, simulation.wide_f_number).blur_radius(distances) / RESIZE_FACTOR),
        "radius_narrow": show(lens(body, NARROW_F_NUMBER).blur_radius(distances) / RESIZE_FACTOR),
        "distance_m": show(distances),
    }


def _settings(shot: Shot) -> dict[str, Number | bool | None]:
    iso = shot.noise_iso
    return {
        "f_number": shot.f_number,
        "iso": shot.exif.iso,
        "exposure": shot.exposure,
        "corner_falloff": shot.corner_falloff,
        "diffraction": shot.diffraction,
        "full_well_electrons": None if iso is None else FULL_WELL * 100 / iso,
        "read_noise_electrons": None if iso is None else read_noise(iso),
    }
