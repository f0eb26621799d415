"""Find methods, data sets, metrics, protocols and commands by name; other packages register theirs as entry points.

Plug-ins are imported only on request. A broken plug-in is left out of listings with one warning, and requesting it by
name raises `InputError`; everything else continues to work.
"""

from __future__ import annotations

import difflib
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import TYPE_CHECKING, Any

from realdof.common.errors import InputError

if TYPE_CHECKING:
    from benchmark.datasets.base import Dataset
    from benchmark.method import MethodFactory
    from benchmark.metrics.base import Metric
    from benchmark.metrics.card import MetricCard
    from benchmark.protocols.base import Protocol

METHODS = "ifan_bench.methods"
DATASETS = "ifan_bench.datasets"
METRICS = "ifan_bench.metrics"
PROTOCOLS = "ifan_bench.protocols"
COMMANDS = "ifan_bench.commands"
FIGURES = "ifan_bench.figures"
PLUGIN_FAILURES = (
    ImportError, AttributeError, NameError, SyntaxError, TypeError, ValueError, LookupError, AssertionError,
    ArithmeticError, RuntimeError, MemoryError, OSError, InputError,
)  # fmt: skip
"""Exceptions that plug-ins may raise; they must not end a command that does not need the plug-in."""

_NOUNS = {
    METHODS: "method",
    DATASETS: "data set",
    METRICS: "metric",
    PROTOCOLS: "protocol",
    COMMANDS: "command",
    FIGURES: "figure",
}
_OURS = "ifan-bench"
_MIGRATE = "docs/how-to/migrate.md lists what changed"
_log = logging.getLogger(__name__)


def names(group: str) -> list[str]:
    """List every registered name of a group, sorted, including those of broken plug-ins."""
    return sorted({point.name for point in _points(group)})


def method(name: str) -> MethodFactory:
    """Find a method by name, without its weights; ``FAMILY:MEMBER`` is one of a family, such as ``recipe:drbnet``.

    Raises
    ------
    InputError
        No method has this name, or its package is broken or for another version; the other functions raise the same.
    """
    from benchmark.loading import MethodFamily

    family, colon, member = name.partition(":")
    factory: MethodFactory = _found(METHODS, family)
    if not colon:
        return factory

    if not isinstance(factory, MethodFamily):
        raise InputError(f"{family} is one method; leave out :{member}")
    return factory.member(member)


def dataset(name: str) -> type[Dataset]:
    """Find a data set's class by name."""
    found: type[Dataset] = _found(DATASETS, name)
    return found


def metric(name: str) -> Metric:
    """Find a metric by name and load it; ``pyiqa:NAME`` is any metric of pyiqa."""
    from benchmark.metrics.iqa.catalogue import is_pyiqa

    if is_pyiqa(name):
        from benchmark.metrics.iqa.metric import PyiqaMetric

        return PyiqaMetric(name)
    found = _found(METRICS, name)
    if not isinstance(found, type):
        return found
    try:
        made: Metric = found()
    except InputError:
        raise
    except PLUGIN_FAILURES as error:
        raise InputError(f"metric {name} cannot be made ready: {_told(error)}") from error
    return made


def metric_card(name: str) -> MetricCard:
    """Find a metric's card by name, without loading the metric's weights."""
    from benchmark.metrics.iqa.catalogue import card_of, is_pyiqa

    if is_pyiqa(name):
        return card_of(name)
    card: MetricCard = _found(METRICS, name).card
    return card


def recorded_card(name: str) -> MetricCard:
    """Return a metric's card as a run records it; a metric of pyiqa is loaded, to include the hash of its weights."""
    from benchmark.metrics.iqa.catalogue import is_pyiqa

    return metric(name).card if is_pyiqa(name) else metric_card(name)


def find_metric_card(name: str) -> MetricCard | None:
    """Find a metric's card; None if the metric is not installed or is broken."""
    return _found_or_none(METRICS, name, "card")


def protocol(name: str) -> Protocol:
    """Find a protocol by name."""
    found: Protocol = _found(PROTOCOLS, name)
    return found


def find_protocol(name: str) -> Protocol | None:
    """Find a protocol; None if it is not installed or is broken."""
    return _found_or_none(PROTOCOLS, name)


def commands() -> Iterator[tuple[str, Callable[..., None]]]:
    """Yield name and function of every command that packages add to ``ifan-bench``; warn of broken ones."""
    yield from sound(COMMANDS)


def figures() -> Iterator[tuple[str, Callable[..., None]]]:
    """Yield name and function of every kind of figure that packages add to ``ifan-bench figure``; see `commands`."""
    yield from sound(FIGURES)


