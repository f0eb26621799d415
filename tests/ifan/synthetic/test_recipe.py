"""`ifan train --recipe synthetic`: it trains, validates by band, continues, and refuses what it decides itself."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from benchmark.training.validation import AVERAGED
from benchmark.weight_files import read_card
from ifan.checkpoints import read_weights
from ifan.cli.app import app
from ifan.synthetic.recipe import CPU, CUDA, KEPT, Plan, prepare, read_sources, validation_groups
from ifan.synthetic.validation import BANDS, Group, gains
from ifan.variants import PACKAGED, VARIANTS
from ifan.weights import load_network
from realdof.common.errors import InputError


@pytest.mark.slow
def test_twenty_steps_train_and_leave_averaged_weights_and_their_card(photographs: Path, tmp_path: Path) -> None:
    words = ["train", "--recipe", "synthetic", "--photographs", str(photographs), "--out", str(tmp_path / "run"),
             "--steps", "20", "--batch", "1", "--crop", "64", "--device", "cpu",
             "--warmup", "0", "--ema", "0.5"]  # fmt: skip
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    averaged = tmp_path / "run" / "averaged.safetensors"
    card = read_card(averaged)
    assert card["steps"] == 20
    assert card["loss"] == CPU.loss
    assert card["patches"]["crop"] == 64
    start = read_weights(PACKAGED / "ifan-synthetic.safetensors").state
    trained = read_weights(averaged).state
    change = max(float((trained[name] - start[name]).abs().max()) for name in start)
    # Twenty steps: the weights moved, and not far.
    assert 1e-4 < change < 0.05


@pytest.mark.slow
def test_a_training_with_soft_scenes_says_so_in_its_card_and_is_not_continued_without_them(
    photographs: Path, tmp_path: Path
) -> None:
    words = ["train", "--recipe", "synthetic", "--photographs", str(photographs), "--out", str(tmp_path / "run"),
             "--steps", "1", "--batch", "1", "--crop", "64", "--device", "cpu", "--loss", "mixed"]  # fmt: skip
    result = CliRunner().invoke(app, [*words, "--soft", "1"])
    assert result.exit_code == 0, result.output
    card = read_card(tmp_path / "run" / "averaged.safetensors")
    assert card["loss"] == "mixed"
    assert card["patches"]["soft_sources"]["share"] == 1
    again = CliRunner().invoke(app, words)
    assert isinstance(again.exception, InputError)
    assert "soft" in str(again.exception)


@pytest.mark.slow
def test_the_training_of_ifan_dual_ends_with_the_stage_that_keeps_blur_without_disparity(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ifan.synthetic.recipe.KEEPING_STEPS", 2)
    words = ["train", "--recipe", "synthetic", "--variant", "ifan-dual", "--photographs", str(photographs),
             "--out", str(tmp_path / "run"), "--steps", "1", "--batch", "1", "--crop", "64", "--device", "cpu",
             "--warmup", "0", "--ema", "0.5"]  # fmt: skip
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    first, last = (tmp_path / "run" / name / "averaged.safetensors" for name in ("", "keeping"))
    assert read_card(first)["patches"]["kept"] == 0
    assert read_card(last)["patches"]["kept"] == KEPT
    assert read_card(last)["steps"] == 2
    begun, ended = read_weights(first).state, read_weights(last).state
    assert 0 < max(float((ended[name] - begun[name]).abs().max()) for name in begun) < 0.01
    # The same command again finds nothing left to do.
    contents = last.read_bytes()
    assert CliRunner().invoke(app, words).exit_code == 0
    assert last.read_bytes() == contents


@pytest.mark.slow
def test_a_run_that_is_continued_gives_the_weights_of_one_that_was_not(photographs: Path, tmp_path: Path) -> None:
    def run(folder: Path, stop: int | None) -> dict[str, torch.Tensor]:
        from dataclasses import replace

        plan = replace(CPU, batch=1, crop=64, steps=4, tiles=8, leaves=0)
        sources = read_sources(photographs, plan, torch.device("cpu"))
        trainer = prepare(VARIANTS["ifan"], folder, plan, sources, {}, save_every=1)

        def halt(progress: object) -> None:
            if trainer.step == stop:
                raise KeyboardInterrupt

        if stop is None:
            trainer.run()
        else:
            with pytest.raises(KeyboardInterrupt):
                trainer.run(halt)
        return {name: value.clone() for name, value in trainer.averaged.module.state_dict().items()}

    whole = run(tmp_path / "whole", None)
    run(tmp_path / "parts", 2)
    for name, value in run(tmp_path / "parts", None).items():
        assert torch.equal(value, whole[name]), name


def test_validation_patches_of_each_band_are_as_far_out_of_focus_as_it_says(photographs: Path, tmp_path: Path) -> None:
    from ifan.synthetic import recipe

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe, "VALIDATION_PATCHES", 4)
        patch.setattr(recipe, "VALIDATION_CROP", 128)
        groups = validation_groups(photographs, CPU)
        again = validation_groups(photographs, CUDA)
    assert list(groups) == list(BANDS)
    errors = []
    for name, group in groups.items():
        assert group.image.shape == (4, 3, 128, 128)
        assert torch.equal(group.image, again[name].image), "the same whatever trains"
        errors.append(float((group.image - group.target).square().mean()))
    assert errors[0] < 0.3 * errors[1]
    assert errors[1] < 0.8 * min(errors[2:])


def test_the_gain_of_a_network_is_its_psnr_less_that_of_the_input() -> None:
    network = load_network(VARIANTS["ifan"], read_weights(PACKAGED / "ifan-synthetic.safetensors"))
    random = torch.Generator().manual_seed(0)
    target = torch.rand(2, 3, 16, 16, generator=random)
    image = (target + 0.1 * torch.randn(2, 3, 16, 16, generator=random)).clamp(0, 1)
    found = gains(network, Group(image, image, image, target))
    with torch.no_grad():
        output = network(image).clamp(0, 1)
    before, after = ((one - target).square().mean(dim=(1, 2, 3)) for one in (image, output))
    torch.testing.assert_close(found, 10 * torch.log10(before / after), atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--schedule", "step"], "decides what --schedule says"),
        (["--reblurring-width", "8"], "decides what --reblurring-width says"),
    ],
)
def test_an_option_that_the_recipe_decides_is_refused(
    photographs: Path, tmp_path: Path, words: list[str], problem: str
) -> None:
    base = ["train", "--recipe", "synthetic", "--photographs", str(photographs), "--out", str(tmp_path / "run")]
    result = CliRunner().invoke(app, base + words)
    assert result.exit_code != 0
    assert isinstance(result.exception, InputError)
    assert problem in str(result.exception)


def test_photographs_are_asked_for_and_options_of_the_recipe_need_it(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["train", "--recipe", "synthetic", "--out", str(tmp_path)])
    assert isinstance(result.exception, InputError)
    assert "give a folder of them" in str(result.exception)
    for option in (["--seconds", "5"], ["--soft", "0.3"]):
        result = CliRunner().invoke(app, ["train", "--data", str(tmp_path), *option, "--out", str(tmp_path)])
        assert isinstance(result.exception, InputError)
        assert "belong to --recipe" in str(result.exception)


def test_a_crop_that_tiles_do_not_hold_is_refused(photographs: Path) -> None:
    from dataclasses import replace

    with pytest.raises(InputError, match="a multiple of 16, at most 256"):
        read_sources(photographs, replace(CPU, crop=272), torch.device("cpu"))


def test_scenes_with_depth_beside_the_photographs_are_used(photographs: Path, tmp_path: Path) -> None:
    import numpy as np

    folder = tmp_path / "sources"
    shutil.copytree(photographs, folder)
    (folder / "rgbd").mkdir()
    np.savez(folder / "rgbd" / "0.npz", image=np.zeros((330, 340, 3), np.uint8), depth=np.ones((330, 340), np.float16))
    from dataclasses import replace

    sources = read_sources(folder, replace(CPU, tiles=4, leaves=0), torch.device("cpu"))
    assert sources.scenes is not None
    assert len(sources.scenes) == 1


@pytest.mark.parametrize(
    ("device", "options", "said"),
    [
        ("cpu", ["--precision", "tf32"], "trains in float32 or bfloat16; give one of them as --precision"),
        ("mps", [], "trains on cpu or cuda; give one of them as --device"),
    ],
)
def test_a_device_or_precision_that_the_recipe_has_no_plan_for_is_refused(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, options: list[str], said: str
) -> None:
    monkeypatch.setattr("ifan.cli.recipe.asked_accelerator", lambda word: device)
    words = ["train", "--recipe", "synthetic", "--photographs", str(photographs), "--out", str(tmp_path / "run")]
    result = CliRunner().invoke(app, [*words, *options])
    assert isinstance(result.exception, InputError)
    assert said in str(result.exception)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("variant", "folders"), [("ifan", ["run"]), ("ifan-dual", ["run", "run/keeping"])])
def test_ifan_is_trained_in_one_stage_and_ifan_dual_goes_on_from_its_first(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variant: str, folders: list[str]
) -> None:
    stages: list[tuple[Path, Plan, dict[str, Any]]] = []

    def prepared(which: object, folder: Path, plan: Plan, sources: object, groups: object, **more: Any) -> None:
        stages.append((folder, plan, more))

    monkeypatch.setattr(
        "ifan.cli.recipe.read_sources",
        lambda *words: SimpleNamespace(bank=SimpleNamespace(tiles=[], source=[]), scenes=None),
    )
    monkeypatch.setattr("ifan.cli.recipe.prepare", prepared)
    monkeypatch.setattr("ifan.cli.recipe.run_training", lambda trainer, title: None)
    words = [
        "train",
        "--recipe",
        "synthetic",
        "--variant",
        variant,
        "--photographs",
        str(photographs),
        "--device",
        "cpu",
    ]
    result = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "run"), "--steps", "7", "--save-every", "3"])
    assert result.exit_code == 0, result.output
    assert [folder for folder, _, _ in stages] == [tmp_path / name for name in folders]
    _, plan, more = stages[0]
    assert (plan.steps, plan.seconds) == (7, None)
    assert more == {"start": None, "seed": 0, "save_every": 3}
    for _, _, more in stages[1:]:
        assert more == {"start": tmp_path / "run" / AVERAGED, "seed": 1, "save_every": 3}
