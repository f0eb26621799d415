"""A data set under a protocol, found, prepared and checked once, before anything is computed."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from benchmark import registry
from benchmark.datasets.base import Dataset, Entry, check_entries, no_progress
from benchmark.datasets.base import Progress as Report
from benchmark.datasets.subset import SEPARATOR, Subset, restrict, whole_name
from benchmark.metrics.card import MetricCard
from benchmark.metrics.iqa.catalogue import is_pyiqa, with_inputs
from benchmark.protocols.base import Protocol
from benchmark.results.run import Run
from benchmark.results.settings import check_name
from realdof.common.errors import InputError
from realdof.images.headers import read_header

EIGHT = 8
"""Bits a channel that every file has at least; deeper protocols need a check."""
Showing = Callable[[str], AbstractContextManager[Report]]
"""Function from a step's title to a context manager that shows the step's progress and yields its callback."""


@contextmanager
def silently(title: str) -> Iterator[Report]:
    """Show no progress of a step."""
    yield no_progress


Stamp = tuple[int, int]
"""Size in bytes and modification time in ns."""


@dataclass(frozen=True)
class Task:
    """A data set under a protocol, checked.

    Parameters
    ----------
    dataset, identity
        The data set, and the hash of its images.
    entries
        The images to process: all, or the first ones up to the limit.
    total
        Images in the data set.
    protocol
        Defines how images are read and scored.
    metrics
        Cards of the metrics to measure, by column; without all-in-focus images only metrics that need none.
    stamps
        Size and modification time of each file, taken before it was hashed.
    """

    dataset: Dataset
    identity: str
    entries: list[Entry]
    total: int
    protocol: Protocol
    metrics: Mapping[str, MetricCard]
    stamps: Mapping[Path, Stamp] = field(default_factory=dict)

    def check_unchanged(self, name: str) -> None:
        """Check that an image's files have not changed since the run's identity was computed.

        Raises
        ------
        InputError
            A file was replaced or removed since the run began.
        """
        for path in self._by_name[name].files.values():
            if path in self.stamps and _stamp(path) != self.stamps[path]:
                raise InputError(
                    f"{path} was changed while the run was on; its record is not kept, so run again on files that stay"
                )

    @cached_property
    def _by_name(self) -> dict[str, Entry]:
        return {entry.name: entry for entry in self.entries}

    @property
    def figures(self) -> dict[str, MetricCard]:
        """Card of each figure of a run, by column: of the metrics, and of the scores that the protocol adds."""
        has_truth = any(entry.target is not None for entry in self.entries)
        return self.protocol.cards(self.metrics) if has_truth else dict(self.metrics)


def open_task(
    dataset: str,
    protocol: str | None = None,
    metrics: tuple[str, ...] | None = None,
    *,
    root: Path | None = None,
    subset: Path | None = None,
    limit: int | None = None,
    showing: Showing = silently,
) -> Task:
    """Find a data set by name, prepare it and check it; other parameters as in `prepare`.

    Parameters
    ----------
    root
        The data set's folder; None for its default folder in the cache.
    subset
        Text file that lists the images to use.

    Raises
    ------
    InputError
        A name is unknown, or the data set is incomplete.
    """
    found = restrict(registry.dataset(dataset)(root), subset)
    chosen = registry.protocol(protocol or found.card.protocol)
    with showing(f"making data set {dataset} (once)") as report:
        found.prepare(report)
    return prepare(found, chosen, metrics, limit, showing)


def open_task_of(
    run: Run,
    protocol: str,
    metrics: tuple[str, ...] | None,
    *,
    root: Path | None = None,
    subset: Path | None = None,
    showing: Showing = silently,
) -> Task:
    """Open the images of a run under a protocol, even if the run is on a part of a data set.

    Parameters
    ----------
    run
        The run whose data set, list of images and limit are used.
    root, subset, showing
        As in `open_task`; without a list, a part consists of the images that the run has records of.
    """
    name = run.settings.dataset
    whole = registry.dataset(whole_name(name))(root)
    found = restrict(whole, subset)
    if subset is None and name != whole.card.name:
        found = Subset(whole, set(run.records()), name.removeprefix(f"{whole.card.name}{SEPARATOR}"))
    with showing(f"making data set {name} (once)") as report:
        found.prepare(report)
    return prepare(found, registry.protocol(protocol), metrics, run.settings.count, showing)


def prepare(
    dataset: Dataset,
    protocol: Protocol,
    metrics: tuple[str, ...] | None,
    limit: int | None = None,
    showing: Showing = silently,
) -> Task:
    """Check a data set that is ready on disk, and make its task.

    Parameters
    ----------
    metrics
        Names of installed metrics; None for those of the protocol.
    limit
        Number of images to process, from the first; such a run has its own id and is never ranked.
    showing
        Shows the progress of slow steps.

    Raises
    ------
    InputError
        The data set is incomplete, an image's name cannot be a file name, or a metric is unknown.
    """
    wanted = protocol.metrics if metrics is None else metrics
    known = {*protocol.metrics, *registry.names(registry.METRICS)}
    for name in wanted:
        if name not in known and not is_pyiqa(name):
            raise registry.unknown("metric", name, known)
    light = {name: registry.metric_card(protocol.registered(name)) for name in wanted}
    cards = {name: registry.recorded_card(protocol.registered(name)) for name in with_inputs(wanted, light)}
    entries = dataset.listed
    for entry in entries:
        check_name(entry.name)
    dataset.check_whole()
    dataset.check(check_entries(entries))
    _check_depth(protocol, entries)
    has_truth = any(entry.target is not None for entry in entries)
    blind = {name for name, card in cards.items() if not has_truth and card.needs & {"target", "blur map"}}
    if metrics and blind:
        raise InputError(
            f"data set {dataset.card.name} has no all-in-focus images, so {', '.join(sorted(blind))} cannot be "
            "measured; leave out --metrics to run it for pictures and time"
        )
    cards = {name: card for name, card in cards.items() if name not in blind}
    stamps = {path: _stamp(path) for entry in entries for path in entry.files.values()}
    with showing(f"hashing the images of {dataset.card.name}") as report:
        identity = _identity(dataset, report)
    return Task(dataset, identity, entries if limit is None else entries[:limit], len(entries), protocol, cards, stamps)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return (-1, -1)
    return found.st_size, found.st_mtime_ns


def _check_depth(protocol: Protocol, entries: list[Entry]) -> None:
    """Check that every file has the bits that the protocol reads, before anything is computed."""
    for path in (path for entry in entries for path in entry.files.values()):
        if protocol.bits > EIGHT and read_header(path).bits <= EIGHT:
            raise InputError(
                f"{path} has 8 bits a channel; protocol {protocol.name} needs {protocol.bits}, ifan-cvpr21 takes 8"
            )


def _identity(dataset: Dataset, report: Report) -> str:
    try:
        inspect.signature(dataset.identity).bind(report)
    except TypeError as error:
        raise InputError(
            f"data set {dataset.card.name} was written for ifan-bench 0.1: identity now takes a progress callback and "
            "may be left out; see docs/how-to/migrate.md"
        ) from error
    return dataset.identity(report)
