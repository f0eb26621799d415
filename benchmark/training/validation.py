"""Validation of a training: average figures over held-out items, write sample pictures, keep the best weights."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Protocol, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from benchmark.weight_files import read_card
from realdof.common.errors import InputError
from realdof.images.depth import pixels_from_image
from realdof.images.files import write_pixels

AVERAGED, BEST, SAMPLES = "averaged.safetensors", "best.safetensors", "samples.png"
PICTURES, PICTURE_SIDE = 3, 256
"""Number of items whose pictures are written, and the side of the centre crop, px."""


@dataclass(frozen=True)
class Judged:
    """Figures and pictures of one held-out item.

    Parameters
    ----------
    figures
        One number for each of `HeldOut.names`.
    pictures
        Pictures to show side by side, float32 (3, H, W) each, in [0, 1], on the CPU.
    """

    figures: tuple[float, ...]
    pictures: tuple[Tensor, ...] = ()


class HeldOut(Protocol):
    """The held-out items that a network is validated on."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the figures; the first figure selects the best weights, and larger is better."""

    def __len__(self) -> int:
        """Return the number of items."""

    def judge(self, module: nn.Module, index: int) -> Judged:
        """Validate the averaged module on one item, in evaluation mode and without gradients."""


Save = Callable[[Path, nn.Module, Mapping[str, Any]], None]
"""Function that writes the averaged module's network as safetensors, with a training card."""


class Validation:
    """Validation of the averaged weights, which saves the latest and the best of them.

    Each process validates its share of the items, so none waits for another longer than for one item.

    Parameters
    ----------
    folder
        The run's folder, for ``averaged.safetensors``, ``best.safetensors`` and ``samples.png``.
    fabric
        The run's Fabric.
    save
        See `Save`.
    card
        The training card without ``steps`` and ``validation``.
    held_out
        Items to validate on; if None, only the averaged weights are saved.

    Raises
    ------
    InputError
        The training card of the continued run's best weights has no validation figure.
    """

    def __init__(
        self, folder: Path, fabric: Fabric, save: Save, card: Mapping[str, Any], held_out: HeldOut | None
    ) -> None:
        self.folder, self.fabric, self.save, self.card, self.held_out = folder, fabric, save, card, held_out
        self.best = float("-inf") if held_out is None else _best_so_far(folder, held_out.names[0])

    def __call__(self, module: nn.Module, step: int) -> Mapping[str, float]:
        """Return the mean figures by name; every process calls this and gets the same figures."""
        figures = {} if self.held_out is None else self._judged(module, self.held_out)
        names = [AVERAGED]
        if self.held_out is not None and figures[self.held_out.names[0]] > self.best:
            self.best = figures[self.held_out.names[0]]
            names.append(BEST)
        if self.fabric.global_rank == 0:
            for name in names:
                self.save(self.folder / name, module, {"steps": step, **self.card, "validation": figures})
        return figures

    def _judged(self, module: nn.Module, held_out: HeldOut) -> dict[str, float]:
        rank, world, count = self.fabric.global_rank, self.fabric.world_size, len(held_out)
        share = range(rank * count // world, (rank + 1) * count // world)
        module.eval()
        judged = [held_out.judge(module, index) for index in share]
        module.train()
        table = torch.zeros(count, len(held_out.names), dtype=torch.float64, device=self.fabric.device)
        for index, one in zip(share, judged, strict=True):
            table[index] = torch.tensor(one.figures, dtype=torch.float64)
        if world > 1:
            table = cast(Tensor, self.fabric.all_reduce(table, reduce_op="sum"))
        rows = [one.pictures for one in judged[:PICTURES] if one.pictures]
        if rows and rank == 0:
            write_pixels(self.folder / SAMPLES, pixels_from_image(_sheet(rows), 8))
        return {name: fmean(column) for name, column in zip(held_out.names, table.T.tolist(), strict=True)}


def _best_so_far(folder: Path, name: str) -> float:
    """Return the first figure of a run's best weights so far; minus infinity for a new run."""
    best = folder / BEST
    if not (folder / "last.pt").exists() or not best.exists():
        return float("-inf")
    figures = read_card(best).get("validation")
    if not isinstance(figures, Mapping) or not isinstance(figures.get(name), int | float):
        raise InputError(f"{best} does not say what {name} it reached; move it away, or begin in another folder")
    return float(figures[name])


def _sheet(rows: Sequence[Sequence[Tensor]]) -> Tensor:
    """Return one sheet with the centre of every picture, one item per row."""
    return torch.cat([torch.cat([_middle(one) for one in row], dim=2) for row in rows], dim=1)


def _middle(image: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    top, left = (max(0, side - PICTURE_SIDE) // 2 for side in (height, width))
    return functional.pad(
        image[:, top : top + PICTURE_SIDE, left : left + PICTURE_SIDE],
        (0, max(0, PICTURE_SIDE - width), 0, max(0, PICTURE_SIDE - height)),
    )