def sound(group: str) -> Iterator[tuple[str, Any]]:
    """Yield name and object of every working entry point of a group, sorted; warn once about each broken one."""
    for name in names(group):
        try:
            found = _found(group, name)
        except InputError as error:
            _warn_once(str(error))
        else:
            yield name, found


def cards(group: str) -> list[Any]:
    """List the cards of all working plug-ins of a group, sorted by name; a protocol is its own card."""
    return [found if group == PROTOCOLS else found.card for _, found in sound(group)]


def unknown(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Make the error for an unknown name; it suggests the nearest known name."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}" if known else "there are none"
    return InputError(f"there is no {kind} named {name}; {advice}")


def _found_or_none(group: str, name: str, attribute: str | None = None) -> Any:
    if name not in names(group):
        return None
    try:
        found = _found(group, name)
    except InputError as error:
        _warn_once(str(error))
        return None
    return found if attribute is None else getattr(found, attribute)


@cache
def _warn_once(sentence: str) -> None:
    _log.warning("ifan-bench goes on without this plug-in: %s", sentence)


def _found(group: str, name: str) -> Any:
    point = _only(group, name)
    what = f"{_NOUNS[group]} {name} of {_package(point)}"
    try:
        found = point.load()
    except PLUGIN_FAILURES as error:
        raise InputError(f"{what} cannot be imported: {_told(error)}; {_remedy(error)}") from error
    problem = None if group in (COMMANDS, FIGURES) else _problem(group, name, found)
    if problem is not None:
        raise InputError(f"{what} {problem}")
    return found


def _only(group: str, name: str) -> EntryPoint:
    """Find the entry point of a name. If two packages register it, ifan-bench's is used; two others are refused."""
    points = [point for point in _points(group) if point.name == name]
    if not points:
        raise unknown(_NOUNS[group], name, names(group))
    different = {point.value: point for point in points}
    if len(different) == 1:
        return points[0]
    packages = sorted({_package(point) for point in points})
    sentence = f"{_NOUNS[group]} {name} is registered by two packages, {' and '.join(packages)}"
    ours = [point for point in points if _package(point) == _OURS]
    if not ours:
        raise InputError(f"{sentence}; uninstall one of them")
    _warn_once(f"{sentence}; that of {_OURS} is used")
    return ours[0]


def _points(group: str) -> list[EntryPoint]:
    return list(_every_point(group, tuple(sys.path), *map(_changed, sys.path)))


@cache
def _every_point(group: str, *state: object) -> EntryPoints:
    """Return a group's entry points; packages' files are read again only after something is installed."""
    return entry_points(group=group)


def _changed(folder: str) -> int | None:
    try:
        return os.stat(folder or ".").st_mtime_ns  # noqa: PTH116
    except OSError:
        return None


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "its package"


def _problem(group: str, name: str, found: Any) -> str | None:
    """Return the fault of an imported plug-in, as the end of a sentence; None if it has none."""
    # Each where it is needed: protocols load OpenCV, which a list of methods can do without.
    if group == PROTOCOLS:
        from benchmark.protocols.base import Protocol

        if not isinstance(found, Protocol):
            return f"is {found!r}; it must be a benchmark.protocols.base.Protocol"
        own = found.name
    else:
        card = getattr(found, "card", None)
        if card is None:
            return f"is {found!r}, which has no card; see docs/how-to/add-a-{_NOUNS[group].replace(' ', '-')}.md"
        if group == METRICS:
            from benchmark.metrics.card import MetricCard

            if not isinstance(card, MetricCard):
                return f"has a card of type {type(card).__name__}; it must be a benchmark.metrics.card.MetricCard"
        if group == DATASETS:
            from benchmark.datasets.base import Dataset

            if not (isinstance(found, type) and issubclass(found, Dataset)):
                return f"is {found!r}; it must be a subclass of benchmark.datasets.base.Dataset"
        own = card.name
    if own != name:
        return f"calls itself {own}; give its card the name {name}, or results would be filed under {own}"
    return None


def _told(error: BaseException) -> str:
    """Describe the error in one line."""
    from pydantic import ValidationError

    from realdof.common.decode import sentence

    if isinstance(error, ValidationError):
        return f"{error.title}: {sentence(error)}"
    text = " ".join(str(error).split())
    return text if isinstance(error, InputError) else f"{type(error).__name__}: {text}"


def _remedy(error: BaseException) -> str:
    missing = getattr(error, "name", None) if isinstance(error, ImportError) else None
    package = (missing or "").partition(".")[0]
    if package in ("benchmark", "realdof", "ifan", "baselines"):
        return f"it was written for another version of ifan-bench; {_MIGRATE}"
    if "ifan-bench 0.1" in str(error):
        return _MIGRATE
    return "install what it needs" if isinstance(error, ModuleNotFoundError) else "mend or uninstall it"
