"""Check a data set on disk: card, scenes and their files, identity, and a short run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmark import registry
from benchmark.checks.finding import Finding, guarded, told
from benchmark.datasets.base import Dataset, Entry, check_entries
from benchmark.datasets.card import DatasetCard
from benchmark.registry import PLUGIN_FAILURES
from benchmark.results.settings import check_name

_IMAGES_OF_A_RUN = 2


def findings(name: str, root: Path | None) -> Iterator[Finding]:
    """Check the data set registered under a name; the check stops if its scenes cannot be listed.

    Parameters
    ----------
    root
        Folder of the images; None for the default folder in the cache.

    Raises
    ------
    InputError
        No data set has this name, or its package is broken.
    """
    found = registry.dataset(name)
    yield Finding("card", guarded(lambda: _card_problem(found.card)))
    try:
        dataset = found(root)
        dataset.prepare()
        entries = dataset.entries()
    except PLUGIN_FAILURES as error:
        yield Finding("scenes", told(error))
        return
    yield Finding("scenes", _entries_problem(dataset, entries))
    yield Finding("files", guarded(lambda: _files_problem(dataset, entries)))
    yield Finding("identity", guarded(lambda: _identity_problem(dataset, found(root))))
    if entries:
        yield Finding("first image, as its protocol reads it", guarded(lambda: _reading_problem(dataset, entries[0])))
        yield Finding(f"run over the first {_IMAGES_OF_A_RUN} images", guarded(lambda: _run_problem(dataset)))


def _card_problem(card: DatasetCard) -> str | None:
    if not card.title.strip() or not card.summary.strip():
        return "title and summary must say something: they are what tables and `ifan-bench datasets` show"
    if not card.licence.strip():
        return "licence must say under which terms the images are, or that this is not known"
    registry.protocol(card.protocol)
    return None


def _entries_problem(dataset: Dataset, entries: list[Entry]) -> str | None:
    def check() -> str | None:
        if not entries:
            return f"{dataset.root} holds no scene"
        names = [entry.name for entry in entries]
        for scene in names:
            check_name(scene)
        if len(set(names)) < len(names):
            twice = next(scene for scene in names if names.count(scene) > 1)
            return f"two scenes are named {twice}; results are filed by name"
        if names != sorted(names):
            return (
                f"scenes are not sorted by name: {next(a for a, b in zip(names, sorted(names), strict=True) if a != b)}"
            )
        if dataset.card.count not in (None, len(names)):
            return f"its card says {dataset.card.count} scenes, {dataset.root} holds {len(names)}"
        if names != [entry.name for entry in dataset.entries()]:
            return "it lists other scenes the second time"
        return None

    return guarded(check)


def _files_problem(dataset: Dataset, entries: list[Entry]) -> str | None:
    dataset.check_whole()
    dataset.check(check_entries(entries))
    return None


def _identity_problem(dataset: Dataset, again: Dataset) -> str | None:
    first, second = dataset.identity(), again.identity()
    if not isinstance(first, str) or not first:
        return f"identity is {first!r}; give a hash of the images as text"
    return (
        None if first == second else f"identity is {first[:12]}, then {second[:12]}; it must depend on the images alone"
    )


def _reading_problem(dataset: Dataset, entry: Entry) -> str | None:
    sample = registry.protocol(dataset.card.protocol).load(entry)
    if sample.target is not None and sample.target.shape != sample.image.shape:
        return f"image is {tuple(sample.image.shape)}, target {tuple(sample.target.shape)}"
    return None


def _run_problem(dataset: Dataset) -> str | None:
    from benchmark.running import runner
    from benchmark.running.task import prepare

    protocol = registry.protocol(dataset.card.protocol)
    metrics = ("psnr",) if any(entry.target is not None for entry in dataset.entries()) else None
    with tempfile.TemporaryDirectory(prefix="ifan-bench-") as folder:
        task = prepare(dataset, protocol, metrics, _IMAGES_OF_A_RUN)
        _, summary = runner.run(task, registry.method("input"), Path(folder))
        return "; ".join(f"{image}: {reason}" for image, reason in summary.failed.items()) or None
