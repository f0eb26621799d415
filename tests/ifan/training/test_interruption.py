"""A training that is told to stop saves first; one that cannot go on says why in one sentence."""

import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from benchmark.training.loop import Recipe, Trainer
from realdof.common.errors import InputError


def command(data: Path, out: Path, *options: str) -> list[str]:
    return [
        sys.executable, "-c", "from ifan.cli.app import main; main()", "train", "--data", str(data), "--out", str(out),
        "--variant", "ifan-n8", "--steps", "100000", "--batch", "1", "--crop", "64", "--reblurring-width", "0",
        *options,
    ]  # fmt: skip


@pytest.mark.slow
def test_sigterm_saves_and_exits_with_status_0(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = subprocess.Popen(command(data, out, "--save-every", "1"))
    deadline = time.monotonic() + 180
    while not (out / "last.pt").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    assert torch.load(out / "last.pt", weights_only=True)["step"] >= 1


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


def test_a_run_that_is_told_to_stop_saves_that_step_and_is_taken_up_from_it(tmp_path: Path) -> None:
    trainer = trainer_of(Large(), tmp_path)
    assert not trainer.run(lambda progress: signal.raise_signal(signal.SIGTERM))
    resumed = trainer_of(Large(), tmp_path)
    assert resumed.resume()
    assert resumed.step == 1
    assert resumed.run()


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
    assert {path.name for path in tmp_path.iterdir()} == {"last.pt", "events"}


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


def test_a_checkpoint_that_is_damaged_or_another_networks_is_not_continued(tmp_path: Path) -> None:
    trainer_of(Large(), tmp_path).save()
    with pytest.raises(InputError, match="holds another network"):
        trainer_of(nn.Linear(1, 1), tmp_path).resume()
    whole = (tmp_path / "last.pt").read_bytes()
    (tmp_path / "last.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="is damaged"):
        trainer_of(Large(), tmp_path).resume()
    torch.save({"weight": torch.zeros(1)}, tmp_path / "last.pt")
    with pytest.raises(InputError, match="no checkpoint of a training"):
        trainer_of(Large(), tmp_path).resume()
