"""Find runs whose outputs can be rescored under another protocol, so that a study computes nothing twice."""

import torch

from benchmark.loading import load_method
from benchmark.method import MethodFactory
from benchmark.results.choice import every_run
from benchmark.results.run import Run
from benchmark.running.facts import settings_of
from benchmark.running.outputs import check_rescoring, paired_outputs
from benchmark.running.requirements import default_weights
from benchmark.running.task import Task
from benchmark.studies.file import Study
from realdof.common.errors import InputError

_PROTOCOL = ("protocol", "protocol_version")


def run_to_rescore(study: Study, task: Task, factory: MethodFactory, weights: str | None) -> Run | None:
    """Find a run of the method on the same images whose outputs can be rescored under the task's protocol.

    Returns
    -------
    Run or None
        None if there is no such run, or if the method has already run under this protocol.

    Raises
    ------
    InputError
        The method's weights cannot be loaded.
    """
    if not study.results.is_dir():
        return None
    found = [
        run for run in every_run(study.results, task.dataset.card.name) if run.settings.method == factory.card.name
    ]
    if all(run.settings.protocol == task.protocol.name for run in found):
        return None
    method = load_method(factory, weights or default_weights(factory, task.dataset.card))
    wanted = settings_of(task, method.card, method.weights, torch.device(study.device), None, study.precision)
    if any(run.id == wanted.id for run in found):
        return None
    for run in found:
        protocol = {name: getattr(run.settings, name) for name in _PROTOCOL}
        if run.settings == wanted.model_copy(update=protocol) and _serves(run, task):
            return run
    return None


def _serves(run: Run, task: Task) -> bool:
    try:
        check_rescoring(run, task, run.records())
        paired_outputs(task, {entry.name: run.output(entry.name) for entry in task.entries})
    except InputError:
        return False
    return run.finished
