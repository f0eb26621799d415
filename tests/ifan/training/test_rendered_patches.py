"""Batches made by other processes, and patches rendered as they are needed: never other than made here, or stored."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from benchmark.datasets.dual_pixel import DualPixelFolder
from benchmark.training.loaders import Ahead
from benchmark.training.recipe import Recipe
from benchmark.weight_files import read_card
from ifan.cli.app import app
from ifan.training.augmentation import Augmentation
from ifan.training.data import Data
from ifan.training.loop import Settings, train
from ifan.training.patches import FolderPatches, Patches, RenderedPatches
from ifan.training.synthesis import Synthesis
from ifan.variants import VARIANTS
from realdof.common.errors import InputError
from realdof.images.files import write_pixels

SMALL = Synthesis(largest_radius=3.0)
PATCH = Augmentation(crop=32)


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Two textured photographs."""
    random = np.random.default_rng(0)
    for name in ("one", "two"):
        coarse = random.integers(0, 256, (30, 40, 3))
        write_pixels(tmp_path / "photographs" / f"{name}.png", np.kron(coarse, np.ones((4, 4, 1))).astype(np.uint8))
    return tmp_path / "photographs"


def rendered(photographs: Path, seed: int = 0) -> RenderedPatches:
    return RenderedPatches([(path, None) for path in sorted(photographs.iterdir())], SMALL, PATCH, 4, seed)


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_rendered_patches_depend_on_seed_and_step_alone_and_split_over_processes(photographs: Path) -> None:
    source = rendered(photographs)
    whole = source(5, 0, 1)
    assert {name: tuple(value.shape) for name, value in whole.items()} == dict.fromkeys(whole, (4, 3, 32, 32))
    parts = [source(5, process, 2) for process in (0, 1)]
    assert same(whole, {name: torch.cat([part[name] for part in parts]) for name in whole})
    assert same(whole, rendered(photographs)(5, 0, 1))
    assert not torch.equal(source(6, 0, 1)["target"], whole["target"])
    assert not torch.equal(rendered(photographs, seed=1)(5, 0, 1)["target"], whole["target"])


def test_a_blurred_patch_knows_what_lies_beyond_its_edge(photographs: Path) -> None:
    # The scene is rendered with a margin of the largest radius, and the patch cut out of its middle.
    source = rendered(photographs)
    assert source.synthesis.size == PATCH.reach + 2 * 3
    region = source.region(np.random.default_rng(0))
    assert all(one.shape == (PATCH.reach, PATCH.reach, 3) for one in region.values())


def test_processes_give_the_same_batches_in_the_same_order_and_begin_anew_where_steps_do_not_follow(
    data: Path, photographs: Path
) -> None:
    from_disk = FolderPatches(DualPixelFolder.open(data), PATCH, 4, 0, in_memory=False)
    cases: list[tuple[Patches, int, tuple[int, ...]]] = [
        (from_disk, 2, (3, 4, 5)),
        (rendered(photographs), 1, (3, 4, 1)),
    ]
    for source, loaders, steps in cases:
        ahead = Ahead(source, loaders)
        for step in steps:
            assert same(ahead(step, 0, 1), source(step, 0, 1)), step


def test_bad_input_in_another_process_is_the_one_sentence_it_is_here(photographs: Path) -> None:
    source = rendered(photographs)
    for path in photographs.iterdir():
        path.write_bytes(b"no image any more")
    with pytest.raises(InputError, match=r"(one|two)\.png is no PNG, JPEG or TIFF") as told:
        Ahead(source, 1)(0, 0, 1)
    assert "Traceback" not in str(told.value)


def test_only_patches_from_memory_are_cheap(data: Path, photographs: Path) -> None:
    scenes = DualPixelFolder.open(data)
    assert FolderPatches(scenes, PATCH, 4, 0).ready
    assert not FolderPatches(scenes, PATCH, 4, 0, in_memory=False).ready
    assert not rendered(photographs).ready


def test_a_photograph_too_small_or_a_training_of_nothing_is_refused(photographs: Path) -> None:
    with pytest.raises(InputError, match=r"one\.png is 160x120; scenes of 394 px need at least that"):
        RenderedPatches([(photographs / "one.png", None)], Synthesis(), Augmentation(), 1, 0)
    with pytest.raises(InputError, match="needs --data, a set in DPDD's layout, or --photographs"):
        Data(None)
    done = CliRunner().invoke(app, ["train", "--out", "run", "--data", "data", "--depth", "maps"])
    assert isinstance(done.exception, InputError)
    assert "belong to --photographs" in str(done.exception)


@pytest.mark.slow
def test_a_training_on_photographs_goes_on_to_the_bit_with_any_number_of_processes(
    photographs: Path, tmp_path: Path
) -> None:
    sources = tuple((path, None) for path in sorted(photographs.iterdir()))

    def settings(steps: int) -> Settings:
        recipe = Recipe(steps=steps, batch=1, learning_rate=1e-4)
        return Settings(VARIANTS["ifan-n8"], recipe, PATCH, reblurring_width=0)

    whole = train(Data(None, sources, SMALL, loaders=0), tmp_path / "whole", settings(4))
    assert whole.run()
    stopped = train(Data(None, sources, SMALL, loaders=2), tmp_path / "stopped", settings(4))
    assert not stopped.run(lambda progress: signal.raise_signal(signal.SIGTERM) if progress.step == 2 else None)
    resumed = train(Data(None, sources, SMALL, loaders=1), tmp_path / "stopped", settings(4))
    assert resumed.step == 2
    assert resumed.run()
    assert same(dict(whole.module.state_dict()), dict(resumed.module.state_dict()))
    card = read_card(tmp_path / "stopped" / "averaged.safetensors")
    assert (card["steps"], card["rendered_largest_radius"], card["photographs"]) == (4, 3.0, 2)
    with pytest.raises(InputError, match="another rendered_largest_radius;"):
        train(Data(None, sources, Synthesis(largest_radius=4.0), loaders=0), tmp_path / "stopped", settings(4))


@pytest.mark.slow
def test_ctrl_c_saves_and_nothing_outlives_a_training_that_is_killed(photographs: Path, tmp_path: Path) -> None:
    def started(out: Path) -> subprocess.Popen[bytes]:
        words = [
            "train", "--photographs", str(photographs), "--largest-radius", "3", "--out", str(out), "--loaders", "1",
            "--variant", "ifan-n8", "--steps", "100000", "--batch", "1", "--crop", "64", "--reblurring-width", "0",
            "--save-every", "1",
        ]  # fmt: skip
        program = [sys.executable, "-c", "from ifan.cli.app import main; main()", *words]
        process = subprocess.Popen(program, start_new_session=True)
        wait_until((out / "last.pt").exists, 120)
        return process

    stopped = started(tmp_path / "stopped")
    os.killpg(stopped.pid, signal.SIGINT)
    assert stopped.wait(60) == 130
    killed = started(tmp_path / "killed")
    killed.kill()
    killed.wait()
    wait_until(lambda: not session(killed.pid), 30)


def session(leader: int) -> list[int]:
    """The processes of a session that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, of = stat.read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(of) == leader and state != "Z":
            found.append(int(stat.parent.name))
    return found


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
