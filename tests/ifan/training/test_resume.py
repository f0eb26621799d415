"""A training that was left, even killed, goes on to the bit, and only with the settings it was begun with."""

import shutil
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmark.training.loop import Progress, Trainer
from benchmark.training.recipe import Recipe
from ifan.network import NetworkShape
from ifan.training.augmentation import Augmentation
from ifan.training.loop import Settings, train
from ifan.variants import Variant
from realdof.common.errors import InputError
from realdof.common.machine.memory import keep_blocks

SMALL = Variant("ifan-n8", "small", NetworkShape(8), "IFAN_8.pytorch", "Table 4")


def settings_for(steps: int, crop: int = 32) -> Settings:
    recipe = Recipe(steps=steps, batch=1, learning_rate=1e-4, schedule="cosine")
    return Settings(SMALL, recipe, Augmentation(crop=crop), reblurring_width=8)


def weights_after(trainer: Trainer) -> list[Tensor]:
    return [value.clone() for value in (*trainer.module.state_dict().values(), *trainer.averaged.state_dict().values())]


@pytest.mark.slow
def test_a_run_killed_after_20_steps_and_resumed_for_20_equals_40_steps_to_the_bit(data: Path, tmp_path: Path) -> None:
    keep_blocks()
    whole = train(data, tmp_path / "whole", settings_for(40), save_every=20, validate_every=100)
    killed = tmp_path / "killed"
    killed.mkdir()

    def copy_what_a_kill_would_leave(progress: Progress) -> None:
        if progress.step == 21:
            shutil.copy(whole.checkpoint, killed)

    assert whole.run(copy_what_a_kill_would_leave)
    resumed = train(data, killed, settings_for(40), validate_every=100)
    assert resumed.step == 20
    assert resumed.run()
    for one, other in zip(weights_after(whole), weights_after(resumed), strict=True):
        assert torch.equal(one, other)


def test_other_settings_do_not_continue_a_run(data: Path, tmp_path: Path) -> None:
    train(data, tmp_path, settings_for(3)).save()
    with pytest.raises(InputError, match="another steps"):
        train(data, tmp_path, settings_for(4))
    with pytest.raises(InputError, match="another crop"):
        train(data, tmp_path, settings_for(3, crop=40))
