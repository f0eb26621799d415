"""`run` a method over a data set, or `score` images that exist: both end in a results folder that can be resumed."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from benchmark import complexity, registry
from benchmark.datasets.base import Dataset, Entry, check_entries, hash_of_files, list_images
from benchmark.method import Architecture, MethodCard, MethodFactory, WeightsUsed
from benchmark.metrics.base import Metric
from benchmark.protocols import Protocol
from benchmark.results.run import Record, RunFolder
from benchmark.results.summary import Summary, summarise
from benchmark.running.environment import describe, package_versions
from benchmark.running.evaluation import Evaluator
from benchmark.running.jobs import Deblur, Deblurring, Job, Measures, Piece, Score, Scoring, Work, set_up
from benchmark.running.tiling import Tiling
from benchmark.running.workers import ALONE, Workers, compute_here, compute_on_workers
from realdof.common.errors import InputError
from realdof.images.headers import read_header


@dataclass(frozen=True)
class Progress:
    """How far a run is: images done and in all, how many of them an earlier run had done, and the last record."""

    done: int
    total: int
    resumed: int
    record: Record | None


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Task:
    """A data set under a protocol, checked and ready.

    Parameters
    ----------
    dataset, entries
        What is measured on.
    protocol
        How.
    metrics
        What is measured, by name; empty for a data set without all-in-focus images.
    """

    dataset: Dataset
    entries: list[Entry]
    protocol: Protocol
    metrics: Mapping[str, Metric]

    @property
    def evaluator(self) -> Evaluator:
        """The protocol with its metrics."""
        return Evaluator(self.protocol, self.metrics)

    @property
    def measures(self) -> Measures:
        """The same in words."""
        return Measures(self.protocol, tuple(self.metrics))


def prepare(dataset: Dataset, protocol: Protocol, metrics: tuple[str, ...] | None, limit: int | None = None) -> Task:
    """Check a data set and load the metrics, before anything is computed.

    Parameters
    ----------
    metrics
        Names; None for all of the protocol.
    limit
        Only the first so many images; such a run has an id of its own and is never ranked.

    Raises
    ------
    InputError
        The data set is not whole, or a metric is unknown or cannot be had.
    """
    wanted = protocol.metrics if metrics is None else metrics
    for name in wanted:
        if name not in protocol.metrics:
            raise registry.unknown(f"metric of protocol {protocol.name}", name, protocol.metrics)
    entries = dataset.entries()
    dataset.check(check_entries(entries))
    has_truth = any(entry.target is not None for entry in entries)
    if metrics and not has_truth:
        raise InputError(
            f"data set {dataset.card.name} has no all-in-focus images, so {', '.join(metrics)} cannot be measured; "
            "leave out --metrics to run it for pictures and time"
        )
    loaded = {name: registry.metric(protocol.registered(name)) for name in wanted} if has_truth else {}
    return Task(dataset, entries if limit is None else entries[:limit], protocol, loaded)


def run(
    task: Task,
    factory: MethodFactory,
    results: Path,
    *,
    weights: str | None = None,
    device: str = "cpu",
    tiling: Tiling | None = None,
    again: bool = False,
    workers: Workers = ALONE,
    report: Report = lambda progress: None,
) -> tuple[RunFolder, Summary]:
    """Run a method over a data set; images that an earlier run with the same settings finished are kept.

    Parameters
    ----------
    weights
        Key or path; None for the data set's default, if the method has weights.
    tiling
        How every image is cut; None for whole images, of which a method may still cut those that do not fit.
    again
        Compute every image anew.
    workers
        Who computes: the scores are the same, the times are not the method's own beside others.

    Raises
    ------
    InputError
        The method cannot run on this data set, its weights cannot be had, or the results cannot be written.
    """
    card = factory.card
    _check_views(card, task)
    if weights is None and card.weights:
        weights = task.dataset.card.weights
    method = factory.load(weights)
    # Weights may decide on a network's shape, and so on its views, its words and its cost.
    card = method.card
    _check_views(card, task)
    if tiling is not None and not method.can_tile:
        raise InputError(f"{card.name} cannot compute images in tiles; leave out --tile")
    if method.at_once and not workers.here:
        raise InputError(f"{card.name} is started once for all images, which workers cannot share; leave out --workers")
    where, used = torch.device(device), method.weights
    folder = RunFolder.create(
        results, _description(task, card, used, method.counted or factory.architecture(), where, tiling)
    )
    pieces = [Piece(entry) for entry in task.entries]

    def work() -> Work:
        set_up(method, where, task.dataset.card.name, tiling, folder)
        done = {} if again else _finished(task, folder)
        left = [entry for entry in task.entries if entry.name not in done]
        method.pending = lambda: (replace(task.protocol.load_sample(entry), target=None) for entry in left)
        return Deblur(task.evaluator, method, where, folder)

    sha256 = None if used is None else used.sha256
    job = Deblurring(
        task.measures, factory, _findable(weights), device, tiling, task.dataset.card.name, folder.path.absolute(),
        sha256, package_versions(),
    )  # fmt: skip
    return folder, run_pieces(task, folder, pieces, work, job, again, workers, report)


def score(
    task: Task,
    outputs: Path,
    name: str,
    results: Path,
    *,
    again: bool = False,
    workers: Workers = ALONE,
    report: Report = lambda progress: None,
) -> tuple[RunFolder, Summary]:
    """Score images that exist, paired with the data set by name; the results of a run can be scored anew.

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
        An image is missing, left over, or of another size; or the folder is a run under another protocol.
    """
    images = _outputs_of(task, outputs)
    bits = {read_header(path).bits for path in images.values()}
    card = MethodCard(name, name, "single", f"images of {outputs}")
    used = WeightsUsed("images", hash_of_files(images.values()), f"{min(bits)}-bit images made elsewhere")
    folder = RunFolder.create(results, _description(task, card, used, None, torch.device("cpu")))
    pieces = [Piece(entry, images[entry.name]) for entry in task.entries]
    return folder, score_pieces(task, folder, pieces, again, workers, report)


def score_pieces(
    task: Task, folder: RunFolder, pieces: list[Piece], again: bool, workers: Workers, report: Report
) -> Summary:
    """Score what is not scored yet of images that exist, and sum it up."""
    return run_pieces(
        task, folder, pieces, lambda: Score(task.evaluator), Scoring(task.measures, package_versions()),
        again, workers, report,
    )  # fmt: skip


def run_pieces(
    task: Task,
    folder: RunFolder,
    pieces: list[Piece],
    work: Callable[[], Work],
    job: Job,
    again: bool,
    workers: Workers,
    report: Report,
) -> Summary:
    """Do what is not done yet of a task, record it as it is done, and sum it up.

    Parameters
    ----------
    work
        Makes what is done with an image in this process.
    job
        The same for workers.
    """
    records = {} if again else _finished(task, folder)
    resumed = len(records)
    report(Progress(resumed, len(task.entries), resumed, None))
    left = [_findable_piece(piece) for piece in pieces if piece.entry.name not in records]
    if left:
        with (
            torch.inference_mode(),
            closing(compute_here(left, work()) if workers.here else compute_on_workers(left, job, workers)) as computed,
        ):
            for record in computed:
                folder.add(record)
                records[record.name] = record
                report(Progress(len(records), len(task.entries), resumed, record))
    summary = summarise([records[entry.name] for entry in task.entries], len(task.entries))
    folder.finish(summary.content())
    return summary


def _findable(weights: str | None) -> str | None:
    """A file's path as a worker finds it that has a working folder of its own; a key stays as it is."""
    return str(Path(weights).absolute()) if weights is not None and Path(weights).exists() else weights


