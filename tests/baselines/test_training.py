"""The baselines' training: the papers' patches, blur and recipes, and weights that load again as a method."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from baselines.dmenet.defocus_pairs import PairSource, blur_by, draw_sigma
from baselines.dmenet.network import DMENet, sigma_from_map
from baselines.dmenet.shape import DMENetShape
from baselines.dmenet.training import TrainedDMENet
from baselines.dpdnet.network import DPDNet
from baselines.dpdnet.patches import GridSource, PatchGrid, sharpness_energy
from baselines.dpdnet.shape import DPDNetShape
from baselines.dpdnet.training import TrainedDPDNet
from baselines.training import Settings, chosen_settings, train
from benchmark import registry
from benchmark.commands.app import app
from benchmark.datasets.dual_pixel import VIEWS, DualPixelFolder
from benchmark.method import Context, Sample
from benchmark.training.loop import Progress
from benchmark.training.recipe import optimiser_for
from benchmark.weight_files import read_card, read_safetensors
from realdof.common.errors import InputError
from realdof.images.files import write_pixels


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three training scenes and one for validation of 96x112 px in DPDD's layout, blurred by a Gaussian."""
    root = tmp_path_factory.mktemp("dpdd")
    random = np.random.default_rng(0)
    for split, count in (("train", 3), ("val", 1)):
        for index in range(count):
            sharp = np.kron(random.integers(0, 256, (12, 14, 3)), np.ones((8, 8, 1))).astype(np.uint8)
            blurred = cv2.GaussianBlur(sharp, (0, 0), 1.5)
            for name, pattern in VIEWS.items():
                pixels = sharp if name == "target" else blurred
                write_pixels(root / pattern.format(split=split) / f"{index}.png", pixels)
    return root


def test_dpdnets_recipe_is_its_papers() -> None:
    paper = chosen_settings("dpdnet-d")
    recipe = paper.recipe
    assert (paper.crop, recipe.batch, recipe.learning_rate, recipe.optimiser) == (512, 5, 2e-5, "adam")
    optimiser = optimiser_for(torch.nn.Linear(1, 1), recipe)
    assert type(optimiser) is torch.optim.Adam
    assert (optimiser.defaults["betas"], optimiser.defaults["weight_decay"]) == ((0.9, 0.999), 0)


def test_patches_overlap_by_60_percent_and_end_with_the_image() -> None:
    places = PatchGrid().places(1120, 1680)
    assert sorted({top for top, _ in places}) == [0, 204, 408, 608]
    assert sorted({left for _, left in places}) == [0, 204, 408, 612, 816, 1020, 1168]
    assert len(places) == 4 * 7


@settings(max_examples=30, deadline=None)
@given(height=st.integers(64, 300), width=st.integers(64, 300))
def test_the_grid_covers_the_whole_image(height: int, width: int) -> None:
    seen = np.zeros((height, width), bool)
    for top, left in PatchGrid(64).places(height, width):
        seen[top : top + 64, left : left + 64] = True
    assert seen.all()


def test_the_blurriest_30_percent_of_an_image_are_left_out() -> None:
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (64, 640, 3)).astype(np.uint8)
    for column in range(10):
        patch = slice(64 * column, 64 * column + 64)
        image[:, patch] = cv2.GaussianBlur(image[:, patch], (0, 0), 0.3 + 0.2 * column)
    grid = PatchGrid(64, overlap=0)
    assert [left // 64 for _, left in grid.sharp_places(image)] == list(range(7))


def test_energy_is_one_for_the_sharpest_patch_and_zero_for_the_blurriest() -> None:
    random = np.random.default_rng(1)
    sharp = random.integers(0, 256, (64, 64)).astype(np.uint8)
    image = np.hstack([cv2.GaussianBlur(sharp, (0, 0), sigma) for sigma in (3.0, 0.5, 1.0)])
    energy = sharpness_energy(image, [(0, 0), (0, 64), (0, 128)], 64)
    assert energy[1] == 1
    assert energy[0] == 0
    assert 0 < energy[2] < 1
    assert sharpness_energy(image, [(0, 0), (0, 0)], 64).tolist() == [1, 1]


def test_every_patch_is_seen_once_an_epoch_in_an_order_of_its_own(data: Path) -> None:
    source = GridSource(DualPixelFolder.open(data), PatchGrid(64), batch=4, seed=0)
    epochs = [[source._drawn(number + epoch * len(source.places)) for number in range(len(source.places))]
              for epoch in (0, 1)]  # fmt: skip
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(len(source.places)))
    assert epochs[0] != epochs[1]
    whole = source(3, 0, 1)
    parts = [source(3, process, 2) for process in (0, 1)]
    for name, value in whole.items():
        assert torch.equal(value, torch.cat([part[name] for part in parts]))


