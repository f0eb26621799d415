"""Recipes: every one runs end to end on a stand-in for its script; a wrong one is refused in a sentence."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from standin_scripts import SCRIPTS, make_repository
from typer.testing import CliRunner

from baselines.command.program import ProgramError
from baselines.recipes.cards import recipe as family
from baselines.recipes.recipe import LIBRARY, read_recipe, recipe_names
from benchmark import registry
from benchmark.commands.app import app
from benchmark.loading import with_repository
from benchmark.method import Context, Method, Sample
from realdof.common.errors import InputError
from realdof.images.files import write_pixels


def samples(width: int, height: int) -> list[Sample]:
    """Three images of 8-bit values whose names sort otherwise than they come."""
    random = torch.Generator().manual_seed(0)
    images = [torch.randint(0, 256, (3, 3, height, width), generator=random) / 255 for _ in range(3)]
    names = ("b b", "a.1", "10")
    return [Sample(name, c, left=le, right=r) for name, (c, le, r) in zip(names, images, strict=True)]


def ready(name: str, repository: Path) -> Method:
    return with_repository(registry.method(f"recipe:{name}"), repository, sys.executable, 60).load()


def repository_of(name: str, folder: Path) -> Path:
    return make_repository(name, folder / "repository", [one.path for one in read_recipe(name).weights])


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_runs_end_to_end_on_a_stand_in_for_its_script(name: str, tmp_path: Path) -> None:
    repository = repository_of(name, tmp_path)
    before = sorted(path.relative_to(repository) for path in repository.rglob("*"))
    recipe = read_recipe(name)
    every = samples(*(recipe.size or (70, 67)))
    method = ready(name, repository)
    context = Context(upcoming=lambda: iter(every))
    for sample in every:
        wanted = 1 - (sample.left if recipe.inputs == "dual" and sample.left is not None else sample.image)
        torch.testing.assert_close(method.deblur(sample, context).image, wanted, rtol=0, atol=1e-6)
    assert sorted(path.relative_to(repository) for path in repository.rglob("*")) == before
    assert method.weights is not None
    assert recipe.weights[0].path in method.weights.label


def test_every_recipe_has_a_stand_in_and_its_file_the_name_of_the_method() -> None:
    assert set(SCRIPTS) == set(recipe_names())
    assert {read_recipe(name).name for name in recipe_names()} == set(recipe_names())


def test_a_recipe_runs_from_the_command_line_and_its_images_are_in_the_results(tmp_path: Path) -> None:
    for name in ("one", "two"):
        pixels = np.full((64, 80, 3), 100 if name == "one" else 30, np.uint8)
        write_pixels(tmp_path / "data" / "source" / f"{name}.png", pixels)
        write_pixels(tmp_path / "data" / "target" / f"{name}.png", 255 - pixels)
    words = ["run", "--method", "recipe:drbnet", "--repo", str(repository_of("drbnet", tmp_path))]
    words += ["--python", sys.executable, "--dataset", "folder", "--root", str(tmp_path / "data")]
    done = CliRunner().invoke(app, [*words, "--metrics", "psnr", "--results", str(tmp_path / "results")])
    assert done.exit_code == 0, done.output
    assert "inf" in done.output
    assert len(list((tmp_path / "results" / "folder" / "drbnet").glob("*/outputs/*.png"))) == 2


def test_images_in_the_repository_s_own_data_folder_are_not_run(tmp_path: Path) -> None:
    repository = repository_of("dpdnet-official", tmp_path)
    write_pixels(repository / "DPDNet/dd_dp_dataset_canon/test_c/source/0000.png", np.zeros((64, 64, 3), np.uint16))
    every = samples(64, 64)
    method = ready("dpdnet-official", repository)
    found = method.deblur(every[0], Context(upcoming=lambda: iter(every))).image
    assert every[0].left is not None
    torch.testing.assert_close(found, 1 - every[0].left)


def test_a_failing_script_fails_its_images_with_what_it_said(tmp_path: Path) -> None:
    repository = repository_of("drbnet", tmp_path)
    (repository / "run.py").write_text("raise SystemExit('no GPU here')")
    with pytest.raises(ProgramError, match="drbnet ended with exit status 1; it said: no GPU here"):
        ready("drbnet", repository).deblur(samples(64, 64)[0], Context())


def test_a_result_that_is_missing_is_named(tmp_path: Path) -> None:
    repository = repository_of("drbnet", tmp_path)
    (repository / "run.py").write_text("")
    with pytest.raises(ProgramError, match=r"wrote nothing at bench-results/.*0001\.png"):
        ready("drbnet", repository).deblur(samples(64, 64)[0], Context())


def test_weights_that_are_missing_are_named_with_how_to_get_them(tmp_path: Path) -> None:
    repository = repository_of("drbnet", tmp_path)
    (repository / "ckpts/single/single_image_defocus_deblurring.pth").unlink()
    with pytest.raises(InputError, match=r"needs ckpts/single/.*which is not there: run python download_ckpts\.py"):
        ready("drbnet", repository)


def test_another_size_than_the_script_takes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is 64x64; the script of kpac takes 1680x1120 alone"):
        ready("kpac", repository_of("kpac", tmp_path)).deblur(samples(64, 64)[0], Context())


def test_a_repository_of_another_version_is_told_from_its_edits(tmp_path: Path) -> None:
    repository = repository_of("nrknet", tmp_path)
    (repository / "config.py").write_text("")
    with pytest.raises(InputError, match=r"edits 'data_offset = ' in config\.py, .* 0 times; check out 3990c18"):
        ready("nrknet", repository).deblur(samples(64, 64)[0], Context())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--method", "recipe:drbnet"], "needs --repo PATH, a clone of https://github.com/lingyanruan/DRBNet"),
        (["--method", "recipe:drbnett"], "there is no recipe named drbnett; did you mean drbnet?"),
        (["--method", "recipe"], "name a recipe, as in --method recipe:"),
        (["--method", "input:drbnet"], "input is one method; leave out :drbnet"),
        (["--method", "input", "--repo", "."], "input runs without a repository"),
        (["--method", "input", "--python", "python3"], "--python belongs to --repo"),
        (["--method", "recipe:drbnet", "--repo", "nowhere"], "nowhere is no folder; get it with: git clone"),
        (["--method", "recipe:drbnet", "--repo", ".", "--python", "no-such"], "there is no program no-such"),
    ],
)
def test_options_that_do_not_fit_are_refused_in_a_sentence(words: list[str], said: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["run", *words, "--results", str(tmp_path)])
    assert isinstance(done.exception, InputError)
    assert said in str(done.exception)


GOOD = (LIBRARY / "drbnet.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("multiple = 16", "multiple = 0", "multiple: input should be greater than or equal to 1, found 0"),
        ("multiple = 16", "multipel = 16", "multipel: there is no such field, did you mean multiple?"),
        ("bench-data/test_c/source", "../out", "layout.input: .*without empty parts, . and"),
        ("bench-data/test_c/source", "/etc", "layout.input: .*path inside the repository"),
        ("{number:04}.png\"\ntarget", "{number.__class__}.png\"\ntarget", "layout.input: .* is no place"),
        ("{number:04}.png\"\ntarget", "{number:999999999}.png\"\ntarget", "layout.input: .*number of digits"),
        ("{number:04}.png\"\ntarget", "all.png\"\ntarget", "layout.input: .*name the image's"),
        ("{folder}/bench-data", "{home}/bench-data", "run.* is no place; there are {folder}, {python}"),
        ("ckpts/single/", ".git/", "weights.0.path: .*inside the repository"),
        ('inputs = "single"', 'inputs = "dual"', "needs layout.left and layout.right"),
        ('name = "drbnet"', 'name = "../drbnet"', "name: .*cannot be a name"),
        ('commit = "bd6', 'commit = "master', "commit: string should match"),
        ("[layout]", "[layout", "is no TOML"),
    ],
)  # fmt: skip
def test_a_wrong_recipe_is_refused_with_the_path_of_its_field(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in GOOD
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=said) as caught:
        registry.method(f"recipe:{path}")
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_recipe_of_the_user_s_own_file_runs(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace('name = "drbnet"', 'name = "mine"'), encoding="utf-8")
    every = samples(64, 64)
    method = with_repository(family.member(str(path)), repository_of("drbnet", tmp_path), sys.executable, 60).load()
    torch.testing.assert_close(method.deblur(every[1], Context()).image, 1 - every[1].image)
