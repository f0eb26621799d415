"""Training on two processes is training on one with the whole batch (Lightning Fabric, DDP over gloo)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

TRAINING = """
import json, sys
from pathlib import Path

import torch

from benchmark.training.recipe import Recipe
from ifan.training.augmentation import Augmentation
from ifan.training.loop import Settings, train
from ifan.variants import VARIANTS

data, out, devices = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
# At a tenth of the usual rate: rounding grows with every step at it, and is not what is tested.
recipe = Recipe(steps=20, batch=2, learning_rate=1e-5)
settings = Settings(VARIANTS["ifan-n8"], recipe, Augmentation(crop=32), reblurring_width=8)
trainer = train(data, out, settings, devices=devices)
losses = []

def report(progress):
    losses.append(progress.losses)
    if progress.step == 5:
        torch.save(trainer.module.state_dict(), out / f"five-{trainer.fabric.global_rank}.pt")

trainer.run(report)
(out / f"losses-{trainer.fabric.global_rank}.json").write_text(json.dumps(losses))
"""


def train(data: Path, out: Path, devices: int) -> Path:
    """The folder of a training in processes of its own: losses of 20 steps, and the weights after the fifth."""
    # Fabric starts the other process by the command that started this one, so there must be a file.
    script = out.with_suffix(".py")
    script.write_text(TRAINING)
    subprocess.run([sys.executable, script, data, out, str(devices)], check=True, timeout=900)
    return out


@pytest.mark.slow
def test_two_processes_equal_one_with_the_double_batch(data: Path, tmp_path: Path) -> None:
    one, two = train(data, tmp_path / "one", 1), train(data, tmp_path / "two", 2)
    expected = json.loads((one / "losses-0.json").read_text())
    assert len(expected) == 20
    for rank in (0, 1):
        found = json.loads((two / f"losses-{rank}.json").read_text())
        for wanted, got in zip(expected, found, strict=True):
            assert got == pytest.approx(wanted, abs=1e-5)
    five = torch.load(one / "five-0.pt", weights_only=True)
    for rank in (0, 1):
        other = torch.load(two / f"five-{rank}.pt", weights_only=True)
        assert five.keys() == other.keys()
        assert max(float((five[name] - other[name]).abs().max()) for name in five) < 1e-6
