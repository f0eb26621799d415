"""Scoring a run's saved outputs under another protocol, or by more metrics, without running the method."""

from pathlib import Path

import torch

from benchmark.protocols import PROTOCOLS
from benchmark.results.choice import Chosen
from benchmark.results.run import RunFolder
from benchmark.results.summary import Summary
from benchmark.running import runner
from benchmark.running.environment import describe
from benchmark.running.jobs import Piece
from benchmark.running.workers import ALONE, Workers
from realdof.common.errors import InputError

_OF_THE_FOLDER = ("schema", "id", "created", "summary", "finished")


def rescore(
    run: Chosen,
    task: runner.Task,
    results: Path,
    *,
    again: bool = False,
    workers: Workers = ALONE,
    report: runner.Report = lambda progress: None,
) -> tuple[RunFolder, Summary]:
    """Score a run's outputs; the new run keeps the method, weights and times of the one it comes from.

    Outputs are saved clipped and with 16 bits, which costs less than 1e-3 dB.

    Parameters
    ----------
    run
        A whole run on the task's data set.
    task
        Data set, protocol and metrics to score by.
    workers
        Who scores.

    Raises
    ------
    InputError
        The run is on other images, its protocol gave the method other input, or an output is missing.
    """
    _check(run, task)
    images = runner.paired_outputs(task, run.folder.path / "outputs")
    kept = {key: value for key, value in run.description.items() if key not in _OF_THE_FOLDER}
    description = kept | {
        "determinants": run.settings
        | {
            "protocol": task.protocol.name,
            "protocol_version": task.protocol.version,
            "rescored": run.settings.get("rescored") or run.description["id"],
        },
        "scored_with": describe(torch.device("cpu")),
    }
    folder = RunFolder.create(results, description)
    earlier = run.folder.records()
    pieces = [Piece(entry, images[entry.name], earlier[entry.name]) for entry in task.entries]
    return folder, runner.score_pieces(task, folder, pieces, again, workers, report)


def _check(run: Chosen, task: runner.Task) -> None:
    name, settings = task.protocol.name, run.settings
    if (settings["dataset"], settings["images"]) != (task.dataset.card.name, task.dataset.identity()):
        raise InputError(
            f"{run.label} is on other images than {task.dataset.card.name} in {task.dataset.root}; give the --root it "
            f"ran on ({settings['dataset']}, {settings['images'][:8]})"
        )
    before = PROTOCOLS.get(settings["protocol"])
    if before is None or before.reading != task.protocol.reading:
        raise InputError(
            f"{run.label} ran under {settings['protocol']}, which reads images otherwise than {name}; its outputs "
            f"cannot be scored under {name}, so run the method with --protocol {name}"
        )
    if not task.protocol.clips:
        raise InputError(f"protocol {name} scores what a method returned beyond [0, 1], and saved outputs are clipped")
    missing = {entry.name for entry in task.entries} - run.folder.records().keys()
    if missing:
        raise InputError(f"{run.label} has no result for {min(missing)} ({len(missing)} are missing); finish it first")
