"""Training: exact resume, the paper's recipe, and data that is checked before it is used."""

import csv
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from benchmark.dual_pixel import DualPixelFolder
from benchmark.training import Recipe, Trainer, optimiser_for
from ifan.augmentation import Augmentation
from ifan.data import PatchSource
from ifan.network import NetworkShape
from ifan.synthesis import Synthesis, draw_radius_map, render_scene
from ifan.training import Settings, train
from ifan.variants import Variant
from realdof.errors import InputError
from realdof.images import write_pixels

SMALL = Variant("ifan-n8", "small", NetworkShape(8), "IFAN_8.pytorch", "Table 4")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three rendered scenes of 96x96 px in DPDD's layout."""
    root = tmp_path_factory.mktemp("dpdd")
    random = np.random.default_rng(0)
    photograph = np.kron(random.integers(0, 256, (40, 40, 3)), np.ones((4, 4, 1))).astype(np.uint8)
    for split, count in (("train", 3), ("val", 1)):
        for index in range(count):
            scene = render_scene(photograph, Synthesis(size=96), (7, index))
            for name, view in (
                ("image", "c/source"),
                ("left", "l/source"),
                ("right", "r/source"),
                ("target", "c/target"),
            ):
                write_pixels(root / f"{split}_{view}" / f"{index}.png", scene[name])
    return root


def settings_for(steps: int) -> Settings:
    recipe = Recipe(steps=steps, batch=1, learning_rate=1e-4, schedule="cosine")
    return Settings(SMALL, recipe, Augmentation(crop=64), reblurring_width=8)


def weights_after(trainer: Trainer) -> list[Tensor]:
    return [value.clone() for value in (*trainer.module.state_dict().values(), *trainer.averaged.state_dict().values())]


@pytest.mark.slow
def test_a_run_left_half_way_and_resumed_equals_one_run_to_the_bit(data: Path, tmp_path: Path) -> None:
    whole = train(data, tmp_path / "whole", settings_for(6), validate_every=100)
    assert whole.run()
    first = train(data, tmp_path / "halves", settings_for(6), validate_every=100)

    def stop_at_three(progress: object) -> None:
        if first.step == 3:
            first._stop = True

    assert not first.run(stop_at_three)
    second = train(data, tmp_path / "halves", settings_for(6), validate_every=100)
    assert second.step == 3
    assert second.run()
    for one, other in zip(weights_after(whole), weights_after(second), strict=True):
        assert torch.equal(one, other)


