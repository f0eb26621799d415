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
    """What determines a run's figures."""
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
    """What tables say of a method."""
    return MethodFacts(
        title=card.title, inputs=card.inputs, summary=card.summary, paper=card.paper, tolerance=dict(card.tolerance)
    )


def weights_facts(weights: WeightsUsed | None, card: MethodCard, *, claimed: bool = False) -> WeightsFacts | None:
    """What tables say of the weights; None for a method without.

    Parameters
    ----------
    claimed
        Whether the user says that they are the paper's; it counts only where their SHA-256 does not tell.
    """
    if weights is None:
        return None
    published = weights.sha256 in card.sha256
    return WeightsFacts(name=weights.name, label=weights.label, published=published, claimed=claimed and not published)


def complexity_facts(architecture: Architecture | None) -> ComplexityFacts | None:
    """What one image costs a network; None where nothing is counted."""
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
