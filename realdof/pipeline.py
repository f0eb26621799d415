"""Build a data set from a capture folder, scene by scene; builds can be resumed and are always byte-identical."""

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from realdof.captures.folder import find_scenes
from realdof.captures.scene import Complaint
from realdof.common.errors import InputError
from realdof.common.machine.software import software
from realdof.common.processes.executor import Outcome, completed, workers
from realdof.common.processes.pool import WorkerDied
from realdof.dataset.folder import Finished, claimed_folder, finish_folder, remove_scene
from realdof.dataset.layout import BUILD
from realdof.dataset.manifest import Build, Manifest, SceneRecord
from realdof.settings import Settings
from realdof.worker import SceneTask, build_scene

PIPELINE = 2
"""Version of the pipeline; increase it with every change after which the same captures give other bytes."""

Report = Callable[[SceneRecord | None, int], None]
"""Progress callback (record, total number of scenes); the record is None once, at the start."""


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
    """Build the data set of a capture folder, or the scenes that it still lacks.

    Parameters
    ----------
    captures
        A folder of scenes, or a list of them; see ``realdof.captures.folder``.
    out
        A new or empty folder, or the folder of an earlier build with the same settings, to continue or update it.
    keep_stages
        Whether to keep intermediate images too.
    worker_count, cluster
        See ``realdof.common.processes.executor.workers``.
    say
        Callback for a sentence that explains a wait of up to a minute for an abandoned folder.

    Returns
    -------
    Manifest
        The manifest as written; it includes scenes that failed, with their reason.

    Raises
    ------
    InputError
        No scene can be built, or ``out`` cannot be used.
    """
    # A cluster's workers have other working folders, so relative paths would not work.
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
                if isinstance(outcome.error, ImportError):
                    raise InputError(
                        f"a worker cannot import what the build needs ({outcome.error}); install the same on every "
                        "machine"
                    ) from outcome.error
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


def _unusable(complaints: Iterable[Complaint]) -> dict[str, SceneRecord]:
    """Return the records of the scenes that cannot be built, by name."""
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
    """Make the manifest, which does not depend on the location of captures and data set."""
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
    """Make the paths in a sentence that lie inside the folders relative to them.

    Only the beginning of a path is shortened: ``/data`` is not cut out of ``/mnt/data``.
    """
    for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
        beginning = re.escape(f"{str(folder).rstrip('/')}/")
        sentence = re.sub(rf"(?<![^\s'\"(]){beginning}(?=[^\s/])", "", sentence)
    return sentence
