"""Checks of a method before a run: views, precision, tiles, workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.datasets.card import AT_HAND
from benchmark.network_card import NetworkCard
from realdof.common.errors import InputError

if TYPE_CHECKING:
    from benchmark.datasets.card import DatasetCard
    from benchmark.method import Method, MethodCard, MethodFactory, Precision
    from benchmark.running.task import Task
    from benchmark.running.workers import Workers
    from benchmark.tiling import Tiling


def default_weights(factory: MethodFactory, data: DatasetCard) -> str | None:
    """Return the default weights of a method on a data set; None for a method without weights."""
    if not factory.card.weights:
        return None
    if data.weights != AT_HAND:
        return data.weights
    sets = factory.sets if isinstance(factory, NetworkCard) else None
    return "official" if sets is None else sets.at_hand


def check_views(card: MethodCard, task: Task) -> None:
    """Check that a dual-pixel method has both views of every image.

    Raises
    ------
    InputError
        An image lacks a view.
    """
    if card.inputs == "dual" and any(entry.left is None or entry.right is None for entry in task.entries):
        raise InputError(
            f"{card.name} needs left and right dual-pixel views, which data set {task.dataset.card.name} does not have"
        )


def check_capabilities(
    method: Method, precision: Precision, tiling: Tiling | None, workers: Workers, memory: int | None
) -> None:
    """Check that a method supports the tiles, workers, precision and memory limit asked for.

    Raises
    ------
    InputError
        It cannot.
    """
    check_precision(method, precision)
    if tiling is not None and not method.capabilities.can_tile:
        raise InputError(f"{method.card.name} takes no tiles; leave out --tile")
    if memory is not None and not method.capabilities.in_bands:
        raise InputError(f"{method.card.name} does not compute in bands of rows; leave out --memory")
    if method.capabilities.at_once and not workers.here:
        raise InputError(
            f"{method.card.name} is started once for all images, which workers cannot share; leave out --workers"
        )


def check_precision(method: Method, precision: Precision) -> None:
    """Check that a method supports a precision.

    Raises
    ------
    InputError
        It cannot.
    """
    known = method.capabilities.precisions
    if precision not in known:
        raise InputError(f"{method.card.name} computes in {' or '.join(known)}; leave out --precision {precision}")
