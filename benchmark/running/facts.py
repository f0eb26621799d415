"""The facts that a run records of its task and method before the first image."""

import torch

from benchmark import complexity
from benchmark.method import Architecture, MethodCard, Precision, WeightsUsed
from benchmark.results.description import ComplexityFacts, MethodFacts, WeightsFacts
from benchmark.results.settings import Settings
from benchmark.running.task import Task
from benchmark.tiling import Tiling


def settings_of(
    task: Task,
    card: MethodCard,
    weights: WeightsUsed | None,
    device: torch.device,
    tiling: Tiling | None,
    precision: Precision = "float32",
) -> Settings:
    """Return the settings that determine a run's figures."""
    return Settings(
        method=card.name,
        weights=weights.sha256 if weights else None,
        dataset=task.dataset.card.name,
        images=task.identity,
        count=len(task.entries),
        protocol=task.protocol.name,
        protocol_version=task.protocol.version,
        dtype=precision,
        tiling=None if tiling is None else str(tiling),
        device=device.type,
    )


def method_facts(card: MethodCard) -> MethodFacts:
    """Return the facts about a method that tables show."""
    return MethodFacts(
        title=card.title, inputs=card.inputs, summary=card.summary, paper=card.paper, tolerance=dict(card.tolerance)
    )


def weights_facts(weights: WeightsUsed | None, card: MethodCard, *, claimed: bool = False) -> WeightsFacts | None:
    """Return the facts about the weights that tables show; None for a method without weights.

    Parameters
    ----------
    claimed
        Whether the user claims that they are the paper's weights; ignored if their SHA-256 proves it.
    """
    if weights is None:
        return None
    published = weights.sha256 in card.sha256
    return WeightsFacts(name=weights.name, label=weights.label, published=published, claimed=claimed and not published)


def complexity_facts(architecture: Architecture | None) -> ComplexityFacts | None:
    """Return parameters and operations of a network; None for a method without one."""
    if architecture is None:
        return None
    cost = complexity.count(architecture)
    return ComplexityFacts(
        parameters=cost.parameters,
        macs=cost.paper,
        macs_exact=cost.exact,
        convention=complexity.PAPER,
        height=cost.height,
        width=cost.width,
    )
