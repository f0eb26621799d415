"""Modules, batches and held-out items small enough that a test of the loop takes milliseconds."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmark.training.loop import Trainer
from benchmark.training.recipe import Recipe
from benchmark.training.validation import Judged
from realdof.common.errors import InputError


class Quadratic(nn.Module):
    """A loss with a known minimum at the batch's value."""

    def __init__(self, size: int = 4) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(size))

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Squared distance."""
        return {"loss": ((self.weight - batch["image"]) ** 2).sum()}


class Dropped(Quadratic):
    """A loss that depends on torch's random numbers."""

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Squared distance of what a dropout leaves."""
        return {"loss": nn.functional.dropout((self.weight - batch["image"]) ** 2).sum()}


def quarters(step: int, process: int, processes: int) -> dict[str, Tensor]:
    """The same batch in every step: 0, 1/4, 2/4, 3/4."""
    return {"image": torch.arange(4.0) / 4}


def numbered(step: int, process: int, processes: int) -> dict[str, Tensor]:
    """A batch that says which step, process and number of processes it was made for."""
    return {"made_for": torch.tensor([step, process, processes])}


def damaged_at_two(step: int, process: int, processes: int) -> dict[str, Tensor]:
    """`numbered`, but for step 2, whose file is damaged."""
    if step == 2:
        raise InputError("two.png is no PNG, TIFF or JPEG")
    return numbered(step, process, processes)


def quadratic_trainer(folder: Path, steps: int = 100, **options: Any) -> Trainer:
    """A training of `Quadratic`."""
    return Trainer(Quadratic(), quarters, Recipe(steps=steps, learning_rate=0.05), folder, **options)


class Items:
    """Held-out items whose figures are their number, and the averaged weight; a list of those that were judged."""

    names = ("number", "weight")

    def __init__(self, count: int) -> None:
        self.count = count
        self.judged: list[int] = []

    def __len__(self) -> int:
        return self.count

    def judge(self, module: nn.Module, index: int) -> Judged:
        """One item."""
        assert not module.training
        self.judged.append(index)
        weight = next(module.parameters())
        return Judged((float(index), float(weight.detach().mean())), (torch.full((3, 300, 64), index / 8),))