def _findable_piece(piece: Piece) -> Piece:
    files = {role: path.absolute() for role, path in piece.entry.files.items()}
    output = None if piece.output is None else piece.output.absolute()
    return Piece(Entry(piece.entry.name, **files), output, piece.earlier)


def _finished(task: Task, folder: RunFolder) -> dict[str, Record]:
    """Records that need not be made again: good ones, with every metric asked for."""
    names = {entry.name for entry in task.entries}
    return {
        name: record
        for name, record in folder.records().items()
        if name in names and record.status == "ok" and set(task.metrics) <= set(record.scores)
    }


def _check_views(card: MethodCard, task: Task) -> None:
    if card.inputs == "dual" and any(entry.left is None or entry.right is None for entry in task.entries):
        raise InputError(
            f"{card.name} needs left and right dual-pixel views, which data set {task.dataset.card.name} does not have"
        )


def _outputs_of(task: Task, outputs: Path) -> dict[str, Path]:
    if (outputs / "run.json").exists():
        ran = RunFolder(outputs).description["determinants"]
        if (ran["protocol"], ran["dataset"]) != (task.protocol.name, task.dataset.card.name):
            raise InputError(
                f"{outputs} is a run on {ran['dataset']} under {ran['protocol']}, not on {task.dataset.card.name} "
                f"under {task.protocol.name}; give --dataset {ran['dataset']} --protocol {ran['protocol']}"
            )
        outputs = outputs / "outputs"
    return paired_outputs(task, outputs)


def paired_outputs(task: Task, outputs: Path) -> dict[str, Path]:
    """The image of each scene in a folder, by the scene's name.

    Raises
    ------
    InputError
        An image is missing, left over, or of another size.
    """
    images = list_images(outputs)
    names = {entry.name for entry in task.entries}
    missing, extra = sorted(names - images.keys()), sorted(images.keys() - names)
    if missing:
        raise InputError(f"{outputs} has no image named {missing[0]} ({len(missing)} of {len(names)} are missing)")
    if extra:
        raise InputError(f"{images[extra[0]]} belongs to no image of {task.dataset.card.name}; remove it")
    for entry in task.entries:
        _check_size(task, entry, images[entry.name])
    return {name: images[name] for name in sorted(names)}


def _check_size(task: Task, entry: Entry, path: Path) -> None:
    found, image = read_header(path), read_header(entry.image)
    fitted = task.protocol.fitted_size(image.height, image.width)
    if (found.height, found.width) not in {fitted, (image.height, image.width)}:
        raise InputError(
            f"{path} is {found.width}x{found.height}; {entry.name} of {task.dataset.card.name} needs "
            f"{image.width}x{image.height}"
        )


def _description(
    task: Task,
    card: MethodCard,
    weights: WeightsUsed | None,
    architecture: Architecture | None,
    device: torch.device,
    tiling: Tiling | None = None,
) -> dict[str, Any]:
    cost = complexity.count(architecture) if architecture is not None else None
    return {
        "determinants": {
            "method": card.name,
            "weights": weights.sha256 if weights else None,
            "dataset": task.dataset.card.name,
            "images": task.dataset.identity(),
            "count": len(task.entries),
            "protocol": task.protocol.name,
            "protocol_version": task.protocol.version,
            "dtype": "float32",
            "tiling": None if tiling is None else str(tiling),
            "device": device.type,
        },
        "method": {"title": card.title, "inputs": card.inputs, "summary": card.summary, "paper": card.paper},
        "weights": None if weights is None else {"name": weights.name, "label": weights.label},
        "complexity": None
        if cost is None
        else {
            "parameters": cost.parameters,
            "macs": cost.paper,
            "macs_exact": cost.exact,
            "convention": complexity.PAPER,
            "height": cost.height,
            "width": cost.width,
        },
        "total": len(task.dataset.entries()),
        "environment": describe(device),
    }
