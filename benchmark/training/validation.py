"""Validation of a training: mean figures over held-out items, pictures of the first, and the weights that are kept."""

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
"""How many items pictures are kept of, and the side of the part that is shown, px."""


@dataclass(frozen=True)
class Judged:
    """Figures and pictures of one held-out item.

    Parameters
    ----------
    figures
        One number for each of `HeldOut.names`.
    pictures
        float32 (3, H, W) each, in [0, 1], on the CPU: shown side by side.
    """

    figures: tuple[float, ...]
    pictures: tuple[Tensor, ...] = ()


class HeldOut(Protocol):
    """The held-out items that a network is validated on."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the figures; the first says which weights are best, and larger is better."""

    def __len__(self) -> int:
        """How many items there are."""

    def judge(self, module: nn.Module, index: int) -> Judged:
        """Judge the averaged module, in evaluation mode and without gradients, by one item."""


Save = Callable[[Path, nn.Module, Mapping[str, Any]], None]
"""Writes the averaged module's network as safetensors, with a training card."""


class Validation:
    """Judges the averaged weights, and keeps the latest and the best of them.

    Of several processes each judges its share of the items, so none waits for another longer than for one item.

    Parameters
    ----------
    folder
        The run's; it gets ``averaged.safetensors``, ``best.safetensors`` and ``samples.png``.
    fabric
        The run's.
    save
        See `Save`.
    card
        The training card without ``steps`` and ``validation``.
    held_out
        What to judge by; None keeps the averaged weights alone.

    Raises
    ------
    InputError
        The best weights of the run that is continued have no figures.
    """

    def __init__(
        self, folder: Path, fabric: Fabric, save: Save, card: Mapping[str, Any], held_out: HeldOut | None
    ) -> None:
        self.folder, self.fabric, self.save, self.card, self.held_out = folder, fabric, save, card, held_out
        self.best = float("-inf") if held_out is None else _best_so_far(folder, held_out.names[0])

    def __call__(self, module: nn.Module, step: int) -> Mapping[str, float]:
        """Mean figures by name; every process of the run calls this and gets the same."""
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
    """The first figure of the best weights of the run in a folder; minus infinity for a run that has yet to begin."""
    best = folder / BEST
    if not (folder / "last.pt").exists() or not best.exists():
        return float("-inf")
    figures = read_card(best).get("validation")
    if not isinstance(figures, Mapping) or not isinstance(figures.get(name), int | float):
        raise InputError(f"{best} does not say what {name} it reached; move it away, or begin in another folder")
    return float(figures[name])


def _sheet(rows: Sequence[Sequence[Tensor]]) -> Tensor:
    """The middle of every picture, an item in each row."""
    return torch.cat([torch.cat([_middle(one) for one in row], dim=2) for row in rows], dim=1)


def _middle(image: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    top, left = (max(0, side - PICTURE_SIDE) // 2 for side in (height, width))
    return functional.pad(
        image[:, top : top + PICTURE_SIDE, left : left + PICTURE_SIDE],
        (0, max(0, PICTURE_SIDE - width), 0, max(0, PICTURE_SIDE - height)),
    )
