"""Check a protocol: description, reading, resizing and scoring of images, and a whole run."""

from __future__ import annotations

import math
import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import registry
from benchmark.checks.finding import Finding, guarded
from benchmark.checks.mock import SIZES, write_pairs
from benchmark.datasets.folder import PairedFolder

if TYPE_CHECKING:
    from benchmark.datasets.base import Entry
    from benchmark.metrics.base import Metric
    from benchmark.protocols.base import Protocol


def findings(name: str) -> Iterator[Finding]:
    """Check the protocol registered under a name.

    Raises
    ------
    InputError
        No protocol has this name, or its package is broken.
    """
    protocol = registry.protocol(name)
    yield Finding("description", _description_problem(protocol))
    metrics_problem = guarded(lambda: _metrics_problem(protocol))
    yield Finding("metrics", metrics_problem)
    yield Finding("sent to a worker", guarded(lambda: _pickle_problem(protocol)))
    if metrics_problem is not None:
        return
    metrics = {metric: registry.metric(protocol.registered(metric)) for metric in protocol.metrics}
    with tempfile.TemporaryDirectory(prefix="ifan-bench-") as folder:
        dataset = PairedFolder(write_pairs(Path(folder) / "data"))
        for entry in dataset.entries():
            height, width = SIZES[entry.name]
            yield Finding(f"{entry.name} image, {width}x{height}", _reading_problem(protocol, entry))
        entry = dataset.entries()[0]
        yield Finding("scores", _score_problem(protocol, entry, metrics))
        yield Finding("run over a data set in a folder", _run_problem(protocol, dataset, Path(folder) / "results"))


def _description_problem(protocol: Protocol) -> str | None:
    if protocol.version < 1:
        return f"version is {protocol.version}; begin with 1, and count up when figures change"
    if not protocol.summary.strip() or not protocol.source.strip():
        return "summary and source must say something: `ifan-bench protocols` shows them"
    if protocol.bits not in (8, 16):
        return f"bits is {protocol.bits!r}; it must be 8 or 16"
    return None


def _metrics_problem(protocol: Protocol) -> str | None:
    if not protocol.metrics:
        return "it measures nothing; name at least one metric"
    for metric in protocol.metrics:
        registry.metric_card(protocol.registered(metric))
    return None


def _pickle_problem(protocol: Protocol) -> str | None:
    # Safe: the pickle is written on the same line.
    if pickle.loads(pickle.dumps(protocol)) != protocol:  # nosec B301
        return "a copy of it differs from it; make it a frozen dataclass of plain values"
    return None


def _reading_problem(protocol: Protocol, entry: Entry) -> str | None:
    def check() -> str | None:
        sample = protocol.load(entry)
        expected = (3, *protocol.fitted_size(*SIZES[entry.name]))
        images = {"image": sample.image, "left": sample.left, "right": sample.right, "target": sample.target}
        for role, image in images.items():
            if image is None:
                return f"it reads no {role}, though the data set has one"
            if tuple(image.shape) != expected:
                return f"{role} is {tuple(image.shape)}; fitted_size promises {expected}"
            if not 0 <= float(image.min()) <= float(image.max()) <= 1:
                return f"{role} has values from {float(image.min()):g} to {float(image.max()):g}; read it to [0, 1]"
        return None

    return guarded(check)


def _score_problem(protocol: Protocol, entry: Entry, metrics: dict[str, Metric]) -> str | None:
    def check() -> str | None:
        sample = protocol.load(entry)
        assert sample.target is not None
        output = sample.image.clone()
        scores = protocol.score(output, sample, metrics)
        if not bool((output == sample.image).all()):
            return "score changed the output that it was given; work on a copy"
        if scores != protocol.score(output, sample, metrics):
            return "the same output scores otherwise the second time"
        if (missing := metrics.keys() - scores.keys()) and not any(
            metrics[name].card.averaged != "images" for name in missing
        ):
            return f"score gives no {min(missing)}, though metrics names it"
        if unreadable := [name for name, value in scores.items() if math.isnan(value)]:
            return f"{unreadable[0]} is not a number"
        best = protocol.score(sample.target.float(), sample, metrics)
        for name, metric in metrics.items():
            if name in scores and name in best and (best[name] < scores[name]) == (metric.card.better == "higher"):
                if best[name] == scores[name]:
                    continue
                return f"the all-in-focus image has {name} {best[name]:g}, worse than the input's {scores[name]:g}"
        return None

    return guarded(check)


def _run_problem(protocol: Protocol, dataset: PairedFolder, results: Path) -> str | None:
    from benchmark.running import runner
    from benchmark.running.task import prepare

    def check() -> str | None:
        task = prepare(dataset, protocol, None)
        _, summary = runner.run(task, registry.method("input"), results)
        return "; ".join(f"{image}: {reason}" for image, reason in summary.failed.items()) or None

    return guarded(check)
