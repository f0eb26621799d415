"""The training loop that every network here shares: Lightning Fabric around one function from batch to losses."""

import io
import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmark.training.ahead import Batch, Batches
from realdof.common.errors import InputError
from realdof.common.files import atomic_path

if TYPE_CHECKING:
    from benchmark.training.log import TrainingLog

_STATE = {"step", "recipe", "module", "averaged", "optimiser"}
"""What a checkpoint holds."""


@dataclass(frozen=True)
class Recipe:
    """How long and how a network is trained; the defaults are those of IFAN's paper, Section 4.

    Parameters
    ----------
    steps
        Iterations.
    batch
        Samples an iteration, over all processes.
    learning_rate
        At the start.
    schedule
        ``step`` halves the rate at each of ``milestones``; ``cosine`` lets it fall to zero at the last step.
    warmup
        Iterations over which the rate rises linearly from zero.
    gradient_clip
        Largest norm of the gradient.
    ema
        Decay of the averaged weights.
    optimiser
        ``radam``, with decoupled weight decay, is IFAN's; ``adam`` is that of the baselines.
    """

    steps: int = 600_000
    batch: int = 8
    learning_rate: float = 1e-4
    schedule: Literal["step", "cosine"] = "step"
    milestones: tuple[int, ...] = (500_000, 550_000)
    warmup: int = 0
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.01
    gradient_clip: float = 0.5
    ema: float = 0.999
    seed: int = 0
    optimiser: Literal["radam", "adam"] = "radam"

    def rate(self, step: int) -> float:
        """The learning rate of iteration ``step``, counted from 0."""
        rate = self.learning_rate * min(1.0, (step + 1) / (self.warmup + 1))
        if self.schedule == "cosine":
            return rate * 0.5 * (1 + math.cos(math.pi * step / self.steps))
        return rate * 0.5 ** sum(step >= milestone for milestone in self.milestones)


@dataclass
class Progress:
    """What the caller may show after an iteration: how far, the losses, the rate, seconds since the start."""

    step: int
    losses: dict[str, float]
    rate: float
    seconds: float


