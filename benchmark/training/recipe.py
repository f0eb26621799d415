"""The recipe of a training: length, batch, learning-rate schedule, optimiser and weight averaging."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import torch
from torch import nn

from benchmark.training.choices import Schedule


@dataclass(frozen=True)
class Recipe:
    """The hyperparameters of a training; the defaults are those of IFAN's paper, Section 4.

    Parameters
    ----------
    steps
        Iterations.
    batch
        Samples in one iteration, over all processes.
    learning_rate
        Initial learning rate.
    schedule
        ``step`` halves the rate at each of ``milestones``; ``cosine`` lowers it to zero at the last step.
    milestones
        Iterations at which ``step`` halves the rate.
    warmup
        Iterations over which the rate rises linearly from zero.
    betas, weight_decay
        The optimiser's parameters.
    gradient_clip
        Largest norm of the gradient; infinity for no limit.
    ema
        Decay of the averaged weights.
    seed
        Seed of every random draw.
    optimiser
        ``radam``, with decoupled weight decay, is IFAN's; ``adam`` is the baselines'.
    seconds
        Time limit of the iterations, on one process; None for no limit. With a limit, the rate of ``cosine`` falls with
        time, the run ends when time or steps are used up, and it cannot be repeated to the bit.
    """

    steps: int = 600_000
    batch: int = 8
    learning_rate: float = 1e-4
    schedule: Schedule = "step"
    milestones: tuple[int, ...] = (500_000, 550_000)
    warmup: int = 0
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.01
    gradient_clip: float = 0.5
    ema: float = 0.999
    seed: int = 0
    optimiser: Literal["radam", "adam"] = "radam"
    seconds: float | None = None

    def rate(self, step: int, seconds: float = 0.0) -> float:
        """Return the learning rate of iteration ``step``, counted from 0, after ``seconds`` of iterations."""
        rate = self.learning_rate * min(1.0, (step + 1) / (self.warmup + 1))
        if self.schedule == "cosine":
            return rate * 0.5 * (1 + math.cos(math.pi * self.done(step, seconds)))
        return rate * 0.5 ** sum(step >= milestone for milestone in self.milestones)

    def done(self, step: int, seconds: float = 0.0) -> float:
        """Return the finished fraction of the run, 0 to 1."""
        by_time = 0.0 if self.seconds is None else seconds / self.seconds
        return min(1.0, max(step / self.steps, by_time))

    def changed(self, options: Mapping[str, Any]) -> "Recipe":
        """Return the recipe with some fields replaced; fields that are None in ``options`` keep their value."""
        return replace(self, **{name: value for name, value in options.items() if value is not None})

    def described(self) -> dict[str, Any]:
        """Return every field by name in JSON's types, for a checkpoint or training card; no gradient limit is None."""
        words = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
        return words | {"gradient_clip": self.gradient_clip if math.isfinite(self.gradient_clip) else None}


def optimiser_for(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the recipe's optimiser for a module's parameters.

    IFAN's implementation uses RAdam with decoupled weight decay; torch's default is coupled.
    """
    if recipe.optimiser == "adam":
        return torch.optim.Adam(
            module.parameters(), lr=recipe.learning_rate, betas=recipe.betas, weight_decay=recipe.weight_decay
        )
    return torch.optim.RAdam(
        module.parameters(),
        lr=recipe.learning_rate,
        betas=recipe.betas,
        weight_decay=recipe.weight_decay,
        decoupled_weight_decay=True,
    )
