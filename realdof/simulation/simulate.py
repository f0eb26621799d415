"""Simulate capture folders of known scenes: raw files like those of the paper's rig, with their ground truth.

The rig is the paper's (supplement, section 1): two Sony A7R IV with 135 mm F1.8 lenses behind a beam
splitter, a reference pair at F16 and a target pair with one camera wide open, shutters at 1/125 s, and an ISO that
compensates for the aperture. Camera B sees the scene mirrored.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil, floor
from pathlib import Path

import numpy as np
from scipy.optimize import bisect

from realdof.captures.scene import CAMERAS, MEMBERS, MEMBERS_OF
from realdof.common.errors import InputError
from realdof.common.files import atomic_path, write_json
from realdof.geometry.grid import Grid
from realdof.images.colour import camera_from_srgb
from realdof.raw.cameras import A7R_IV
from realdof.simulation.parameters import SceneKind, Simulation, draw_scene
from realdof.simulation.rig import BODIES, Body, bounds, raw_from_scene, stored_homography
from realdof.simulation.scenery import Box, Layer, sky_scenery, textured_scenery
from realdof.simulation.shot_files import write_shot
from realdof.simulation.shots import layer_distances, plan_shot, raw_px, take_shot
from realdof.simulation.truth import FILE, truth_maps, truth_of
from realdof.simulation.views import View, render_strips

CLIPPED_SHARE = 0.22
"""Share of camera A's pixels that are clipped in a scene with blown highlights."""

FAULTY: tuple[SceneKind, ...] = ("sky", "wrong-pair", "clipped")
"""Scenes that a build must reject or doubt: nothing to align, a different view in each camera, blown highlights."""

# Share of the full range that white gives in green; with a gain of 1.4 nothing is clipped.
_EXPOSURE = 0.62
_LARGEST_SCENE = 2.0


def simulate_captures(
    out: Path, scenes: int, simulation: Simulation, bad_scenes: Sequence[SceneKind] = ()
) -> Iterator[Path]:
    """Simulate a capture folder in the layout of ``realdof.captures.folder``, one scene after the other.

    Parameters
    ----------
    scenes
        Number of scenes that can be aligned: ``001``, ``002`` and so on.
    bad_scenes
        Kinds of further scenes, which are named after number and kind: ``003-sky``.

    Yields
    ------
    Path
        Folder of each scene once it is complete: the shots, ``truth.json`` and ``truth.npz``.

    Raises
    ------
    InputError
        A scene's folder already exists or cannot be written, or a parameter is impossible.
    """
    textured: SceneKind = "textured"
    kinds = [textured] * scenes + list(bad_scenes)
    if not kinds:
        raise InputError(f"{scenes} scenes were asked for; ask for at least one")
    for number, kind in enumerate(kinds, start=1):
        folder = out / (f"{number:03d}" if kind == "textured" else f"{number:03d}-{kind}")
        simulate_scene(folder, simulation, number, kind)
        yield folder


def simulate_scene(
    folder: Path, simulation: Simulation, number: int, kind: SceneKind, body: Body | None = None
) -> None:
    """Simulate one scene's folder in the layout of ``realdof.captures.folder``; ``truth.json`` is written last.

    At full size this takes about a minute on one core and 3 GB.

    Parameters
    ----------
    number
        Number of the scene; another number gives another scene.
    body
        Body of both cameras; None for that of the simulation's size.

    Raises
    ------
    InputError
        As in ``simulate_captures``.
    """
    if folder.exists():
        raise InputError(f"{folder} exists already; give a new folder")
    body = body or BODIES[simulation.size]
    draw = draw_scene(simulation, body, number)
    matrices = {
        "A": raw_from_scene(body, np.eye(3)),
        "B": raw_from_scene(body, stored_homography(body, draw.homography, simulation.is_mirrored)),
    }
    box = _visible_box(body, matrices.values(), simulation)
    layers = _scenery(simulation, body, box, kind, number, "A")
    distances = layer_distances(simulation, body, layers)
    exposure = _clipping_exposure(layers, body, matrices["A"]) if kind == "clipped" else _EXPOSURE
    shots = {member: plan_shot(simulation, draw, number, member, exposure) for member in MEMBERS_OF[simulation.rig]}
    truth = truth_of(simulation, body, draw, number, kind, shots)
    maps = truth_maps(simulation, body, layers, distances)
    for camera in CAMERAS:
        if kind == "wrong-pair" and camera == "B":
            layers = _scenery(simulation, body, box, kind, number, "B")
            distances = layer_distances(simulation, body, layers)
        for index, member in enumerate(MEMBERS):
            if member in shots and member[1] == camera:
                noise = np.random.default_rng([simulation.seed, number, 2, index])
                mosaic = take_shot(shots[member], body, matrices[camera], layers, distances, noise)
                name = {"A": "wide", "B": "narrow"}[camera] if simulation.rig == "single" else "/".join(member)
                write_shot(folder / name, simulation.file_format, mosaic, shots[member])
    with atomic_path(folder / "truth.npz") as temporary:
        np.savez_compressed(temporary, **maps)  # type: ignore[arg-type]
    write_json(folder / FILE, truth.model_dump(mode="json"))


def _scenery(simulation: Simulation, body: Body, box: Box, kind: SceneKind, number: int, camera: str) -> list[Layer]:
    random = np.random.default_rng([simulation.seed, number, 1, ord(camera)])
    return sky_scenery(random, box) if kind == "sky" else textured_scenery(random, box, body.scale)


def _visible_box(body: Body, matrices: Iterable[np.ndarray], simulation: Simulation) -> Box:
    """Return the box of the scene that both cameras see, with a margin from which blur spreads light into the view."""
    views = [bounds(np.linalg.inv(matrix), body.raw) for matrix in matrices]
    margin = 2 * raw_px(simulation.largest_radius, body) + 32
    left, top = (floor(min(view[i] for view in views) - margin) for i in (0, 2))
    right, bottom = (ceil(max(view[i] for view in views) + margin) for i in (1, 3))
    if max(right - left, bottom - top) > _LARGEST_SCENE * max(body.raw.height, body.raw.width):
        raise InputError("the homography leaves the two cameras hardly a common view; give a smaller one")
    return left, right, top, bottom


def _clipping_exposure(layers: Sequence[Layer], body: Body, raw_from_scene: np.ndarray) -> float:
    """Return the exposure at which ``CLIPPED_SHARE`` of camera A's developed pixels have a clipped channel."""
    # Every sixteenth pixel in both directions suffices for the estimate.
    every = np.diag([1 / 16, 1 / 16, 1])
    view = View(Grid(body.raw.height // 16, body.raw.width // 16), every @ raw_from_scene, [0.0] * len(layers))
    light = np.concatenate([strip for _, strip in render_strips(layers, view)])
    to_camera = camera_from_srgb(A7R_IV.camera_from_xyz)
    camera = light.reshape(-1, 3) @ to_camera.T
    srgb_from_camera = np.linalg.inv(to_camera).T

    def excess(exposure: float) -> float:
        # Development clips the white-balanced colours, then those in sRGB.
        developed = np.minimum(camera * exposure, 1) @ srgb_from_camera
        return float((developed.max(axis=1) >= 1 - 1e-6).mean()) - CLIPPED_SHARE

    return float(bisect(excess, _EXPOSURE / 100, 100 * _EXPOSURE, xtol=1e-4))
