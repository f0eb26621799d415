"""The loop: it minimises, stops with everything saved, continues to the bit, and says why it cannot go on."""

import resource
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import typer
from small_trainings import Dropped, Quadratic, quadratic_trainer, quarters
from torch import Tensor, nn

from benchmark.training.loop import Trainer
from benchmark.training.recipe import Recipe
from benchmark.training.terminal import outcome, run_training
from benchmark.training.validation import AVERAGED
from realdof.common.errors import InputError


def trainer_of(module: nn.Module, folder: Path) -> Trainer:
    return Trainer(module, lambda step, rank, world: {"image": torch.full((1,), 7.0)}, Recipe(steps=3), folder)


class Large(nn.Module):
    """A weight of 4 MB."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1_000_000))

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Squared distance from the batch."""
        return {"loss": ((self.weight - batch["image"]) ** 2).mean()}


def test_training_reaches_the_minimum(tmp_path: Path) -> None:
    recipe = Recipe(steps=400, learning_rate=0.05, schedule="cosine", weight_decay=0.0, ema=0.9)
    trainer = Trainer(Quadratic(), quarters, recipe, tmp_path)
    assert trainer.run()
    torch.testing.assert_close(trainer.averaged.module.weight.detach(), torch.arange(4.0) / 4, atol=0.02, rtol=0)


def test_a_run_that_is_told_to_stop_saves_that_step_and_is_taken_up_from_it(tmp_path: Path) -> None:
    trainer = trainer_of(Large(), tmp_path)
    assert not trainer.run(lambda progress: signal.raise_signal(signal.SIGTERM))
    resumed = trainer_of(Large(), tmp_path)
    assert resumed.resume()
    assert resumed.step == 1
    assert resumed.run()


def test_a_run_that_is_limited_by_time_ends_before_its_steps_and_counts_the_seconds_of_all_its_parts(
    tmp_path: Path,
) -> None:
    recipe = Recipe(steps=10**6, learning_rate=0.05, schedule="cosine", seconds=0.3)
    first = Trainer(Quadratic(), quarters, recipe, tmp_path)
    assert not first.run(lambda progress: first.step == 5 and signal.raise_signal(signal.SIGTERM))
    second = Trainer(Quadratic(), quarters, recipe, tmp_path)
    assert second.resume()
    assert second.seconds == first.seconds > 0
    assert second.run()
    assert second.seconds >= 0.3
    assert 5 < second.step < 10**6


def test_a_full_disk_is_one_sentence_and_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    trainer_of(Large(), tmp_path).save()
    before = (tmp_path / "last.pt").read_bytes()
    trainer = trainer_of(Large(), tmp_path)
    trainer.save_every = 1
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may grow larger than this, as on a disk with so much left.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(InputError, match=r"^cannot write .*last\.pt: File too large$"):
            trainer.run()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "last.pt").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"last.pt", "events", "log.csv"}


class Diverges(nn.Module):
    """A loss that is not a number."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """NaN."""
        return {"loss": self.weight.sum() * torch.nan}


class Explodes(Diverges):
    """A loss of zero whose gradient is not a number."""

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The root of nothing."""
        return {"loss": torch.sqrt(self.weight - self.weight.detach()).sum() * 0}


@pytest.mark.parametrize("module", [Diverges(), Explodes()], ids=["loss", "gradient"])
def test_what_is_not_a_number_stops_the_run_with_its_batch_saved(module: nn.Module, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a number"):
        trainer_of(module, tmp_path).run()
    assert float(torch.load(tmp_path / "nan-batch.pt", weights_only=True)["image"]) == 7.0
    assert torch.equal(module.weight, torch.ones(1)), "the weights are those before the step"


def dropped(folder: Path, steps: int, stop_at: int = 0) -> Tensor:
    trainer = Trainer(Dropped(64), lambda *which: {"image": torch.ones(64)}, Recipe(steps=steps), folder)
    trainer.resume()
    trainer.run(lambda progress: signal.raise_signal(signal.SIGTERM) if progress.step == stop_at else None)
    return trainer.module.weight.detach().clone()


def test_random_numbers_of_a_step_do_not_depend_on_the_steps_before_it(tmp_path: Path) -> None:
    whole = dropped(tmp_path / "whole", 6)
    dropped(tmp_path / "stopped", 6, stop_at=3)
    torch.rand(17)
    assert torch.equal(dropped(tmp_path / "stopped", 6), whole)


SEEDS = "from benchmark.training.loop import _seed_of; print([_seed_of(3, step, 1) for step in range(3)])"


def test_seeds_are_the_same_in_every_process_and_on_every_machine() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", SEEDS], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("0", "1")
    }
    assert told == {"[485160162170122974, 5740793229878879789, 8809326337898877326]\n"}


def test_the_last_sentence_says_where_the_weights_are_or_how_to_continue(tmp_path: Path) -> None:
    trainer = Trainer(Quadratic(), quarters, Recipe(steps=3), tmp_path)
    finished = trainer.run(lambda progress: signal.raise_signal(signal.SIGTERM))
    assert outcome(trainer, finished) == (
        f"stopped at step 1 of 3 and saved {tmp_path / 'last.pt'}; the same command continues"
    )
    again = Trainer(Quadratic(), quarters, Recipe(steps=3), tmp_path)
    again.resume()
    assert outcome(again, again.run()) == (f"trained 3 steps; the weights are in {tmp_path / 'averaged.safetensors'}")
    (tmp_path / "best.safetensors").touch()
    assert outcome(again, True).endswith(f"those of the best validation in {tmp_path / 'best.safetensors'}")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_training_that_a_signal_stops_tells_how_it_goes_on_and_ends_with_the_status_of_the_signal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, number: int, status: int
) -> None:
    trainer = quadratic_trainer(tmp_path, steps=3)
    run = trainer.run
    monkeypatch.setattr(
        trainer, "run", lambda report: run(lambda progress: (report(progress), signal.raise_signal(number)))
    )
    with pytest.raises(typer.Exit) as left:
        run_training(trainer, "training")
    assert left.value.exit_code == status
    assert f"stopped at step 1 of 3 and saved {trainer.checkpoint}; the same command" in capsys.readouterr().err


def test_a_training_that_is_done_says_where_its_weights_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trainer = quadratic_trainer(tmp_path, steps=3)
    run_training(trainer, "training")
    assert f"trained 3 steps; the weights are in {tmp_path / AVERAGED}\n" in capsys.readouterr().err


def test_only_the_first_process_of_several_speaks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = quadratic_trainer(tmp_path, steps=3)
    monkeypatch.setattr(trainer, "fabric", SimpleNamespace(global_rank=1))
    monkeypatch.setattr(trainer, "run", lambda report: True)
    run_training(trainer, "training")
    assert "trained" not in capsys.readouterr().err


def test_several_processes_cannot_be_limited_by_time(tmp_path: Path) -> None:
    recipe = Recipe(steps=3, seconds=60.0)
    with pytest.raises(InputError, match="runs on one process; give --steps, not --seconds"):
        Trainer(Quadratic(), quarters, recipe, tmp_path, fabric=SimpleNamespace(world_size=2))  # type: ignore[arg-type]