def test_blur_is_the_gaussian_that_the_map_says() -> None:
    random = np.random.default_rng(0)
    sharp = random.random((64, 64, 3), dtype=np.float32)
    for sigma in (0.0, 1.0, 3.5):
        expected = cv2.GaussianBlur(sharp, (0, 0), sigma, borderType=cv2.BORDER_REFLECT) if sigma else sharp
        np.testing.assert_allclose(blur_by(sharp, np.full((64, 64), sigma, np.float32)), expected, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_drawn_blur_stays_within_the_maps_range(seed: int) -> None:
    sigma = draw_sigma(64, np.random.default_rng(seed))
    assert sigma.shape == (64, 64)
    assert sigma.min() >= 0
    assert sigma.max() <= 7


def test_pairs_depend_on_seed_and_step_alone_and_their_maps_give_sigma_back(data: Path) -> None:
    targets = [files["target"] for files in DualPixelFolder.open(data).files]
    source = PairSource(targets, 64, batch=2, seed=1)
    batch = source(7, 0, 1)
    assert torch.equal(batch["image"], source(7, 0, 1)["image"])
    assert not torch.equal(batch["image"], source(8, 0, 1)["image"])
    sigma = sigma_from_map(batch["map"])
    assert batch["map"].shape == (2, 1, 64, 64)
    assert 0 <= float(sigma.min()) <= float(sigma.max()) <= 7


def test_dpdnets_loss_is_the_mean_squared_error_of_what_the_right_views_give() -> None:
    torch.manual_seed(0)
    batch = {name: torch.rand(2, 3, 32, 32) for name in VIEWS}
    for dual in (False, True):
        network = DPDNet(DPDNetShape(dual=dual, width=4)).eval()
        fed = torch.cat([batch["left"], batch["right"]], dim=1) if dual else batch["image"]
        expected = (network(fed) - batch["target"]).square().mean()
        torch.testing.assert_close(TrainedDPDNet(network)(batch), {"deblur": expected})


def test_dmenets_losses_are_those_of_the_map_and_of_the_auxiliary_maps() -> None:
    torch.manual_seed(0)
    network = DMENet(DMENetShape(4)).eval()
    image, truth = torch.rand(2, 3, 32, 32), torch.rand(2, 1, 32, 32)
    final, *auxiliary = network(image)
    steps = [32 // one.shape[-1] for one in auxiliary]
    expected = {
        "map": (final - truth).square().mean(),
        "auxiliary": sum(
            (one - truth[..., ::step, ::step]).square().mean() for one, step in zip(auxiliary, steps, strict=True)
        ),
    }
    assert steps == [16, 8, 4, 2, 1]
    torch.testing.assert_close(TrainedDMENet(network)({"image": image, "map": truth}), expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dpdnet-s-w16", "dpdnet-d-w16", "dmenet-w16"])
def test_the_command_trains_and_its_weights_run_as_the_method(data: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / "run"
    command = ["train-baseline", "--method", name, "--data", str(data), "--out", str(out), "--steps", "3", "--batch",
               "2", "--crop", "64", "--learning-rate", "1e-3", "--ema", "0.5", "--validate-every", "3"]  # fmt: skip
    assert CliRunner().invoke(app, command).exit_code == 0
    card = read_card(out / "best.safetensors")
    assert (card["method"], card["steps"], card["recipe"]["optimiser"]) == (name, 3, "adam")
    json.dumps(card, allow_nan=False)
    method = registry.method(name).load(str(out / "best.safetensors"))
    image = torch.rand(3, 64, 64)
    assert method.deblur(Sample("a", image, image, image), Context()).image.shape == image.shape


@pytest.mark.slow
def test_without_a_split_to_validate_on_the_averaged_weights_are_kept_all_the_same(data: Path, tmp_path: Path) -> None:
    for pattern in VIEWS.values():
        place = tmp_path / "data" / pattern.format(split="train")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(data / pattern.format(split="train"))
    paper = chosen_settings("dpdnet-s-w16")
    run = train(tmp_path / "data", tmp_path / "run", Settings(paper.name, replace(paper.recipe, steps=1, batch=1), 64))
    assert run.run()
    card = read_card(tmp_path / "run" / "averaged.safetensors")
    assert (card["steps"], card["validation"]) == (1, {})
    assert not (tmp_path / "run" / "best.safetensors").exists()


@pytest.mark.slow
def test_a_run_left_and_taken_up_again_equals_one_run_to_the_bit(data: Path, tmp_path: Path) -> None:
    paper = chosen_settings("dpdnet-s-w16")
    short = Settings(paper.name, replace(paper.recipe, steps=4, batch=1), 64)
    whole = train(data, tmp_path / "whole", short, validate_every=100)
    assert whole.run()
    first = train(data, tmp_path / "halves", short, validate_every=100)

    def stop_at_two(progress: Progress) -> None:
        if progress.step == 2:
            signal.raise_signal(signal.SIGTERM)

    assert not first.run(stop_at_two)
    second = train(data, tmp_path / "halves", short, validate_every=100)
    assert second.step == 2
    assert second.run()
    for one, other in zip(whole.module.parameters(), second.module.parameters(), strict=True):
        assert torch.equal(one, other)


def test_without_steps_dpdnet_trains_200_epochs_halving_every_60(data: Path, tmp_path: Path) -> None:
    paper = chosen_settings("dpdnet-s-w16")
    trainer = train(data, tmp_path, Settings(paper.name, paper.recipe, 64))
    source = trainer.batches
    assert isinstance(source, GridSource)
    recipe = trainer.recipe
    assert recipe.steps == 200 * source.steps_an_epoch
    assert recipe.milestones == tuple(epoch * source.steps_an_epoch for epoch in (60, 120, 180))


def test_bad_settings_are_one_sentence(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ifan is not trained by this command"):
        chosen_settings("ifan")
    paper = chosen_settings("dpdnet-s-w16")
    with pytest.raises(InputError, match="multiple of 16"):
        train(data, tmp_path, Settings(paper.name, paper.recipe, 72))
    with pytest.raises(InputError, match="smaller --crop"):
        train(data, tmp_path, Settings(paper.name, paper.recipe, 512))


@pytest.mark.parametrize("name", ["dpdnet-s-w16", "dmenet-w16"])
def test_a_run_is_continued_only_with_the_crop_and_start_it_was_begun_with(
    data: Path, tmp_path: Path, name: str
) -> None:
    short = chosen_settings(name, 64, {"steps": 3, "batch": 1})
    train(data, tmp_path / "run", short).save()
    assert train(data, tmp_path / "run", short).resume()
    with pytest.raises(InputError, match="trained with another crop;"):
        train(data, tmp_path / "run", replace(short, crop=80))
    started = train(data, tmp_path / "first", replace(short, recipe=replace(short.recipe, steps=1)))
    assert started.run()
    weights = tmp_path / "first" / "averaged.safetensors"
    again = train(data, tmp_path / "second", short, start=weights)
    found, wanted = (one.module.state_dict() for one in (again, started))
    averaged = read_safetensors(weights)[0]
    assert all(torch.equal(found[f"network.{key}"], value) for key, value in averaged.items())
    assert found.keys() == wanted.keys()
    with pytest.raises(InputError, match="trained with another start;"):
        train(data, tmp_path / "run", short, start=weights)
