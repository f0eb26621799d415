"""Build one scene on disk: develop its shots, build the pair, write it; skip a scene that is already built."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from realdof.captures.scene import Camera, Kind
from realdof.captures.scene import Scene as CapturedScene
from realdof.common.errors import InputError
from realdof.common.files import sha256_of
from realdof.common.machine.software import software
from realdof.dataset.folder import (
    Finished,
    finish_scene,
    finished_scene,
    remove_scene,
    write_images,
    write_stages,
)
from realdof.dataset.layout import Stage
from realdof.dataset.manifest import Build, InputFile, OutputFile, SceneRecord
from realdof.raw.crop import RESIZE_FACTOR
from realdof.raw.develop import DEVELOPED_SUFFIXES, Multipliers, camera_multipliers, develop_shot
from realdof.raw.developed import Developed
from realdof.scene import SMALLEST_SIDE, AlignedPair, Photographs, make_scene
from realdof.settings import Settings


@dataclass(frozen=True)
class SceneTask:
    """A scene to build into ``out``; its record names the shots relative to ``root``."""

    scene: CapturedScene
    root: Path
    out: Path
    build: Build


def build_scene(task: SceneTask) -> Finished:
    """Build a scene and write it; skip it if it is already built.

    Raises
    ------
    InputError
        A shot cannot be used, an output cannot be written, or the software installed here is not that of the build.
    """
    if software() != task.build.software:
        raise InputError(f"a worker has {_differences(software(), task.build.software)}; install the same everywhere")
    inputs = _hashed_inputs(task)
    identity = _identity(task, inputs)
    done = finished_scene(task.out, task.scene.name, identity)
    if done is None:
        remove_scene(task.out, task.scene.name)
        done = finish_scene(task.out, _built(task, inputs, identity))
    return done


def _built(task: SceneTask, inputs: dict[str, InputFile], identity: str) -> SceneRecord:
    shots, settings, name = task.scene, task.build.settings, task.scene.name
    _refuse_small(shots)
    balance = _shared_balance(shots, settings)
    stages: dict[Stage, OutputFile] = {}

    def develop(kind: Kind, camera: Camera) -> Developed:
        return develop_shot(shots.pairs[kind].of(camera).path, balance, settings.demosaicing)

    def keep(made: Photographs | AlignedPair) -> None:
        if task.build.keeps_stages:
            stages.update(write_stages(task.out, name, made.stages))

    scene = make_scene(develop, shots.defocused, settings, keep)
    figures = scene.figures
    return SceneRecord(
        name=name,
        verdict=scene.verdict,
        reason=scene.reason,
        identity=identity,
        defocused_camera=shots.defocused,
        inputs=inputs,
        outputs=write_images(task.out, name, scene.images),
        stages=stages,
        developed_by=figures.developed_by,
        white_balance=balance,
        grid=(figures.grid.height, figures.grid.width),
        region=figures.region,
        alignment=figures.alignment,
        photometry=figures.photometry,
        quality=figures.quality,
    )


def _hashed_inputs(task: SceneTask) -> dict[str, InputFile]:
    inputs = {}
    for member, capture in task.scene.captures.items():
        try:
            digest = sha256_of(capture.path)
        except OSError as error:
            raise InputError(f"cannot read {capture.path}: {error.strerror}; give a file that can be read") from error
        place = Path(os.path.relpath(capture.path, task.root)).as_posix()
        inputs["/".join(member)] = InputFile(file=place, sha256=digest)
    return inputs


def _identity(task: SceneTask, inputs: Mapping[str, InputFile]) -> str:
    """Return the SHA-256 of everything that the scene's bytes depend on."""
    parts = {
        "build": task.build.model_dump(mode="json"),
        "scene": task.scene.name,
        "defocused": task.scene.defocused,
        "inputs": {member: file.model_dump() for member, file in inputs.items()},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _refuse_small(scene: CapturedScene) -> None:
    first = scene.reference.a
    if min(first.size) < RESIZE_FACTOR * SMALLEST_SIDE:
        raise InputError(
            f"{first.path} is {first.size[1]}x{first.size[0]}; shots need at least {RESIZE_FACTOR * SMALLEST_SIDE} px "
            "on each side to be aligned"
        )


def _shared_balance(scene: CapturedScene, settings: Settings) -> Multipliers | None:
    """Return the white balance of all shots; None if each keeps its own camera's or the files are already developed."""
    paths = [capture.path for capture in scene.captures.values()]
    developed = [path for path in paths if path.suffix.lower() in DEVELOPED_SUFFIXES]
    if developed and len(developed) < len(paths):
        raw = next(path for path in paths if path not in developed)
        raise InputError(f"{developed[0]} is developed and {raw} is raw; give files of one kind")
    if not isinstance(settings.white_balance, str):
        red, green, blue = settings.white_balance
        return red, green, blue, green
    if settings.white_balance == "camera" or developed:
        return None
    return camera_multipliers(scene.reference.of(scene.defocused).path)


def _differences(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    return ", ".join(
        f"{name} {version}, not {there.get(name)}" for name, version in here.items() if there.get(name) != version
    )
