"""Names to methods, data sets, metrics and protocols; a user's own package joins through the same entry points."""

import difflib
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from benchmark.datasets.base import Dataset
from benchmark.method import MethodFactory
from benchmark.metrics.base import Metric, MetricCard
from benchmark.protocols import PROTOCOLS, Protocol
from realdof.common.errors import InputError

METHODS = "ifan_bench.methods"
DATASETS = "ifan_bench.datasets"
METRICS = "ifan_bench.metrics"
COMMANDS = "ifan_bench.commands"


def names(group: str) -> list[str]:
    """Every registered name of a group, sorted."""
    return sorted({point.name for point in entry_points(group=group)})


def method(name: str) -> MethodFactory:
    """The method of this name, not yet loaded."""
    factory: MethodFactory = _load(METHODS, "method", name)
    return factory


def dataset(name: str) -> type[Dataset]:
    """The data set class of this name."""
    found: type[Dataset] = _load(DATASETS, "data set", name)
    return found


def metric(name: str) -> Metric:
    """The metric of this name, ready to measure."""
    found: Metric = _load(METRICS, "metric", name)()
    return found


def metric_card(name: str) -> MetricCard:
    """The card of the metric of this name, without loading what it measures with."""
    card: MetricCard = _load(METRICS, "metric", name).card
    return card


def protocol(name: str) -> Protocol:
    """The protocol of this name."""
    if name not in PROTOCOLS:
        raise unknown("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]


def unknown(kind: str, name: str, known: Iterable[str]) -> InputError:
    """The sentence for a name that does not exist, with the nearest one that does."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    return InputError(f"there is no {kind} named {name}; {advice}")


def _load(group: str, kind: str, name: str) -> Any:
    points = {point.name: point for point in entry_points(group=group)}
    if name not in points:
        raise unknown(kind, name, points)
    return _import(points[name], kind)


def _import(point: EntryPoint, kind: str) -> Any:
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        package = point.dist.name if point.dist else "its package"
        raise InputError(
            f"{kind} {point.name} of {package} cannot be imported: {error}; install what it needs"
        ) from error
