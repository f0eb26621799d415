"""The training loop of all networks: Lightning Fabric around a module that maps a batch to losses."""

import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmark.training.checkpoint import read_checkpoint, write_state
from benchmark.training.loaders import Batch, Batches
from benchmark.training.recipe import Recipe, optimiser_for
from realdof.common.errors import InputError

if TYPE_CHECKING:
    from benchmark.training.log import TrainingLog

Validate = Callable[[nn.Module, int], Mapping[str, float]]
"""Function of the averaged module and the step that returns figures for the log, the same in every process."""


@dataclass
class Progress:
    """Progress of a training after an iteration.

    Parameters
    ----------
    step
        Number of finished iterations.
    losses
        The iteration's loss terms by name.
    rate
        Its learning rate.
    seconds
        Seconds since the run was last started or continued.
    """

    step: int
    losses: dict[str, float]
    rate: float
    seconds: float


class Trainer:
    """One training run in one folder; a stopped run continues with bit-identical results.

    Every random draw depends only on (seed, step, process). A run therefore has no state besides the contents of
    ``last.pt``: weights, averaged weights, optimiser, step and seconds.

    Parameters
    ----------
    module
        Maps a batch to its loss terms by name; their sum is minimised.
    batches
        ``batches(step, process, processes)`` returns this process's share of an iteration's batch.
    recipe
        Length, schedule and optimiser of the training.
    folder
        Folder of ``last.pt``, ``log.csv`` and TensorBoard's ``events``.
    fabric
        A launched Fabric; one CPU process if not given.
    validate
        See `Validate`; None for no validation.
    save_every, validate_every
        Iterations between two checkpoints, and between two validations.
    settings
        Everything else that must not change when the run is continued, by name, in JSON's types.

    Raises
    ------
    InputError
        The folder cannot be written to, or the recipe limits the time of several processes.
    """

    def __init__(
        self,
        module: nn.Module,
        batches: Batches,
        recipe: Recipe,
        folder: Path,
        *,
        fabric: Fabric | None = None,
        validate: Validate | None = None,
        save_every: int = 500,
        validate_every: int = 1000,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.fabric = fabric or Fabric(accelerator="cpu", devices=1)
        self.recipe = recipe
        self.folder = folder
        self.batches = batches
        self.validate = validate
        self.save_every = save_every
        self.validate_every = validate_every
        self.step = 0
        self.seconds = 0.0
        if recipe.seconds is not None and self.fabric.world_size > 1:
            raise InputError("a training that is limited by time runs on one process; give --steps, not --seconds")
        self.averaged = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema), use_buffers=True).to(
            self.fabric.device
        )
        self.module, self.optimiser = self.fabric.setup(module, optimiser_for(module, recipe))
        self.settings = dict(settings or {}) | recipe.described()
        self.signal: int | None = None
        self._stop = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot write {folder}: {error.strerror}; give another folder") from error

    @property
    def checkpoint(self) -> Path:
        """The file from which a stopped run continues."""
        return self.folder / "last.pt"

    def resume(self) -> bool:
        """Load the checkpoint in the folder, if there is one; return whether there was one.

        Raises
        ------
        InputError
            The checkpoint is damaged, or belongs to another network, another recipe or other settings.
        """
        if not self.checkpoint.exists():
            return False
        state = read_checkpoint(self.checkpoint, self.settings, self.fabric.device)
        try:
            self.module.load_state_dict(state["module"])
            self.averaged.load_state_dict(state["averaged"])
            self.optimiser.load_state_dict(state["optimiser"])
        except (RuntimeError, LookupError, ValueError, TypeError, AttributeError) as error:
            raise InputError(f"{self.checkpoint} holds another network; give another folder") from error
        self.step = state["step"]
        self.seconds = state["seconds"]
        return True

    def save(self) -> None:
        """Write ``last.pt`` atomically.

        Raises
        ------
        InputError
            The disk is full; the previous checkpoint is kept.
        """
        if self.fabric.global_rank != 0:
            return
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "settings": self.settings,
            "module": self.module.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        write_state(self.checkpoint, state)

    def run(self, report: Callable[[Progress], None] = lambda progress: None) -> bool:
        """Train to the end of the recipe; return False if a SIGTERM or SIGINT ended it early, with everything saved.

        Raises
        ------
        InputError
            A loss or a gradient is not finite; each process saves its batch: ``nan-batch.pt``, ``nan-batch-1.pt``, ...
        """
        started = time.perf_counter()
        with self._stopping_on_signals(), self._logging() as log:
            while not self.finished and not self._stop:
                begun = time.perf_counter()
                losses, rate = self._iterate()
                self.step += 1
                self.seconds += time.perf_counter() - begun
                report(Progress(self.step, losses, rate, time.perf_counter() - started))
                validated = self._validate_if_due()
                if log is not None and (validated or self._row_is_due):
                    log.write(self.step, rate, losses, validated)
                if self.step % self.save_every == 0:
                    self.save()
        self.save()
        return self.finished

    @property
    def finished(self) -> bool:
        """Whether the recipe's steps or its time are used up."""
        return self.recipe.done(self.step, self.seconds) >= 1

    def _iterate(self) -> tuple[dict[str, float], float]:
        rate = self.recipe.rate(self.step, self.seconds)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        rank, world = self.fabric.global_rank, self.fabric.world_size
        torch.manual_seed(_seed_of(self.recipe.seed, self.step, rank))
        batch = {name: self.fabric.to_device(value) for name, value in self.batches(self.step, rank, world).items()}
        terms = self.module(batch)
        losses = self._agree(terms)
        if not math.isfinite(sum(losses.values())):
            self._keep_bad_batch(batch)
        self.fabric.backward(torch.stack(list(terms.values())).sum())
        norm = self.fabric.clip_gradients(
            self.module, self.optimiser, max_norm=self.recipe.gradient_clip, error_if_nonfinite=False
        )
        if norm is None or not torch.isfinite(norm):
            self._keep_bad_batch(batch)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.averaged.update_parameters(self.module.module)
        return losses, rate

    def _agree(self, terms: Mapping[str, Tensor]) -> dict[str, float]:
        """Return the losses' means over all processes, and share whether one of them received a stop signal.

        All processes then stop together, because the others would wait forever for a process that stopped alone.
        """
        asked = torch.tensor(float(self.signal is not None), device=self.fabric.device)
        shared = torch.stack([asked, *(value.detach().float() for value in terms.values())])
        if self.fabric.world_size > 1:
            shared = cast(Tensor, self.fabric.all_reduce(shared, reduce_op="mean"))
            self._stop = self._stop or float(shared[0]) > 0
        return dict(zip(terms, shared[1:].tolist(), strict=True))

    def _keep_bad_batch(self, batch: Batch) -> None:
        rank = self.fabric.global_rank
        path = self.folder / (f"nan-batch-{rank}.pt" if rank else "nan-batch.pt")
        write_state(path, {name: value.cpu() for name, value in batch.items()})
        raise InputError(
            f"the loss of step {self.step} or its gradient is not a number; its batch is in {path}, the run up to "
            f"the last save in {self.checkpoint}; a lower learning rate would be the first thing to try"
        )

    def _validate_if_due(self) -> Mapping[str, float]:
        due = self.step % self.validate_every == 0 or self.finished
        if self.validate is None or not due:
            return {}
        if self.fabric.world_size > 1:
            # Parameters are equal in all processes, but running means of batch normalisation are not.
            for buffer in self.averaged.module.buffers():
                torch.distributed.broadcast(buffer, src=0)
        with torch.no_grad():
            return self.validate(self.averaged.module, self.step)

    @property
    def _row_is_due(self) -> bool:
        from benchmark.training.log import is_logged

        return is_logged(self.step, self.recipe.steps) or self.finished or self._stop

    @contextmanager
    def _logging(self) -> Iterator["TrainingLog | None"]:
        """Open the run's log in the first process; yield None in the others."""
        if self.fabric.global_rank != 0:
            yield None
            return
        # Only the process that writes the log imports TensorBoard.
        from benchmark.training.log import TrainingLog

        log = TrainingLog(self.folder, self.step)
        try:
            yield log
        finally:
            log.close()

    @contextmanager
    def _stopping_on_signals(self) -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            self.signal = number
            self._stop = self.fabric.world_size == 1

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _seed_of(seed: int, step: int, process: int) -> int:
    """Return a seed for torch from three numbers, the same on every machine and in every release of Python."""
    return int(np.random.SeedSequence((seed, step, process)).generate_state(1, np.uint64)[0] % 2**63)
