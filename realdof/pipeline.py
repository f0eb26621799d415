"""From a capture folder to a data set: every scene on its own, resumable, the same bytes however it is run."""

import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from realdof.captures.folder import find_scenes
from realdof.captures.scene import Camera, Complaint, Kind
from realdof.captures.scene import Scene as CapturedScene
from realdof.common.errors import InputError
from realdof.common.executor import Outcome, completed, workers
from realdof.common.files import sha256_of
from realdof.common.processes import WorkerDied
from realdof.common.software import software
from realdof.dataset.folder import (
    Finished,
    built_once,
    claimed_folder,
    finish_folder,
    remove_scene,
    write_images,
    write_stages,
)
from realdof.dataset.layout import BUILD, Stage
from realdof.dataset.manifest import Build, InputFile, Manifest, OutputFile, SceneRecord
from realdof.raw.crop import RESIZE_FACTOR
from realdof.raw.develop import (
    DEVELOPED_SUFFIXES,
    Multipliers,
    camera_multipliers,
    develop_shot,
)
from realdof.raw.developed import Developed
from realdof.scene import SMALLEST_SIDE, AlignedPair, Photographs, make_scene
from realdof.settings import Settings

PIPELINE = 2
"""Raised whenever a change lets the same captures give other bytes."""

Report = Callable[[SceneRecord | None, int], None]
"""Progress callback (record, total number of scenes); the record is None once, at the start."""


@dataclass(frozen=True)
class SceneTask:
    """A scene to build into ``out``; the names of its shots are told relative to ``root``."""

    scene: CapturedScene
    root: Path
    out: Path
    build: Build


def build_dataset(
    captures: Path,
    out: Path,
    settings: Settings,
    report: Report = lambda scene, total: None,
    *,
    keep_stages: bool = False,
    worker_count: int = 1,
    cluster: str | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> Manifest:
    """Build the data set of a capture folder, or what is missing of it.

    Parameters
    ----------
    captures
        A folder of scenes, or a manifest of them; see ``realdof.captures.folder``.
    out
        A new or empty folder, or one with a build of the same settings that was interrupted or whose captures changed.
    keep_stages
        Whether to keep the images between the stages too.
    worker_count, cluster
        See ``realdof.common.executor.workers``.
    say
        Callback for a sentence that explains a wait of up to a minute for an abandoned folder.

    Returns
    -------
    Manifest
        As it was written; scenes that failed are in it with their reason.

    Raises
    ------
    InputError
        No scene can be built at all, or ``out`` cannot be used.
    """
    # A cluster's workers have working folders of their own.
    captures, out = captures.absolute(), out.absolute()
    root = captures if captures.is_dir() else captures.parent
    scenes, complaints = find_scenes(captures, settings.rig)
    failures = _unusable(complaints)
    if not scenes and not (out / BUILD).is_file():
        raise InputError(_nothing_to_build(captures, failures))
    build = Build(
        pipeline=PIPELINE,
        settings=settings,
        fingerprint=settings.fingerprint,
        keeps_stages=keep_stages,
        software=software(),
    )
    with claimed_folder(out, captures, build, {scene.name for scene in scenes} | failures.keys(), say) as claim:
        for name in failures:
            remove_scene(out, name)
        report(None, len(scenes))
        finished: list[Finished] = []
        tasks = [SceneTask(scene, root, out, build) for scene in scenes]
        with workers(worker_count, cluster) as executor:
            for outcome in completed(executor, build_scene, tasks):
                claim.check()
                if outcome.result is None:
                    record = failures[outcome.item.scene.name] = _failure(outcome)
                    remove_scene(out, record.name)
                else:
                    record = outcome.result.record
                    finished.append(outcome.result)
                report(record, len(scenes))
        manifest = _manifest(build, finished, failures.values(), complaints, (root, out))
        claim.check()
        finish_folder(out, manifest)
    return manifest


def build_scene(task: SceneTask) -> Finished:
    """Build a scene, or find that it is built already.

    Raises
    ------
    InputError
        A shot cannot be used, an output cannot be written, or other software is installed here than the build's.
    """
    if software() != task.build.software:
        raise InputError(f"a worker has {_differences(software(), task.build.software)}; install the same everywhere")
    inputs = _hashed_inputs(task)
    identity = _identity(task, inputs)
    return built_once(task.out, task.scene.name, identity, lambda: _built(task, inputs, identity))


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
    """Everything that the scene's bytes depend on, hashed."""
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
    """The multipliers of all four shots; nothing if each keeps its own camera's, or if they came developed."""
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


def _unusable(complaints: Iterable[Complaint]) -> dict[str, SceneRecord]:
    """A record of each scene that cannot even be begun."""
    fatal = [(complaint.scene, complaint.sentence) for complaint in complaints if complaint.fatal]
    return {name: _failed(name, sentence) for name, sentence in fatal if name is not None}


def _nothing_to_build(captures: Path, failures: Mapping[str, SceneRecord]) -> str:
    first, *others = failures.values()
    more = f" (and {len(others)} more that cannot be built)" if others else ""
    return f"{captures} holds no scene that can be built: scene {first.name}{more}: {first.reason}"


def _failure(outcome: Outcome[SceneTask, Finished]) -> SceneRecord:
    name, error = outcome.item.scene.name, outcome.error
    if isinstance(error, InputError | WorkerDied):
        return _failed(name, str(error))
    logging.getLogger(__name__).error("scene %s failed unexpectedly", name, exc_info=error)
    return _failed(name, f"{type(error).__name__} came unexpectedly ({error}); please report it")


def _failed(name: str, sentence: str) -> SceneRecord:
    return SceneRecord(name=name, verdict="failed", reason=sentence)


def _manifest(
    build: Build,
    finished: Iterable[Finished],
    failures: Iterable[SceneRecord],
    complaints: Iterable[Complaint],
    folders: Sequence[Path],
) -> Manifest:
    """The manifest, the same wherever captures and data set lie."""
    failed = [record.model_copy(update={"reason": placeless(record.reason, folders)}) for record in failures]
    scenes = [*(done.record for done in finished), *failed]
    doubts: dict[str, tuple[str, ...]] = {}
    for complaint in complaints:
        if not complaint.fatal and complaint.scene is not None:
            doubts[complaint.scene] = (*doubts.get(complaint.scene, ()), placeless(complaint.sentence, folders))
    return Manifest(
        build=build,
        scenes=tuple(sorted(scenes, key=lambda scene: scene.name)),
        doubts=dict(sorted(doubts.items())),
        records=dict(sorted((done.record.name, done.sha256) for done in finished)),
    )


def placeless(sentence: str, folders: Iterable[Path]) -> str:
    """A sentence with the paths of files within the folders told from these on.

    Only where a path begins: ``/data`` is not cut out of ``/mnt/data``.
    """
    for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
        beginning = re.escape(f"{str(folder).rstrip('/')}/")
        sentence = re.sub(rf"(?<![^\s'\"(]){beginning}(?=[^\s/])", "", sentence)
    return sentence
