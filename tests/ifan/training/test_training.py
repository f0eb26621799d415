"""Training: the paper's recipe and augmentations, what is logged, and what is validated."""

import csv
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from benchmark.datasets.dual_pixel import DualPixelFolder
from benchmark.training.loop import Progress, Recipe, Trainer, optimiser_for
from benchmark.weight_files import read_card
from ifan.training.augmentation import Augmentation
from ifan.training.data import FolderPatches
from ifan.training.loop import Settings, Validation, train
from ifan.variants import VARIANTS
from realdof.common.errors import InputError
from realdof.images.files import read_pixels, write_pixels


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


def test_tensorboard_shows_what_the_table_holds_and_a_continued_run_as_one(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def trainer() -> Trainer:
        recipe = Recipe(steps=100, learning_rate=0.05)
        made = Trainer(
            Quadratic(), lambda step, rank, world: {"image": torch.arange(4.0) / 4}, recipe, tmp_path,
            validate=lambda module, step: {"psnr": step / 2}, validate_every=25, save_every=10,
        )  # fmt: skip
        made.resume()
        return made

    def stop_at_60(progress: Progress) -> None:
        if progress.step == 60:
            signal.raise_signal(signal.SIGTERM)

    assert not trainer().run(stop_at_60)
    assert trainer().run()
    events = EventAccumulator(str(tmp_path / "events")).Reload()
    assert set(events.Tags()["scalars"]) == {"rate", "loss/loss", "validation/psnr"}
    assert [(one.step, one.value) for one in events.Scalars("validation/psnr")] == [
        (25, 12.5), (50, 25.0), (75, 37.5), (100, 50.0)
    ]  # fmt: skip
    with (tmp_path / "log.csv").open() as file:
        table = [(int(row["step"]), float(row["loss"])) for row in csv.DictReader(file)]
    assert table == [(one.step, pytest.approx(one.value, abs=1e-6)) for one in events.Scalars("loss/loss")]


def test_a_log_that_cannot_be_written_is_one_sentence_and_the_checkpoint_is_kept(tmp_path: Path) -> None:
    def trainer() -> Trainer:
        recipe = Recipe(steps=100, learning_rate=0.05)
        return Trainer(
            Quadratic(), lambda step, rank, world: {"image": torch.ones(4)}, recipe, tmp_path, save_every=10
        )  # fmt: skip

    (tmp_path / "log.csv").mkdir()
    with pytest.raises(
        InputError, match=r"^cannot write .*log\.csv: Is a directory; the run up to the last save is kept"
    ):
        trainer().run()
    continued = trainer()
    assert continued.resume()
    assert continued.step == 40
    (tmp_path / "events").rename(tmp_path / "elsewhere")
    (tmp_path / "events").write_text("no folder")
    with pytest.raises(InputError, match=r"^cannot write"):
        continued.run()


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
    source = FolderPatches(DualPixelFolder.open(data), Augmentation(crop=64), batch=4, seed=3)
    whole = source(5, 0, 1)
    parts = [source(5, process, 2) for process in (0, 1)]
    for name, value in whole.items():
        assert torch.equal(value, torch.cat([part[name] for part in parts]))
    assert not torch.equal(source(6, 0, 1)["image"], whole["image"])


def test_patches_without_defocus_are_drawn_as_seldom_as_asked_and_never_by_default_less(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name, change in (("0", 0), ("1", 40)):
        target = random.integers(50, 200, (96, 96, 3)).astype(np.uint8)
        folders = {"train_c/source": target + change, "train_l/source": target, "train_r/source": target}
        for folder, pixels in (folders | {"train_c/target": target}).items():
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            write_pixels(tmp_path / folder / f"{name}.png", pixels.astype(np.uint8))

    def sharp_of_100(skip: float) -> int:
        augmentation = Augmentation(crop=64, noise_probability=0.0, skip_sharp=skip)
        batch = FolderPatches(DualPixelFolder.open(tmp_path), augmentation, batch=100, seed=0)(0, 0, 1)
        return sum(torch.equal(image, target) for image, target in zip(batch["image"], batch["target"], strict=True))

    assert 35 < sharp_of_100(0.0) < 65
    assert sharp_of_100(0.9) < 20  # 9 expected


def test_validation_gives_both_metrics_pictures_and_the_best_weights_even_after_a_pause(
    data: Path, tmp_path: Path
) -> None:
    small = Settings(VARIANTS["ifan-n8"], Recipe(steps=1, batch=1), Augmentation(crop=32), reblurring_width=0)
    trainer = train(data, tmp_path, small)
    assert trainer.run()
    card = read_card(tmp_path / "best.safetensors")
    assert card["validation"].keys() == {"psnr", "lpips", "psnr_input", "lpips_input"}
    assert read_pixels(tmp_path / "samples.png").shape == (256, 768, 3)
    worse = Validation(DualPixelFolder.open(data, "val"), tmp_path, small, torch.device("cpu"))
    assert worse.best == card["validation"]["psnr"]
    network = trainer.averaged.module
    network.network.out_res[0].bias.data += 1.0
    with torch.no_grad():
        worse(network, 2)
    assert read_card(tmp_path / "best.safetensors")["steps"] == 1
    assert read_card(tmp_path / "averaged.safetensors")["steps"] == 2
