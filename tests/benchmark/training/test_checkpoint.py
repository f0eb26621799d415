"""What a run is continued from: only its own settings continue it, and a wrong file is one sentence."""

from pathlib import Path
from typing import Any

import pytest
import torch
from small_trainings import Quadratic, quadratic_trainer, quarters
from torch import nn

from benchmark.training.checkpoint import fingerprint
from benchmark.training.loop import Trainer
from benchmark.training.recipe import Recipe
from realdof.common.errors import InputError

SETTINGS = {"initialisation": "paper", "start": None, "data": "0123", "crop": 64}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"initialisation": "variance-preserving"}, "initialisation"),
        ({"start": "f" * 64}, "start"),
        ({"data": "4567", "crop": 80}, "data, crop"),
        ({"loss": "log"}, "loss"),
    ],
)
def test_a_run_is_not_continued_with_another_setting_and_the_sentence_names_it(
    tmp_path: Path, changed: dict[str, Any], named: str
) -> None:
    quadratic_trainer(tmp_path, settings=SETTINGS).save()
    assert quadratic_trainer(tmp_path, settings=SETTINGS).resume()
    with pytest.raises(InputError, match=rf"trained with another {named}; give the same settings to continue it"):
        quadratic_trainer(tmp_path, settings=SETTINGS | changed).resume()


@pytest.mark.parametrize(("before", "now"), [("32-true", "float32"), ("bf16-mixed", "bfloat16")])
def test_a_run_of_version_0_1_is_continued_under_the_new_name_of_its_precision(
    tmp_path: Path, before: str, now: str
) -> None:
    quadratic_trainer(tmp_path, settings=SETTINGS | {"precision": before}).save()
    assert quadratic_trainer(tmp_path, settings=SETTINGS | {"precision": now}).resume()
    with pytest.raises(InputError, match="another precision"):
        quadratic_trainer(tmp_path, settings=SETTINGS | {"precision": "tf32"}).resume()


def test_a_setting_that_is_no_longer_given_is_another_setting(tmp_path: Path) -> None:
    quadratic_trainer(tmp_path, settings=SETTINGS).save()
    with pytest.raises(InputError, match="another start"):
        quadratic_trainer(tmp_path, settings={key: SETTINGS[key] for key in SETTINGS if key != "start"}).resume()


@pytest.mark.parametrize("recipe", [Recipe(steps=100, learning_rate=0.05, seed=1), Recipe(steps=100)])
def test_another_recipe_does_not_continue_a_run(tmp_path: Path, recipe: Recipe) -> None:
    quadratic_trainer(tmp_path).save()
    with pytest.raises(InputError, match=r"another (seed|learning_rate);"):
        Trainer(Quadratic(), quarters, recipe, tmp_path).resume()


def test_a_folder_without_a_run_has_nothing_to_continue(tmp_path: Path) -> None:
    assert not quadratic_trainer(tmp_path / "new").resume()


def test_a_checkpoint_that_is_damaged_or_another_networks_is_not_continued(tmp_path: Path) -> None:
    quadratic_trainer(tmp_path).save()
    with pytest.raises(InputError, match="holds another network"):
        Trainer(nn.Linear(1, 1), quarters, Recipe(steps=100, learning_rate=0.05), tmp_path).resume()
    whole = (tmp_path / "last.pt").read_bytes()
    (tmp_path / "last.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"):
        quadratic_trainer(tmp_path).resume()
    torch.save({"weight": torch.zeros(1)}, tmp_path / "last.pt")
    with pytest.raises(InputError, match="no checkpoint of a training"):
        quadratic_trainer(tmp_path).resume()


def test_a_checkpoint_of_version_0_1_says_what_it_lacks(tmp_path: Path) -> None:
    before: dict[str, object] = {"module": {}, "averaged": {}, "optimiser": {}}
    torch.save({"step": 3, "recipe": {"steps": 100}, **before}, tmp_path / "last.pt")
    with pytest.raises(InputError, match="earlier version, which did not record all settings"):
        quadratic_trainer(tmp_path).resume()


def test_a_fingerprint_changes_with_a_name_a_size_and_a_file_more(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name)
    (tmp_path / "long").write_text("longer")
    found = {
        fingerprint(tmp_path / name for name in names)
        for names in (("a", "b"), ("a", "c"), ("a",), ("a", "b", "c"), ("a", "long"))
    }
    assert len(found) == 5
    assert fingerprint([tmp_path / "a", tmp_path / "b"]) in found
