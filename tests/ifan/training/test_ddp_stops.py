"""Of several processes none is left waiting when one of them must stop (Lightning Fabric, DDP over gloo)."""

import subprocess
import sys
from pathlib import Path

import pytest

LEAVING = """
import os, signal, sys
from pathlib import Path

import torch
from lightning_fabric import Fabric

from benchmark.training.loop import Recipe, Trainer
from realdof.common.errors import InputError

class Weight(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, batch):
        return {"loss": (self.weight * batch["image"]).sum()}

fabric = Fabric(accelerator="cpu", devices=2)
fabric.launch()
rank = fabric.global_rank
odd = float("nan") if sys.argv[2] == "nan" and rank == 1 else 1.0
source = lambda step, rank, world: {"image": torch.full((1,), odd)}
trainer = Trainer(Weight(), source, Recipe(steps=1_000_000), Path(sys.argv[1]), fabric=fabric)

def report(progress):
    if sys.argv[2] == "signal" and rank == 1 and progress.step == 3:
        os.kill(os.getpid(), signal.SIGTERM)

try:
    finished = trainer.run(report)
except InputError as error:
    print(error)
else:
    print(f"left at {trainer.step}, finished: {finished}")
"""


@pytest.mark.slow
@pytest.mark.parametrize(("why", "words"), [("signal", "left at 4, finished: False"), ("nan", "is not a number")])
def test_all_processes_leave_when_one_must(why: str, words: str, tmp_path: Path) -> None:
    script = tmp_path / "leaving.py"
    script.write_text(LEAVING)
    done = subprocess.run(
        [sys.executable, script, tmp_path / "run", why], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.count(words) == 2, done.stdout
