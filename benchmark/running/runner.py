"""`run` a method on a data set, `score` existing images, or `rescore` a run; each writes a run to disk."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from benchmark.datasets.base import Entry, hash_of_files
from benchmark.loading import load_method
from benchmark.method import Context, Method, MethodCard, MethodFactory, Precision, WeightsUsed, unheard
from benchmark.results.description import Environment
from benchmark.results.record import Record
from benchmark.results.run import Run
from benchmark.results.summary import Summary, summarise
from benchmark.running.environment import describe, package_versions
from benchmark.running.facts import complexity_facts, method_facts, settings_of, weights_facts
from benchmark.running.job import Job, Upcoming, Use
from benchmark.running.outputs import check_rescoring, outputs_to_score, paired_outputs
from benchmark.running.pipeline import compute_here
from benchmark.running.requirements import check_capabilities, check_views, default_weights
from benchmark.running.task import Task
from benchmark.running.workers import ALONE, Workers, compute_on_workers
from benchmark.suspicion.of_data import doubts_about_data
from benchmark.tiling import Tiling
from realdof.images.headers import read_header

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Progress:
    """Progress of a run: images done, images in all, images done by an earlier attempt, and the last record."""

    done: int
    total: int
    resumed: int
    record: Record | None


Report = Callable[[Progress], None]


def _nobody(progress: Progress) -> None:
    """Ignore progress; the default callback."""


def run(
    task: Task,
    factory: MethodFactory,
    results: Path,
    *,
    weights: str | None = None,
    device: str = "cpu",
    precision: Precision = "float32",
    tiling: Tiling | None = None,
    memory: int | None = None,
    again: bool = False,
    workers: Workers = ALONE,
    report: Report = _nobody,
    announce: Callable[[str], None] = unheard,
    claims_paper: bool = False,
) -> tuple[Run, Summary]:
    """Run a method on a data set; images finished by an earlier run with the same settings are kept.

    Parameters
    ----------
    weights
        Key or path; None for the data set's default, if the method has weights.
    device, precision
        Device and type in which the method computes.
    tiling
        Tiling of every image; None for whole images, though a method may still cut images that do not fit into memory.
    memory
        Bytes that an image may take, for methods that compute in bands of rows; None for the free memory. It is not
        part of the run's id, because the result is the same.
    again
        Whether to compute every image again.
    workers
        Where images are computed. Scores do not depend on it; times measured next to other workers do.
    announce
        Called, in this process only, with one line on how an image is computed if it does not fit into memory whole.
    claims_paper
        Whether the user claims that the weights are those of the published figures.

    Raises
    ------
    InputError
        The method cannot run on this data set, its weights cannot be loaded, or the results cannot be written.
    """
    check_views(factory.card, task)
    weights = weights or default_weights(factory, task.dataset.card)
    method = load_method(factory, weights)
    # The weights may determine a network's shape, and so its views, card and cost.
    card, used, where = method.card, method.weights, torch.device(device)
    check_views(card, task)
    check_capabilities(method, precision, tiling, workers, memory)
    opened = Run.open(
        results,
        settings_of(task, card, used, where, tiling, precision),
        method=method_facts(card),
        weights=weights_facts(used, card, claimed=claims_paper),
        complexity=complexity_facts(method.counted or factory.architecture()),
        metrics=task.figures,
        total=task.total,
        of_papers=task.dataset.of_papers,
        environment=describe(where),
    )
    left, done = _left(task, opened, again)
    use = Use(
        factory,
        _findable(weights),
        None if used is None else used.sha256,
        Context(
            device=device,
            precision=precision,
            tiling=tiling,
            memory=memory,
            announce=announce if workers.here else unheard,
            logs=opened.logs.absolute(),
            upcoming=Upcoming(task.protocol, tuple(left)) if method.capabilities.at_once else None,
            family=task.dataset.family,
        ),
    )
    summary = _fill(opened, task, left, done, _job(task, opened, use), describe(where), again, workers, report, method)
    return opened, summary


def score(
    task: Task,
    outputs: Path,
    name: str,
    results: Path,
    *,
    again: bool = False,
    workers: Workers = ALONE,
    report: Report = _nobody,
) -> tuple[Run, Summary]:
    """Score existing images, paired with the data set by name, or the outputs of a run.

    Parameters
    ----------
    outputs
        A folder of images, or a run's folder.
    name
        The method's name in tables.
    workers
        Who scores.

    Raises
    ------
    InputError
        An image is missing, has no entry, or has another size; or the folder is a run on other data or under another
        protocol.
    """
    images = outputs_to_score(task, outputs)
    bits = {read_header(path).bits for path in images.values()}
    card = MethodCard(name, name, "single", f"images of {outputs}")
    used = WeightsUsed("images", hash_of_files(images.values()), f"{min(bits)}-bit images made elsewhere")
    opened = Run.open(
        results,
        settings_of(task, card, used, CPU, None),
        method=method_facts(card),
        weights=weights_facts(used, card),
        complexity=None,
        metrics=task.figures,
        total=task.total,
        of_papers=task.dataset.of_papers,
        environment=describe(CPU),
    )
    left, done = _left(task, opened, again)
    left = [replace(entry, output=images[entry.name]) for entry in left]
    summary = _fill(opened, task, left, done, _job(task, opened), describe(CPU), again, workers, report)
    return opened, summary


def rescore(
    origin: Run,
    task: Task,
    results: Path,
    *,
    again: bool = False,
    workers: Workers = ALONE,
    report: Report = _nobody,
) -> tuple[Run, Summary]:
    """Score a run's outputs under another protocol; the new run keeps the method, weights and times of the origin.

    Outputs are saved clipped and with 16 bits, which costs less than 1e-3 dB.

    Parameters
    ----------
    origin
        A complete run on the task's data set.
    task
        Data set, protocol and metrics for the new scores.
    workers
        Who scores.

    Raises
    ------
    InputError
        The run is on other images, its protocol reads images differently, or an output is missing.
    """
    earlier = origin.records()
    check_rescoring(origin, task, earlier)
    images = paired_outputs(task, {entry.name: origin.output(entry.name) for entry in task.entries})
    settings = origin.settings.model_copy(
        update={
            "protocol": task.protocol.name,
            "protocol_version": task.protocol.version,
            "rescored": origin.settings.rescored or origin.id,
        }
    )
    opened = Run.open(
        results,
        settings,
        method=origin.method,
        weights=origin.weights,
        complexity=origin.complexity,
        metrics=task.figures,
        total=origin.total,
        of_papers=origin.description.of_papers,
        environment=describe(CPU),
        measured=origin.description.measured or origin.attempts,
    )
    left, done = _left(task, opened, again)
    left = [replace(entry, output=images[entry.name]) for entry in left]
    job = _job(task, opened)
    summary = _fill(opened, task, left, done, job, describe(CPU), again, workers, report, earlier=earlier)
    return opened, summary


def _fill(
    run: Run,
    task: Task,
    left: Sequence[Entry],
    done: dict[str, Record],
    job: Job,
    environment: Environment,
    again: bool,
    workers: Workers,
    report: Report,
    method: Method | None = None,
    earlier: Mapping[str, Record] | None = None,
) -> Summary:
    """Compute the remaining images of a task, record each, and summarise the run."""
    records, resumed, total = dict(done), len(done), len(task.entries)
    kept = {} if again else run.records()
    report(Progress(resumed, total, resumed, None))
    if left:
        run.begin(environment, again=again)
        run.note_doubts(doubts_about_data(task.entries, task.protocol))
        here = partial(compute_here, untimed=workers.untimed)
        found = here(left, job.load(method)) if workers.here else compute_on_workers(left, job, workers)
        with torch.inference_mode(), closing(found) as computed:
            for made in computed:
                task.check_unchanged(made.name)
                record = made if earlier is None else made.with_times_of(earlier[made.name])
                record = record.with_scores_of(kept.get(record.name))
                records[record.name] = run.append(record)
                report(Progress(len(records), total, resumed, record))
    summary = summarise([records[entry.name] for entry in task.entries], total)
    run.finish(summary)
    return summary


def _left(task: Task, run: Run, again: bool) -> tuple[list[Entry], dict[str, Record]]:
    """Return the entries still to compute, and the complete records: successful and with every metric asked for."""
    records = {} if again else run.records()
    names = {entry.name for entry in task.entries}
    wanted = {card.recorded_as(column) for column, card in task.metrics.items()}
    done = {
        name: record
        for name, record in records.items()
        if name in names and record.status == "ok" and wanted <= set(record.scores)
    }
    return [entry.absolute() for entry in task.entries if entry.name not in done], done


def _job(task: Task, run: Run, use: Use | None = None) -> Job:
    return Job(task.protocol, tuple(task.metrics), run.path.absolute(), package_versions(), use)


def _findable(weights: str | None) -> str | None:
    """Make a path of weights absolute, for workers with another working directory; return a key unchanged."""
    return str(Path(weights).absolute()) if weights is not None and Path(weights).exists() else weights
