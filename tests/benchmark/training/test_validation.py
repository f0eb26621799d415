"""Validation: mean figures, pictures of the first items, and the best weights, which survive a pause."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from small_trainings import Items, Quadratic
from torch import nn

from benchmark.training.validation import HeldOut, Validation
from benchmark.weight_files import read_card, write_safetensors
from realdof.common.errors import InputError
from realdof.images.files import read_pixels

FABRIC = Fabric(accelerator="cpu", devices=1)


def save(path: Path, module: nn.Module, card: Mapping[str, Any]) -> None:
    write_safetensors(path, module, {}, card, torch.float32)


def validation(folder: Path, held_out: HeldOut | None) -> Validation:
    return Validation(folder, FABRIC, save, {"recipe": "short"}, held_out)


def test_figures_are_means_and_the_card_says_steps_and_figures(tmp_path: Path) -> None:
    module = Quadratic()
    figures = validation(tmp_path, Items(4))(module, 7)
    assert figures == {"number": 1.5, "weight": 0.0}
    assert module.training
    for name in ("averaged", "best"):
        card = read_card(tmp_path / f"{name}.safetensors")
        assert card == {"steps": 7, "recipe": "short", "validation": {"number": 1.5, "weight": 0.0}}


def test_pictures_are_the_middle_of_the_first_three_items(tmp_path: Path) -> None:
    validation(tmp_path, Items(5))(Quadratic(), 1)
    sheet = read_pixels(tmp_path / "samples.png")
    assert sheet.shape == (3 * 256, 256, 3)
    assert [int(sheet[256 * row, 0, 0]) for row in range(3)] == [0, 32, 64]
    assert not sheet[:, 64:].any(), "what a narrow picture leaves is black"


def test_the_best_weights_are_those_of_the_highest_first_figure_even_after_a_pause(tmp_path: Path) -> None:
    validation(tmp_path, Items(5))(Quadratic(), 1)
    (tmp_path / "last.pt").touch()
    continued = validation(tmp_path, Items(4))
    assert continued.best == 2.0
    continued(Quadratic(), 2)
    assert read_card(tmp_path / "best.safetensors")["steps"] == 1
    assert read_card(tmp_path / "averaged.safetensors")["steps"] == 2


def test_a_run_that_begins_anew_does_not_compare_itself_with_weights_that_lie_there(tmp_path: Path) -> None:
    validation(tmp_path, Items(5))(Quadratic(), 1)
    assert validation(tmp_path, Items(4)).best == float("-inf")


def test_which_weights_are_best_does_not_depend_on_the_order_of_a_card(tmp_path: Path) -> None:
    (tmp_path / "last.pt").touch()
    card = {"validation": {"weight": 99.0, "number": 1.5}}
    write_safetensors(tmp_path / "best.safetensors", Quadratic(), {}, card, torch.float32)
    assert validation(tmp_path, Items(4)).best == 1.5


def test_best_weights_without_figures_are_told_and_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "last.pt").touch()
    write_safetensors(tmp_path / "best.safetensors", Quadratic(), {}, {"validation": {}}, torch.float32)
    with pytest.raises(InputError, match=r"best\.safetensors does not say what number it reached"):
        validation(tmp_path, Items(4))


def test_without_held_out_items_the_averaged_weights_are_kept_all_the_same(tmp_path: Path) -> None:
    assert validation(tmp_path, None)(Quadratic(), 3) == {}
    assert json.loads(json.dumps(read_card(tmp_path / "averaged.safetensors"))) == {
        "steps": 3, "recipe": "short", "validation": {}
    }  # fmt: skip
    assert {path.name for path in tmp_path.iterdir()} == {"averaged.safetensors"}
