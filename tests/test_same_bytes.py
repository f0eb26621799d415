"""The same command twice gives the same bytes: tables in every format, pages, data sets, weights, trainings."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from made_results import make_run, scattered
from typer import Typer
from typer.testing import CliRunner

from realdof.images.files import write_pixels


def app_of(name: str) -> Typer:
    from importlib import import_module

    app: Typer = import_module({"ifan-bench": "benchmark.commands.app", "ifan": "ifan.cli.app"}[name]).app
    return app


def said(app: str, *words: object) -> str:
    result = CliRunner().invoke(app_of(app), [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs with records of several scenes."""
    folder = tmp_path_factory.mktemp("results")
    for number, name in enumerate(("c", "a", "b")):
        make_run(folder, name, scattered(24.0 + number, 8, seed=number))
    return folder


LEADERBOARD = ("leaderboard", "--dataset", "dpdd")


@pytest.mark.parametrize("form", ["table", "csv", "markdown", "latex", "json"])
def test_a_leaderboard_is_the_same_bytes_in_every_format(form: str, results: Path, tmp_path: Path) -> None:
    options = ("--results", results, "--format", form)
    texts = [said("ifan-bench", *LEADERBOARD, *options, "--out", tmp_path / f"{n}") for n in range(2)]
    assert texts[0].replace(str(tmp_path / "0"), "") == texts[1].replace(str(tmp_path / "1"), "")
    assert texts[0]
    written = contents(tmp_path / "0")
    assert written == contents(tmp_path / "1")
    assert written, "nothing was written"


@pytest.mark.parametrize(
    "words",
    [
        ("leaderboard", "--across", "--results"), ("leaderboard", "--paper-table", "4", "--results"),
        ("compare", "a", "b", "--format", "json", "--results"), ("results", "export", "--results"),
        ("results", "show", "a", "--results"), ("published", "--dataset", "dpdd"),
    ],
)  # fmt: skip
def test_other_tables_are_the_same_bytes(words: tuple[str, ...], results: Path) -> None:
    given = (*words, *((results,) if words[-1] == "--results" else ()))
    first = said("ifan-bench", *given)
    assert first
    assert first == said("ifan-bench", *given)


@pytest.mark.slow
def test_a_report_is_the_same_bytes_in_another_folder_and_over_an_earlier_one(tmp_path: Path) -> None:
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 80, 3)).astype(np.uint8)
        write_pixels(tmp_path / "pairs" / "target" / f"{number}.png", pixels)
        write_pixels(tmp_path / "pairs" / "source" / f"{number}.png", np.roll(pixels, 1, axis=0))
    root = tmp_path / "pairs"
    said(
        "ifan-bench", "run", "--method", "input", "--dataset", "folder", "--root", root, "--results",
        tmp_path / "results", "--metrics", "psnr,mae",
    )  # fmt: skip
    said(
        "ifan-bench", "score", root / "source", "--name", "mine", "--dataset", "folder", "--root", root, "--results",
        tmp_path / "results", "--metrics", "psnr,mae",
    )  # fmt: skip
    # Outputs of a method that is not the input itself have pictures.
    (run,) = (tmp_path / "results").glob("*/mine/*")
    shutil.copytree(root / "source", run / "outputs")
    places = ("one", "two", "one")
    found = []
    for place in places:
        said("ifan-bench", "report", tmp_path / "results", "--out", tmp_path / place, "--root", f"folder={root}")
        found.append(contents(tmp_path / place))
    assert found[0] == found[1] == found[2]
    assert any(name.endswith(".webp") for name in found[0])


@pytest.mark.slow
def test_captures_simulated_and_built_twice_are_the_same_bytes(tmp_path: Path) -> None:
    from build_helpers import SIMULATION

    from realdof.pipeline import build_dataset
    from realdof.settings import Settings
    from realdof.simulation.simulate import simulate_scene

    for place in ("one", "two"):
        simulate_scene(tmp_path / f"captures-{place}" / "001", SIMULATION, 1, "textured")
        build_dataset(tmp_path / f"captures-{place}", tmp_path / f"built-{place}", Settings())
    assert contents(tmp_path / "captures-one") == contents(tmp_path / "captures-two")
    built = contents(tmp_path / "built-one")
    assert built == contents(tmp_path / "built-two")
    assert {"manifest.json", "source/001.png", "target/001.png"} <= built.keys()


@pytest.mark.slow
def test_a_training_with_a_seed_gives_the_same_weights_and_the_same_log(tmp_path: Path) -> None:
    from benchmark.datasets.dual_pixel import VIEWS
    from ifan.training.synthesis import Synthesis, render_scene

    draw = np.random.default_rng(0)
    photograph = np.kron(draw.integers(0, 256, (40, 40, 3)), np.ones((4, 4, 1))).astype(np.uint8)
    for split, count in (("train", 2), ("val", 1)):
        for index in range(count):
            scene = render_scene(photograph, Synthesis(size=96), (7, index))
            for name, view in VIEWS.items():
                write_pixels(tmp_path / "data" / view.format(split=split) / f"{index}.png", scene[name])
    trained = {}
    for place, seed in (("one", 3), ("two", 3), ("three", 4)):
        said(
            "ifan", "train", "--data", tmp_path / "data", "--out", tmp_path / place, "--variant", "ifan-n8", "--steps",
            "2", "--batch", "1", "--crop", "64", "--reblurring-width", "0", "--seed", seed,
        )  # fmt: skip
        state = torch.load(tmp_path / place / "last.pt", weights_only=True)
        files = {name: digest for name, digest in contents(tmp_path / place).items() if name.endswith(".safetensors")}
        trained[place] = (state["module"], files, (tmp_path / place / "log.csv").read_text(encoding="utf-8"))
    one, two, three = trained["one"], trained["two"], trained["three"]
    assert all(torch.equal(value, two[0][name]) for name, value in one[0].items())
    assert not all(torch.equal(value, three[0][name]) for name, value in one[0].items()), "the seed does nothing"
    assert one[2] == two[2]
    assert one[1] == two[1] != three[1]
    assert one[1]
