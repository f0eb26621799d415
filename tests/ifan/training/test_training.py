"""A training of IFAN as a whole: what it validates, what it may be continued with, and what it leaves."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmark.datasets.dual_pixel import VIEWS
from benchmark.training.recipe import Recipe
from benchmark.weight_files import read_card
from ifan import IFAN
from ifan.cli.app import main
from ifan.training.augmentation import Augmentation
from ifan.training.loop import Settings, train, trained_module
from ifan.variants import VARIANTS
from realdof.common.errors import InputError
from realdof.common.files import sha256_of
from realdof.images.files import read_pixels

SMALL = Settings(VARIANTS["ifan-n8"], Recipe(steps=1, batch=1), Augmentation(crop=32), reblurring_width=0)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of ifan-n8, drawn at random."""
    torch.manual_seed(5)
    folder = tmp_path_factory.mktemp("start")
    IFAN(VARIANTS["ifan-n8"].shape).save_pretrained(folder)
    return folder / "model.safetensors"


@pytest.mark.slow
def test_validation_gives_both_metrics_pictures_and_the_best_weights(data: Path, tmp_path: Path) -> None:
    assert train(data, tmp_path, SMALL).run()
    card = read_card(tmp_path / "best.safetensors")
    assert list(card["validation"]) == ["psnr", "lpips", "psnr_input", "lpips_input"]
    assert (card["steps"], card["variant"], card["recipe"]["optimiser"]) == (1, "ifan-n8", "radam")
    assert read_pixels(tmp_path / "samples.png").shape == (256, 768, 3)


def test_a_run_is_not_continued_with_another_initialisation(data: Path, tmp_path: Path) -> None:
    train(data, tmp_path, SMALL).save()
    with pytest.raises(InputError, match="trained with another initialisation;"):
        train(data, tmp_path, replace(SMALL, initialisation="variance-preserving"))


def test_a_run_is_not_continued_with_other_start_weights_wherever_they_lie(
    data: Path, tmp_path: Path, start: Path
) -> None:
    train(data, tmp_path / "run", SMALL, start=start).save()
    moved = Path(shutil.copy(start, tmp_path / "moved.safetensors"))
    assert train(data, tmp_path / "run", SMALL, start=moved).settings["start"] == sha256_of(start)
    with pytest.raises(InputError, match="trained with another start;"):
        train(data, tmp_path / "run", SMALL)


def test_a_run_is_not_continued_on_other_data(data: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "run", SMALL).save()
    less = shutil.copytree(data, tmp_path / "data")
    for pattern in VIEWS.values():
        (less / pattern.format(split="train") / "2.png").unlink()
    with pytest.raises(InputError, match="trained with another data;"):
        train(less, tmp_path / "run", SMALL)


def test_start_weights_are_what_the_training_begins_with(start: Path) -> None:
    network = trained_module(SMALL, start).network
    assert all(value.requires_grad for value in network.parameters())
    wanted = IFAN.from_pretrained(start.parent).state_dict()
    assert all(torch.equal(value, wanted[name]) for name, value in network.state_dict().items())


@pytest.mark.slow
def test_the_command_ends_with_where_the_weights_are(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "--data", data, "--out", tmp_path / "run", "--variant", "ifan-n8", "--steps", "2", "--batch", "1",
             "--crop", "64", "--reblurring-width", "0"]  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["ifan", *map(str, words)])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0
    last = capsys.readouterr().err.splitlines()[-1]
    run = tmp_path / "run"
    assert last == (
        f"trained 2 steps; the weights are in {run / 'averaged.safetensors'}, those of the best validation in "
        f"{run / 'best.safetensors'}"
    )
    assert len((run / "log.csv").read_text().splitlines()) == 3, "a heading and a row a step"