@pytest.mark.slow
def test_sigterm_saves_and_exits_with_status_0(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = subprocess.Popen(
        [
            sys.executable, "-c", "from ifan.cli import main; main()", "train", "--data", str(data), "--out", str(out),
            "--variant", "ifan-n8", "--steps", "100000", "--batch", "1", "--crop", "64", "--save-every", "1",
        ]
    )  # fmt: skip
    deadline = time.monotonic() + 180
    while not (out / "last.pt").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    assert torch.load(out / "last.pt", weights_only=True)["step"] >= 1


def test_other_settings_do_not_continue_a_run(data: Path, tmp_path: Path) -> None:
    train(data, tmp_path, settings_for(3)).save()
    with pytest.raises(InputError, match="another steps"):
        train(data, tmp_path, settings_for(4))


class Diverges(nn.Module):
    """A loss that is not a number."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """NaN."""
        return {"loss": self.weight.sum() * torch.nan}


def test_a_loss_that_is_not_a_number_stops_with_its_batch_saved(tmp_path: Path) -> None:
    trainer = Trainer(Diverges(), lambda step, rank, world: {"image": torch.full((1,), 7.0)}, Recipe(steps=5), tmp_path)
    with pytest.raises(InputError, match="not a number"):
        trainer.run()
    assert float(torch.load(tmp_path / "nan-batch.pt", weights_only=True)["image"]) == 7.0


class Quadratic(nn.Module):
    """A loss with a known minimum at the batch's value."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(4))

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Squared distance."""
        return {"loss": ((self.weight - batch["image"]) ** 2).sum()}


def test_training_reaches_the_minimum_and_logs_what_it_did(tmp_path: Path) -> None:
    recipe = Recipe(steps=400, learning_rate=0.05, schedule="cosine", weight_decay=0.0, ema=0.9)
    trainer = Trainer(Quadratic(), lambda step, rank, world: {"image": torch.arange(4.0) / 4}, recipe, tmp_path)
    assert trainer.run()
    torch.testing.assert_close(trainer.averaged.module.weight.detach(), torch.arange(4.0) / 4, atol=0.02, rtol=0)
    with (tmp_path / "log.csv").open() as file:
        steps = [int(row["step"]) for row in csv.DictReader(file)]
    assert steps == list(range(50, 401, 50))


def test_the_papers_recipe_is_the_default() -> None:
    recipe = Recipe()
    assert (recipe.steps, recipe.batch, recipe.gradient_clip, recipe.weight_decay) == (600_000, 8, 0.5, 0.01)
    assert recipe.betas == (0.9, 0.99)
    assert [recipe.rate(step) for step in (0, 499_999, 500_000, 550_000)] == [1e-4, 1e-4, 5e-5, 2.5e-5]


def test_the_optimiser_is_radam_with_decoupled_weight_decay() -> None:
    optimiser = optimiser_for(nn.Linear(1, 1), Recipe())
    assert isinstance(optimiser, torch.optim.RAdam)
    assert optimiser.defaults["decoupled_weight_decay"] is True


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_one_draw_crops_scales_and_greys_all_four_images_alike(seed: int) -> None:
    image = np.random.default_rng(1).random((100, 110, 3), dtype=np.float32)
    same = dict.fromkeys(("image", "left", "right", "target"), image)
    noiseless = Augmentation(crop=64, noise_probability=0.0)(same, np.random.default_rng(seed))
    for name in ("left", "right", "target"):
        np.testing.assert_array_equal(noiseless[name], noiseless["image"])
    assert noiseless["image"].shape == (64, 64, 3)


def test_noise_goes_on_the_three_inputs_and_never_on_the_truth() -> None:
    image = np.full((64, 64, 3), 0.5, np.float32)
    noisy = Augmentation(crop=64, noise_probability=1.0, grey_probability=0.0, scale_probability=0.0)(
        dict.fromkeys(("image", "left", "right", "target"), image), np.random.default_rng(0)
    )
    np.testing.assert_array_equal(noisy["target"], image)
    assert 0.001 / 2 < (noisy["image"] - image).std() < 0.0707 * 1.1
    np.testing.assert_array_equal(noisy["left"], noisy["image"])
    np.testing.assert_array_equal(noisy["right"], noisy["image"])


def test_batches_depend_on_seed_and_step_alone_and_split_over_processes(data: Path) -> None:
    source = PatchSource(DualPixelFolder.open(data), Augmentation(crop=64), batch=4, seed=3)
    whole = source(5, 0, 1)
    parts = [source(5, process, 2) for process in (0, 1)]
    for name, value in whole.items():
        assert torch.equal(value, torch.cat([part[name] for part in parts]))
    assert not torch.equal(source(6, 0, 1)["image"], whole["image"])


def test_missing_view_uneven_views_and_large_crops_are_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no PNG"):
        DualPixelFolder.open(tmp_path)
    with pytest.raises(InputError, match="smaller --crop"):
        PatchSource(DualPixelFolder.open(data), Augmentation(crop=256), 1, 0)
    for view, count in (("c/source", 2), ("l/source", 2), ("r/source", 1), ("c/target", 2)):
        for index in range(count):
            write_pixels(tmp_path / f"train_{view}" / f"{index}.png", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(InputError, match="1 right"):
        DualPixelFolder.open(tmp_path)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_procedural_blur_radii_stay_within_their_bound(seed: int) -> None:
    radii = draw_radius_map(Synthesis(size=64), np.random.default_rng(seed))
    assert radii.shape == (64, 64)
    assert np.abs(radii).max() <= 14.0


def test_a_fifth_of_the_scenes_is_nearly_sharp() -> None:
    largest = [np.abs(draw_radius_map(Synthesis(size=64), np.random.default_rng(seed))).max() for seed in range(300)]
    assert 0.12 < np.mean(np.array(largest) <= 0.7) < 0.35
