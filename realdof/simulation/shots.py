"""Take one simulated shot: set the camera, and record the mosaic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log2

import numpy as np

from realdof.captures.scene import Member
from realdof.common.errors import InputError
from realdof.optics.lens import ThinLens
from realdof.raw.cameras import A7R_IV
from realdof.raw.crop import RESIZE_FACTOR
from realdof.raw.exif import Exif
from realdof.simulation.parameters import DAYLIGHT, Draw, RgbMultipliers, Simulation
from realdof.simulation.rig import Body
from realdof.simulation.scenery import Layer
from realdof.simulation.sensor import read_out, signal
from realdof.simulation.views import View, airy_kernel, render_strips

FOCAL_LENGTH_MM, FOCUS_DISTANCE_M = 135.0, 6.0
NARROW_F_NUMBER = 16.0
SHUTTER = 1 / 125
AIRY_DIAMETER_UM = 21.0
"""Diameter of the Airy disc at F16, um."""

_WIDE_ISO = 100
_FULL_STOPS_OF_ISO = [100 * 2**stops for stops in range(9)]
# Thirds of a stop, rounded as in cameras.
_ISO_SETTINGS = sorted(round(iso * part) for iso in _FULL_STOPS_OF_ISO for part in (1, 1.25, 1.6))
_FIRST_SHOT = datetime(2020, 11, 14, 12)
_SERIALS = {"A": "3374840", "B": "3374841"}


@dataclass(frozen=True)
class Shot:
    """The settings of one shot.

    Attributes
    ----------
    exposure
        Share of the full range that white gives in green at the centre.
    noise_iso
        ISO sensitivity for the noise; None for no noise.
    corner_falloff
        Share of the light that is lost in the corners.
    diffraction
        Whether to simulate diffraction.
    white_balance
        White balance that the camera chose.
    """

    exif: Exif
    f_number: float
    exposure: float
    noise_iso: float | None
    corner_falloff: float
    diffraction: bool
    white_balance: RgbMultipliers


def plan_shot(simulation: Simulation, draw: Draw, number: int, member: Member, exposure: float) -> Shot:
    """Choose the settings of one of the four shots of a scene.

    Parameters
    ----------
    number
        Number of the scene; one scene is shot each minute.
    exposure
        Exposure of camera A.
    """
    kind, camera = member
    wide = kind == "target" and camera == draw.defocused
    f_number = simulation.wide_f_number if wide else NARROW_F_NUMBER
    narrow_iso = _iso_setting(_WIDE_ISO * (NARROW_F_NUMBER / simulation.wide_f_number) ** 2)
    iso = _WIDE_ISO if wide else narrow_iso
    # One trigger opens both shutters, and the clocks differ by 3 ms. A single camera needs some seconds to stop down.
    later = 0.003 if simulation.rig == "dual" else 5.0
    seconds = 60 * number + (20 if kind == "target" else 0) + (later if camera == "B" else 0)
    exif = Exif(
        model=A7R_IV.model,
        body_serial=_SERIALS[camera if simulation.rig == "dual" else "A"],
        lens="FE 135mm F1.8 GM",
        time=_FIRST_SHOT + timedelta(seconds=seconds),
        time_step=0.001,
        exposure_time=SHUTTER,
        f_number=f_number,
        iso=iso,
        focal_length=FOCAL_LENGTH_MM,
    )
    noise_iso = iso if simulation.noisy_narrow else _WIDE_ISO
    return Shot(
        exif=exif,
        f_number=f_number,
        exposure=exposure * (draw.gains[kind] if camera == "B" else 1.0),
        noise_iso=noise_iso if simulation.noise else None,
        corner_falloff=_corner_falloff(f_number) if simulation.vignetting else 0.0,
        diffraction=simulation.diffraction and not wide,
        white_balance=draw.white_balance[camera],
    )


def take_shot(
    shot: Shot,
    body: Body,
    raw_from_scene: np.ndarray,
    layers: Sequence[Layer],
    distances: np.ndarray,
    noise: np.random.Generator,
) -> np.ndarray:
    """Render and record a shot.

    Parameters
    ----------
    raw_from_scene
        Homography from scene coordinates to those of the raw file.
    distances
        Distances of the layers, m.

    Returns
    -------
    ndarray
        uint16 (H, W) of the raw file's size.
    """
    radii = lens(body, shot.f_number).blur_radius(distances)
    diffraction = airy_kernel(AIRY_DIAMETER_UM / body.pixel_pitch_um) if shot.diffraction else None
    mosaic = np.empty((body.raw.height, body.raw.width), np.uint16)
    for first, light in render_strips(layers, View(body.raw, raw_from_scene, radii.tolist(), diffraction)):
        rows = slice(first, first + len(light))
        exposure = shot.exposure * _vignette(body, rows, shot.corner_falloff)
        mosaic[rows] = read_out(signal(light, exposure, np.array(DAYLIGHT)), shot.noise_iso, noise)
    return mosaic


def lens(body: Body, f_number: float) -> ThinLens:
    """Return the paper's lens at an aperture, in front of a body's sensor."""
    return ThinLens(FOCAL_LENGTH_MM, f_number, FOCUS_DISTANCE_M, body.pixel_pitch_um)


def layer_distances(simulation: Simulation, body: Body, layers: Sequence[Layer]) -> np.ndarray:
    """Return the distance of each layer, m, so that depth 1 has the largest blur radius when the lens is wide open.

    Raises
    ------
    InputError
        No distance gives the largest radius.
    """
    at_infinity = float(lens(body, simulation.wide_f_number).blur_radius(np.inf))
    limit = at_infinity / raw_px(1, body)
    if not 0 <= simulation.largest_radius < limit:
        raise InputError(
            f"a blur radius of {simulation.largest_radius:g} px is impossible at "
            f"F{simulation.wide_f_number:g}; give less than {limit:.1f}"
        )
    # A thin lens's blur radius is linear in the reciprocal distance.
    share = simulation.largest_radius / limit
    return np.array([FOCUS_DISTANCE_M / (1 - layer.depth * share) for layer in layers])


def raw_px(grid_px: float, body: Body) -> float:
    """Convert a length on the 2376x1586 grid to px of a body's raw file."""
    return grid_px * RESIZE_FACTOR * body.scale


def _iso_setting(iso: float) -> int:
    """Return the nearest sensitivity to which the camera can be set."""
    return min(_ISO_SETTINGS, key=lambda setting: abs(log2(setting / iso)))


def _corner_falloff(f_number: float) -> float:
    """Return the share of light lost in the corners: half wide open, 5 % at narrow apertures, as in fast lenses."""
    return 0.05 + 0.45 * (1.8 / f_number) ** 2


def _vignette(body: Body, rows: slice, corner_falloff: float) -> np.ndarray | float:
    """Return the share of light that reaches the pixels of some rows; the loss grows with the squared distance."""
    if corner_falloff == 0:
        return 1.0
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + 0.5 - body.raw.height / 2
    x = np.arange(body.raw.width, dtype=np.float32)[None, :] + 0.5 - body.raw.width / 2
    corner = (body.raw.height / 2) ** 2 + (body.raw.width / 2) ** 2
    return np.asarray(1 - np.float32(corner_falloff / corner) * (x * x + y * y))