def optimiser_for(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Adam, or RAdam with decoupled weight decay as IFAN's implementation has it (torch's default is coupled)."""
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


class Trainer:
    """One training run in one folder, which it can leave and take up again to the bit.

    Every draw of chance depends on (seed, step, process) alone, so a run holds no hidden state but what
    ``last.pt`` saves: weights, averaged weights, optimiser and step.

    Parameters
    ----------
    module
        Maps a batch to its loss terms by name; their sum is minimised.
    batches
        ``batches(step, process, processes)`` gives this process's share of an iteration's batch.
    folder
        Where ``last.pt``, ``log.csv`` and TensorBoard's ``events`` are kept.
    validate
        Given the averaged module and the step, returns figures for the log; None for no validation.
    settings
        What else must not change between the stretches of a run: words and numbers by name.
    """

    def __init__(
        self,
        module: nn.Module,
        batches: Batches,
        recipe: Recipe,
        folder: Path,
        *,
        fabric: Fabric | None = None,
        validate: Callable[[nn.Module, int], Mapping[str, float]] | None = None,
        save_every: int = 500,
        validate_every: int = 1000,
        settings: Mapping[str, str | float] | None = None,
    ) -> None:
        self.fabric = fabric or Fabric(accelerator="cpu", devices=1)
        self.recipe = recipe
        self.folder = folder
        self.batches = batches
        self.validate = validate
        self.save_every = save_every
        self.validate_every = validate_every
        self.step = 0
        self.averaged = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema), use_buffers=True).to(
            self.fabric.device
        )
        self.module, self.optimiser = self.fabric.setup(module, optimiser_for(module, recipe))
        self.settings = dict(settings or {})
        self._stop = False
        self._asked_to_stop = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot write {folder}: {error.strerror}; give another folder") from error

    @property
    def checkpoint(self) -> Path:
        """The file a stopped run continues from."""
        return self.folder / "last.pt"

    def resume(self) -> bool:
        """Take up the run in the folder, if there is one; False if there is none.

        Raises
        ------
        InputError
            The checkpoint is damaged, or belongs to another network, another recipe or other settings.
        """
        if not self.checkpoint.exists():
            return False
        state = self._read()
        # A run that was begun before a setting existed has that setting's default.
        recipe = self.settings | _plain(Recipe()) | state["recipe"]
        if recipe != self._recipe_state():
            changed = [key for key, value in self._recipe_state().items() if recipe.get(key) != value]
            raise InputError(
                f"{self.checkpoint} was trained with another {', '.join(changed)}; "
                "give the same settings to continue it, or another folder to start anew"
            )
        try:
            self.module.load_state_dict(state["module"])
        except RuntimeError as error:
            raise InputError(f"{self.checkpoint} holds another network; give another folder") from error
        self.averaged.load_state_dict(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
        return True

    def _read(self) -> dict[str, Any]:
        try:
            state = torch.load(self.checkpoint, map_location=self.fabric.device, weights_only=True)
        except Exception as error:
            # What is no checkpoint fails in any way at all.
            raise InputError(f"{self.checkpoint} cannot be read; it is damaged, so begin in another folder") from error
        if not isinstance(state, dict) or not state.keys() >= _STATE:
            raise InputError(f"{self.checkpoint} is no checkpoint of a training; give another folder")
        return state

    def _recipe_state(self) -> dict[str, Any]:
        return self.settings | _plain(self.recipe)

    def save(self) -> None:
        """Write ``last.pt``, whole or not at all.

        Raises
        ------
        InputError
            The disk is full; the checkpoint of the last save is still there.
        """
        if self.fabric.global_rank != 0:
            return
        state = {
            "step": self.step,
            "recipe": self._recipe_state(),
            "module": self.module.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        _write(self.checkpoint, state)

    def run(self, report: Callable[[Progress], None] = lambda progress: None) -> bool:
        """Train to the recipe's last step; False if a SIGTERM or SIGINT ended it early, with everything saved.

        Raises
        ------
        InputError
            A loss is not a number; each process saves its batch as ``nan-batch.pt`` (``nan-batch-1.pt``, ...).
        """
        started = time.perf_counter()
        with self._stopping_on_signals(), self._logging() as log:
            while self.step < self.recipe.steps and not self._stop:
                losses, rate = self._iterate()
                self.step += 1
                report(Progress(self.step, losses, rate, time.perf_counter() - started))
                validated = self._validate_if_due()
                if log is not None and (self.step % 50 == 0 or validated):
                    log.write(self.step, rate, losses, validated)
                if self.step % self.save_every == 0:
                    self.save()
        self.save()
        return self.step >= self.recipe.steps

    def _iterate(self) -> tuple[dict[str, float], float]:
        rate = self.recipe.rate(self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        rank, world = self.fabric.global_rank, self.fabric.world_size
        torch.manual_seed(hash((self.recipe.seed, self.step, rank)) % 2**63)
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
        """The losses, their means over all processes, which here also learn that one was asked to stop.

        Every process goes the same way from here: one that left alone would keep the others waiting.
        """
        asked = torch.tensor(float(self._asked_to_stop), device=self.fabric.device)
        shared = torch.stack([asked, *(value.detach().float() for value in terms.values())])
        if self.fabric.world_size > 1:
            shared = cast(Tensor, self.fabric.all_reduce(shared, reduce_op="mean"))
            self._stop = self._stop or float(shared[0]) > 0
        return dict(zip(terms, shared[1:].tolist(), strict=True))

    def _keep_bad_batch(self, batch: Batch) -> None:
        rank = self.fabric.global_rank
        path = self.folder / (f"nan-batch-{rank}.pt" if rank else "nan-batch.pt")
        _write(path, {name: value.cpu() for name, value in batch.items()})
        raise InputError(
            f"the loss of step {self.step} or its gradient is not a number; its batch is in {path}, the run up to "
            f"the last save in {self.checkpoint}; a lower learning rate would be the first thing to try"
        )

    def _validate_if_due(self) -> Mapping[str, float]:
        due = self.step % self.validate_every == 0 or self.step == self.recipe.steps
        if self.validate is None or not due or self.fabric.global_rank != 0:
            return {}
        with torch.no_grad():
            return self.validate(self.averaged.module, self.step)

    @contextmanager
    def _logging(self) -> Iterator["TrainingLog | None"]:
        """The run's log, which the first process writes."""
        if self.fabric.global_rank != 0:
            yield None
            return
        from benchmark.training.log import TrainingLog

        log = TrainingLog(self.folder, self.step)
        try:
            yield log
        finally:
            log.close()

    @contextmanager
    def _stopping_on_signals(self) -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            self._asked_to_stop = True
            self._stop = self.fabric.world_size == 1

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _write(path: Path, state: Mapping[str, Any]) -> None:
    # torch's own writer says nothing of a full disk but "unexpected pos".
    content = io.BytesIO()
    torch.save(state, content)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content.getbuffer())


def _plain(recipe: Recipe) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(recipe).items()}
