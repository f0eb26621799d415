"""The truth about a simulated scene: what an alignment, an exposure match and a blur map should find."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from realdof.captures.scene import Member
from realdof.raw.develop import RESIZE_FACTOR
from realdof.simulation.parameters import DAYLIGHT, Draw, SceneKind, Simulation
from realdof.simulation.rig import Body, stored_homography
from realdof.simulation.scenery import Layer
from realdof.simulation.sensor import FULL_WELL, read_noise
from realdof.simulation.shots import FOCAL_LENGTH_MM, FOCUS_DISTANCE_M, NARROW_F_NUMBER, Shot, lens
from realdof.simulation.views import View, visible_radii

VERSION = 1
"""Of the generator: one version, with the same parameters and seed, gives the same scenes."""


def truth_of(
    simulation: Simulation, body: Body, draw: Draw, number: int, kind: SceneKind, shots: Mapping[Member, Shot]
) -> dict[str, Any]:
    """All that is known about a scene, to be written as JSON.

    Returns
    -------
    dict
        ``grid``: height and width of the image once developed, cropped and resized to a quarter.
        ``homography_a_to_b``: from points of camera A's grid to those of camera B's as it stores its image, the
        mirror included; pixel i covers [i, i + 1). None where no alignment is right.
        ``mirrored``: the cameras that see the scene in the mirror.
        ``gain_b_over_a``: linear light of camera B over that of camera A, for each pair and channel, if both
        are developed with one white balance; with vignetting, at the centre of their raw files.
        ``defocused``: the camera that is wide open in the target pair.
    """
    given = None if simulation.homography is None else draw.homography.tolist()
    stored = stored_homography(body, draw.homography, simulation.mirror)
    alignable = kind in ("textured", "clipped")
    return {
        "version": VERSION,
        "kind": kind,
        "number": number,
        "simulation": {**asdict(simulation), "homography": given},
        "grid": [body.grid.height, body.grid.width],
        "homography_a_to_b": stored.tolist() if alignable else None,
        "mirrored": ["B"] if simulation.mirror else [],
        "defocused": draw.defocused,
        "gain_b_over_a": {pair: [gain] * 3 for pair, gain in draw.gains.items()},
        "white_balance": {"light": DAYLIGHT, **draw.white_balance},
        "lens": {
            "focal_length_mm": FOCAL_LENGTH_MM,
            "focus_distance_m": FOCUS_DISTANCE_M,
            "pixel_pitch_um": body.pixel_pitch_um,
        },
        "shots": {"/".join(member): _settings(shot) for member, shot in shots.items()},
    }


def truth_maps(
    simulation: Simulation, body: Body, layers: Sequence[Layer], distances: np.ndarray
) -> dict[str, np.ndarray]:
    """What each pixel of camera A's grid shows.

    Returns
    -------
    dict
        float32 of the grid's size each: ``radius_wide`` and ``radius_narrow``, the signed blur radius at the
        wide aperture and at F16 in grid px, positive behind the focus; ``distance_m``.
    """
    grid_from_scene = np.diag([1 / RESIZE_FACTOR, 1 / RESIZE_FACTOR, 1])

    def show(values: np.ndarray) -> np.ndarray:
        return visible_radii(layers, View(body.grid, grid_from_scene, values.tolist()))

    return {
        "radius_wide": show(lens(body, simulation.wide_f_number).blur_radius(distances) / RESIZE_FACTOR),
        "radius_narrow": show(lens(body, NARROW_F_NUMBER).blur_radius(distances) / RESIZE_FACTOR),
        "distance_m": show(distances),
    }


def _settings(shot: Shot) -> dict[str, Any]:
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
