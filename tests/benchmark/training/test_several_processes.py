"""Several processes (Lightning Fabric, DDP over gloo): none is left waiting, and each validates its share."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

LEAVING = """
import os, signal, sys
from pathlib import Path

import torch
from lightning_fabric import Fabric

from benchmark.training.loop import Trainer
from benchmark.training.recipe import Recipe
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


VALIDATING = """
import json, sys
from pathlib import Path

sys.path.insert(0, sys.argv[2])
import torch
from lightning_fabric import Fabric
from small_trainings import Items, Quadratic, quarters

from benchmark.training.loop import Trainer
from benchmark.training.recipe import Recipe
from benchmark.training.validation import Validation

class Counting(Quadratic):
    # Its buffer differs between processes, as the running means of a batch normalisation do.
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, batch):
        self.seen += 1 + fabric.global_rank
        return super().forward(batch)

fabric = Fabric(accelerator="cpu", devices=int(sys.argv[3]))
fabric.launch()
folder, items, buffers = Path(sys.argv[1]), Items(5), []

def save(path, module, card):
    path.write_text(json.dumps(card))

judge = items.judge
items.judge = lambda module, index: (buffers.append(float(module.seen)), judge(module, index))[1]
validate = Validation(folder, fabric, save, {}, items)
told = []
def noted(module, step):
    told.append(validate(module, step))
    return told[-1]
Trainer(Counting(), quarters, Recipe(steps=3), folder, fabric=fabric, validate=noted).run()
report = {"judged": items.judged, "told": told, "buffers": sorted(set(buffers))}
(folder / f"report-{fabric.global_rank}.json").write_text(json.dumps(report))
"""


@pytest.mark.slow
def test_each_process_validates_its_share_and_all_get_the_figures_of_one(tmp_path: Path) -> None:
    script = tmp_path / "validating.py"
    script.write_text(VALIDATING)
    for devices in (1, 2):
        words = [tmp_path / str(devices), Path(__file__).parent, str(devices)]
        subprocess.run([sys.executable, script, *words], check=True, timeout=120)
    alone = json.loads((tmp_path / "1" / "report-0.json").read_text())
    both = [json.loads((tmp_path / "2" / f"report-{rank}.json").read_text()) for rank in (0, 1)]
    assert alone["judged"] == [0, 1, 2, 3, 4]
    assert [one["judged"] for one in both] == [[0, 1], [2, 3, 4]]
    assert both[0]["told"] == both[1]["told"]
    assert both[0]["told"][0]["number"] == alone["told"][0]["number"] == 2.0
    assert both[0]["buffers"] == both[1]["buffers"], "all judge the network of the first process"
    assert json.loads((tmp_path / "2" / "best.safetensors").read_text())["steps"] == 3
