"""One scene's files: shots in, images and a record out, nothing done twice."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from realdof.captures.scene import Camera, Kind, Scene
from realdof.common.errors import InputError
from realdof.common.files import sha256_of
from realdof.common.memory import keep_blocks
from realdof.common.software import software
from realdof.dataset.manifest import (
    Build,
    InputFile,
    OutputFile,
    SceneRecord,
    WhiteBalance,
    read_record,
    record_path,
    without_maps,
    write_dataclass,
)
from realdof.images.files import write_pixels
from realdof.raw.develop import (
    DEVELOPED_SUFFIXES,
    RESIZE_FACTOR,
    DevelopedBy,
    Multipliers,
    camera_multipliers,
    develop_cropped,
    develop_half,
)
from realdof.scene import BuiltScene, make_scene
from realdof.stages import SMALLEST_SIDE, sixteen_bits

_FILES = {"source": "source/{}.png", "target": "target/{}.png"}
_FILES |= {f"reference_{view}": f"reference/{{}}_{view}.png" for view in ("fixed", "before", "moved")}


@dataclass(frozen=True)
class SceneTask:
    """A scene to build into ``out``; its shots are named relative to ``root``."""

    scene: Scene
    root: Path
    out: Path
    build: Build


@dataclass(frozen=True)
class Finished:
    """A scene's record without its maps, and the SHA-256 of the file that has them."""

    record: SceneRecord
    sha256: str


def build_scene(task: SceneTask) -> Finished:
    """Build a scene, or find that it is built already; its record is the last file to be written.

    Raises
    ------
    InputError
        A shot cannot be used, an output cannot be written, or other software is installed here than the build's.
    """
    keep_blocks()
    if software() != task.build.software:
        raise InputError(f"a worker has {_differences(software(), task.build.software)}; install the same everywhere")
    inputs = _hashed_inputs(task)
    identity = _identity(task, inputs)
    record = finished_record(task.out, task.scene.name)
    if record is None or record.identity != identity:
        remove_scene(task.out, task.scene.name)
        record = _build(task, inputs, identity)
        write_dataclass(record_path(task.out, task.scene.name), record)
    return Finished(without_maps(record), sha256_of(record_path(task.out, task.scene.name)))


def finished_record(out: Path, scene: str) -> SceneRecord | None:
    """A scene's record, if it and all files that it names are as they were written."""
    if not record_path(out, scene).is_file():
        return None
    try:
        record = read_record(out, scene)
    except InputError:
        return None
    files = [(out / image.file, image.sha256) for image in record.outputs.values()]
    return record if all(path.is_file() and sha256_of(path) == digest for path, digest in files) else None


def remove_scene(out: Path, scene: str) -> None:
    """Remove a scene's record, then its images; a name that is none of a file has none.

    Raises
    ------
    InputError
        A file cannot be removed.
    """
    if Path(scene).name != scene or scene in ("", ".", ".."):
        return
    images = [out / pattern.format(scene) for pattern in _FILES.values()]
    stages = sorted((out / "stages" / scene).glob("*.png"))
    for path in [record_path(out, scene), *images, *stages]:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise InputError(f"cannot remove {path}: {error.strerror}; give a folder that can be written to") from error


def _build(task: SceneTask, inputs: dict[str, InputFile], identity: str) -> SceneRecord:
    scene, settings = task.scene, task.build.settings
    _refuse_small(scene)
    balance = _shared_balance(scene, settings.white_balance)
    outputs: dict[str, OutputFile] = {}
    developed_by: dict[str, DevelopedBy] = {}
    develop = develop_half if settings.demosaicing == "half-size" else develop_cropped

    def save(name: str, image: np.ndarray) -> None:
        is_stage = name.startswith("stages/")
        if settings.keep_stages or not is_stage:
            file = f"stages/{scene.name}/{Path(name).name}.png" if is_stage else _FILES[name].format(scene.name)
            outputs[name] = _written(task.out, file, image)

    def developed(kind: Kind, camera: Camera) -> np.ndarray:
        shot = develop(scene.pairs[kind].of(camera).path, balance)
        developed_by[f"{kind}/{camera}"] = shot.developed_by
        return shot.pixels

    built = make_scene(developed, scene.defocused, settings, save)
    return _record(
        scene, built, identity=identity, inputs=inputs, outputs=outputs, developed_by=developed_by, balance=balance
    )


def _record(
    scene: Scene,
    built: BuiltScene,
    *,
    identity: str,
    inputs: dict[str, InputFile],
    outputs: dict[str, OutputFile],
    developed_by: dict[str, DevelopedBy],
    balance: Multipliers | None,
) -> SceneRecord:
    return SceneRecord(
        name=scene.name,
        verdict=built.verdict,
        reason=built.reason,
        identity=identity,
        defocused_camera=scene.defocused,
        inputs=inputs,
        outputs=outputs,
        developed_by=developed_by,
        white_balance=balance,
        grid=(built.grid.height, built.grid.width),
        region=built.region,
        alignment=built.alignment,
        photometry=built.photometry,
        quality=built.quality,
    )


def _hashed_inputs(task: SceneTask) -> dict[str, InputFile]:
    inputs = {}
    for member, capture in task.scene.captures.items():
        try:
            digest = sha256_of(capture.path)
        except OSError as error:
            raise InputError(f"cannot read {capture.path}: {error.strerror}; give a file that can be read") from error
        inputs["/".join(member)] = InputFile(Path(os.path.relpath(capture.path, task.root)).as_posix(), digest)
    return inputs


def _identity(task: SceneTask, inputs: Mapping[str, InputFile]) -> str:
    """Everything that the scene's bytes depend on, hashed."""
    parts = {
        "build": asdict(task.build),
        "scene": task.scene.name,
        "defocused": task.scene.defocused,
        "inputs": {member: asdict(file) for member, file in inputs.items()},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _refuse_small(scene: Scene) -> None:
    first = scene.reference.a
    if min(first.size) < RESIZE_FACTOR * SMALLEST_SIDE:
        raise InputError(
            f"{first.path} is {first.size[1]}x{first.size[0]}; shots need at least {RESIZE_FACTOR * SMALLEST_SIDE} px "
            "on each side to be aligned"
        )


def _shared_balance(scene: Scene, white_balance: WhiteBalance) -> Multipliers | None:
    """The multipliers of all four shots; nothing if each keeps its own camera's, or if they came developed."""
    paths = [capture.path for capture in scene.captures.values()]
    developed = [path for path in paths if path.suffix.lower() in DEVELOPED_SUFFIXES]
    if developed and len(developed) < len(paths):
        raw = next(path for path in paths if path not in developed)
        raise InputError(f"{developed[0]} is developed and {raw} is raw; give four files of one kind")
    if white_balance == "camera" or (white_balance == "reference" and developed):
        return None
    if white_balance == "reference":
        return camera_multipliers(scene.reference.of(scene.defocused).path)
    red, green, blue = white_balance
    return red, green, blue, green


def _written(out: Path, file: str, image: np.ndarray) -> OutputFile:
    pixels = sixteen_bits(image)
    write_pixels(out / file, pixels)
    return OutputFile(file, sha256_of(out / file), pixels.shape[0], pixels.shape[1], 8 * pixels.dtype.itemsize)


def _differences(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    return ", ".join(
        f"{name} {version}, not {there.get(name)}" for name, version in here.items() if there.get(name) != version
    )
