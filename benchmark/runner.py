"""`run` a method over a data set, or `score` images that exist: both end in a results folder that can be resumed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmark import complexity, registry
from benchmark.datasets.base import Dataset, Entry, check_entries, hash_of_files, list_images
from benchmark.environment import describe
from benchmark.evaluation import Evaluator, warm_up
from benchmark.method import Method, MethodCard, MethodFactory, WeightsUsed
from benchmark.metrics.base import Metric
from benchmark.protocols import Protocol
from benchmark.results import Record, RunFolder
from benchmark.summary import Summary, summarise
from benchmark.tiling import Tiling
from realdof.errors import InputError
from realdof.headers import read_header
from realdof.images import image_from_pixels, read_pixels


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
    where = torch.device(device)
    _use_full_precision()
    method.to(where)
    method.prepare_for(task.dataset.card.name)
    if tiling is not None and not method.can_tile:
        raise InputError(f"{card.name} cannot compute images in tiles; leave out --tile")
    method.tiling = tiling
    folder = RunFolder.create(results, _description(task, card, method.weights, factory, where, tiling))
    method.logs = folder.path / "logs"
    with torch.inference_mode():
        summary = run_entries(task, folder, _Deblur(task.evaluator, method, where), again, report)
    return folder, summary


def score(
    task: Task,
    outputs: Path,
    name: str,
    results: Path,
    *,
    again: bool = False,
    report: Report = lambda progress: None,
) -> tuple[RunFolder, Summary]:
    """Score images that exist, paired with the data set by name; the results of a run can be scored anew.

    Parameters
    ----------
    outputs
        A folder of images, or a run's folder.
    name
        The method's name in tables.

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
    return folder, run_entries(task, folder, _Score(task.evaluator, images), again, report)


class _Deblur:
    """From entry to record and output by running the method, warmed up once."""

    def __init__(self, evaluator: Evaluator, method: Method, device: torch.device) -> None:
        self.evaluator, self.method, self.device = evaluator, method, device
        self.warm = False

    def __call__(self, entry: Entry, folder: RunFolder) -> Record:
        if not self.warm and self.method.in_process:
            with _failures_left_to_the_timed_run():
                warm_up(self.method, self.evaluator.protocol.load_sample(entry), self.device)
            self.warm = True
        record, output = self.evaluator.run(entry, self.method, self.device)
        if output is not None:
            folder.keep_output(entry.name, output)
        return record


class _Score:
    """From entry to record by reading the output."""

    def __init__(self, evaluator: Evaluator, images: Mapping[str, Path]) -> None:
        self.evaluator, self.images = evaluator, images

    def __call__(self, entry: Entry, folder: RunFolder) -> Record:
        sample = self.evaluator.protocol.load_sample(entry)
        output = self.evaluator.protocol.fit(image_from_pixels(read_pixels(self.images[entry.name])))
        return Record(entry.name, "ok", self.evaluator.score(output, sample))


@contextmanager
def _failures_left_to_the_timed_run() -> Iterator[None]:
    # The same failure comes again in the run itself, where it is recorded with the image's name.
    try:
        yield
    except (InputError, RuntimeError, ValueError, ArithmeticError, MemoryError):
        return


def run_entries(
    task: Task, folder: RunFolder, work: Callable[[Entry, RunFolder], Record], again: bool, report: Report
) -> Summary:
    """Do what is not done yet of a task, record it as it is done, and sum it up."""
    records = {} if again else _finished(task, folder)
    resumed = len(records)
    report(Progress(resumed, len(task.entries), resumed, None))
    for entry in task.entries:
        if entry.name in records:
            continue
        record = work(entry, folder)
        folder.add(record)
        records[entry.name] = record
        report(Progress(len(records), len(task.entries), resumed, record))
    summary = summarise([records[entry.name] for entry in task.entries], len(task.entries))
    folder.finish(
        {
            "scores": summary.scores,
            "seconds": summary.seconds,
            "stages": summary.stages,
            "done": summary.done,
            "total": summary.total,
        }
    )
    return summary


def _finished(task: Task, folder: RunFolder) -> dict[str, Record]:
    """Records that need not be made again: good ones, with every metric asked for."""
    names = {entry.name for entry in task.entries}
    return {
        name: record
        for name, record in folder.records().items()
        if name in names and record.status == "ok" and set(task.metrics) <= set(record.scores)
    }


def _use_full_precision() -> None:
    # Scored CUDA runs are float32: a GPU's TF32 would change figures in the third digit.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


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
    factory: MethodFactory | None,
    device: torch.device,
    tiling: Tiling | None = None,
) -> dict[str, Any]:
    architecture = factory.architecture() if factory is not None else None
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
