"""Check a metric: card, values for good and bad outputs, and a whole run."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import registry
from benchmark.checks.finding import Finding, guarded, told
from benchmark.checks.mock import SIZES, blurred, mock_image, noisy, write_pairs
from benchmark.metrics.base import Metric, MetricInputs, score_by
from benchmark.registry import PLUGIN_FAILURES

if TYPE_CHECKING:
    from benchmark.method import Image
    from benchmark.metrics.card import MetricCard


def findings(name: str) -> Iterator[Finding]:
    """Check the metric registered under a name; the check stops if the metric cannot be loaded.

    Raises
    ------
    InputError
        No metric has this name, or its package is broken.
    """
    card = registry.metric_card(name)
    yield Finding("card", _card_problem(card))
    try:
        metric = registry.metric(name)
    except PLUGIN_FAILURES as error:
        yield Finding("ready to measure", told(error))
        return
    yield Finding("ready to measure", None)
    for kind, (height, width) in SIZES.items():
        target = mock_image(height, width)
        yield Finding(f"{kind} image, {width}x{height}", _value_problem(metric, noisy(target, 0.05), target))
    target = mock_image(96, 112)
    yield Finding("all-in-focus image in float64", _value_problem(metric, noisy(target, 0.05), target.double()))
    yield Finding("output beyond [0, 1]", _value_problem(metric, target * 1.5 - 0.25, target, in_range=False))
    yield Finding("same images twice", _repeat_problem(metric, target))
    if {"output", "target"} <= card.needs and card.averaged == "images":
        yield Finding("more noise ranks worse", _order_problem(metric, target))
        yield Finding("identical images", _identity_problem(metric, target))
    yield Finding("run over a data set in a folder", _run_problem(name))


def _card_problem(card: MetricCard) -> str | None:
    low, high = card.range
    if not low < high:
        return f"range is {low:g} to {high:g}; give the smallest and the largest possible value"
    if "output" not in card.needs:
        return f"it needs {', '.join(sorted(card.needs)) or 'nothing'}; a metric that ignores the output scores nothing"
    if not card.source.strip():
        return "source must say where the metric is defined"
    return None


def _measured(metric: Metric, output: Image, target: Image) -> dict[str, float]:
    return score_by({metric.card.name: metric}, MetricInputs(output, target, blurred(target).float()))


def _value_problem(metric: Metric, output: Image, target: Image, *, in_range: bool = True) -> str | None:
    def check() -> str | None:
        before = output.clone(), target.clone()
        scores = _measured(metric, output, target)
        if not bool((output == before[0]).all() and (target == before[1]).all()):
            return "it changed an image that it was given; work on a copy"
        return _form_problem(metric.card, scores) or (_range_problem(metric.card, scores) if in_range else None)

    return guarded(check)


def _form_problem(card: MetricCard, scores: Mapping[str, object]) -> str | None:
    expected = frozenset({card.name}) if card.averaged == "images" else card.averaged.scores
    if not scores.keys() <= expected or card.recorded_as(card.name) not in scores:
        return f"it gave the scores {', '.join(sorted(scores))}; its card promises {', '.join(sorted(expected))}"
    for name, value in scores.items():
        if not isinstance(value, float | int):
            return f"{name} is {type(value).__name__}; return a Python float"
        if math.isnan(value):
            return f"{name} is not a number for a noisy image"
    return None


def _range_problem(card: MetricCard, scores: Mapping[str, float]) -> str | None:
    low, high = card.range
    value = scores.get(card.name)
    if value is not None and not low <= value <= high:
        return f"it gave {value:g}, outside the range of its card, {low:g} to {high:g}"
    return None


def _repeat_problem(metric: Metric, target: Image) -> str | None:
    def check() -> str | None:
        first, second = (_measured(metric, noisy(target, 0.05), target) for _ in range(2))
        return None if first == second else f"it gave {first}, then {second}; fix its seed"

    return guarded(check)


def _order_problem(metric: Metric, target: Image) -> str | None:
    def check() -> str | None:
        name, better = metric.card.name, metric.card.better
        little, much = (_measured(metric, noisy(target, deviation), target)[name] for deviation in (0.02, 0.2))
        if (little > much) == (better == "higher") and little != much:
            return None
        return f"little noise scores {little:g} and much noise {much:g}, but its card says that {better} is better"

    return guarded(check)


def _identity_problem(metric: Metric, target: Image) -> str | None:
    def check() -> str | None:
        name, card = metric.card.name, metric.card
        same, noise = (_measured(metric, output, target)[name] for output in (target.clone(), noisy(target, 0.02)))
        if same != noise and (same > noise) == (card.better == "higher"):
            return _range_problem(card, {name: same})
        return f"identical images score {same:g}, noisy ones {noise:g}, but its card says that {card.better} is better"

    return guarded(check)


def _run_problem(name: str) -> str | None:
    """Score the inputs of a mock data set as `ifan-bench run` would."""
    from benchmark.datasets.folder import PairedFolder
    from benchmark.running import runner
    from benchmark.running.task import prepare

    with tempfile.TemporaryDirectory(prefix="ifan-bench-") as folder:
        dataset = PairedFolder(write_pairs(Path(folder) / "data"))

        def check() -> str | None:
            task = prepare(dataset, registry.protocol(dataset.card.protocol), (name,))
            _, summary = runner.run(task, registry.method("input"), Path(folder) / "results")
            return "; ".join(f"{image}: {reason}" for image, reason in summary.failed.items()) or None

        return guarded(check)
