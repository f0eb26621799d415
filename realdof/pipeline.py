"""From a capture folder to a data set: every scene on its own, resumable, the same bytes however it is run."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from realdof.captures.folder import find_scenes
from realdof.captures.scene import Complaint
from realdof.common.errors import InputError
from realdof.common.executor import Outcome, WorkerDied, completed, workers
from realdof.common.software import software
from realdof.dataset.folder import finish_folder, locked, open_folder
from realdof.dataset.manifest import VERSION, Build, Manifest, SceneRecord, Settings
from realdof.dataset.scene_files import Finished, SceneTask, build_scene, remove_scene

PIPELINE = 2
"""Raised whenever a change lets the same captures give other bytes."""

Report = Callable[[SceneRecord | None, int], None]
"""Told of each scene that is done, and of how many there are; once of none, before the first."""


def build_dataset(
    captures: Path,
    out: Path,
    settings: Settings,
    report: Report = lambda scene, total: None,
    *,
    worker_count: int = 1,
    cluster: str | None = None,
) -> Manifest:
    """Build the data set of a capture folder, or what is missing of it.

    Parameters
    ----------
    captures
        A folder of scenes, or a manifest of them; see ``realdof.captures.folder``.
    out
        A new or empty folder, or one with a build of the same settings that was interrupted or whose captures changed.
    worker_count, cluster
        See ``realdof.common.executor.workers``.

    Returns
    -------
    Manifest
        As it was written; scenes that failed are in it with their reason.

    Raises
    ------
    InputError
        No scene can be found, or ``out`` cannot be used.
    """
    # A cluster's workers have working folders of their own.
    captures, out = captures.absolute(), out.absolute()
    root = captures if captures.is_dir() else captures.parent
    scenes, complaints = find_scenes(captures)
    build = Build(PIPELINE, settings, software())
    failures = _unusable(complaints)
    with locked(out, captures):
        open_folder(out, build, {scene.name for scene in scenes} | failures.keys())
        for name in failures:
            remove_scene(out, name)
        report(None, len(scenes))
        finished: list[Finished] = []
        tasks = [SceneTask(scene, root, out, build) for scene in scenes]
        with workers(worker_count, cluster) as executor:
            for outcome in completed(executor, build_scene, tasks):
                if outcome.result is None:
                    record = failures[outcome.item.scene.name] = _failure(outcome)
                    remove_scene(out, record.name)
                else:
                    record = outcome.result.record
                    finished.append(outcome.result)
                report(record, len(scenes))
        manifest = _manifest(build, finished, _relative(failures.values(), root, out), complaints)
        finish_folder(out, manifest)
    return manifest


def _unusable(complaints: Iterable[Complaint]) -> dict[str, SceneRecord]:
    """A record of each scene that cannot even be begun."""
    fatal = [(complaint.scene, complaint.sentence) for complaint in complaints if complaint.fatal]
    return {name: SceneRecord(name, "failed", sentence) for name, sentence in fatal if name is not None}


def _failure(outcome: Outcome[SceneTask, Finished]) -> SceneRecord:
    name, error = outcome.item.scene.name, outcome.error
    if isinstance(error, InputError | WorkerDied):
        return SceneRecord(name, "failed", str(error))
    logging.getLogger(__name__).error("scene %s failed unexpectedly", name, exc_info=error)
    return SceneRecord(name, "failed", f"{type(error).__name__} came unexpectedly ({error}); please report it")


def _relative(failures: Iterable[SceneRecord], root: Path, out: Path) -> list[SceneRecord]:
    """Failures told without the places of captures and data set, which may differ from machine to machine."""
    return [SceneRecord(r.name, r.verdict, r.reason.replace(f"{root}/", "").replace(f"{out}/", "")) for r in failures]


def _manifest(
    build: Build, finished: Iterable[Finished], failures: Iterable[SceneRecord], complaints: Iterable[Complaint]
) -> Manifest:
    scenes = [done.record for done in finished] + list(failures)
    records = {done.record.name: done.sha256 for done in finished}
    doubts: dict[str, tuple[str, ...]] = {}
    for complaint in complaints:
        if not complaint.fatal and complaint.scene is not None:
            doubts[complaint.scene] = (*doubts.get(complaint.scene, ()), complaint.sentence)
    return Manifest(
        version=VERSION,
        build=build,
        scenes=tuple(sorted(scenes, key=lambda scene: scene.name)),
        doubts=dict(sorted(doubts.items())),
        records=dict(sorted(records.items())),
    )
