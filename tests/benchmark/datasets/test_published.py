"""DPDD, CUHK and PixelDP in the layouts they are published in: paired, checked, run."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from published_trees import CLASSES, GAPS, SCENES, bench, small_sets, texture, write_tree

from benchmark import registry
from benchmark.datasets.published.dpdd import DPDD
from benchmark.running import task
from realdof.common.errors import InputError
from realdof.images.files import read_pixels, write_pixels

__all__ = ["bench", "small_sets"]


def prepare(name: str, root: Path) -> task.Task:
    return task.prepare(CLASSES[name](root), registry.protocol("ifan-cvpr21"), ("psnr",))


def constant(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 1000, np.uint16)


def write_whole_dpdd(root: Path, height: int = 1120, width: int = 1680) -> Path:
    """All 76 test scenes at full size, one picture linked under every name."""
    picture = root / "picture.png"
    write_pixels(picture, constant(height, width))
    for index in range(76):
        for view, kind, gap in (
            ("c", "source", 0),
            ("c", "target", GAPS[index % 3]),
            ("l", "source", 0),
            ("r", "source", 0),
        ):
            path = root / "DPDD" / f"test_{view}" / kind / f"1P0A{917 + 5 * index + gap:04d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.hardlink_to(picture)
    picture.unlink()
    return root


def test_the_whole_dpdd_test_set_passes_its_checks_and_one_picture_less_does_not(tmp_path: Path) -> None:
    root = write_whole_dpdd(tmp_path)
    assert len(prepare("dpdd", root).entries) == 76
    (root / "DPDD" / "test_c" / "source" / "1P0A0917.png").unlink()
    with pytest.raises(InputError, match="holds 75 images, DPDD test has 76"):
        DPDD(root).entries()


@pytest.mark.parametrize(("height", "width", "is_dpdd"), [(1680, 1120, True), (560, 840, False)])
def test_dpdd_is_1680x1120_either_way_up(tmp_path: Path, height: int, width: int, is_dpdd: bool) -> None:
    dataset = DPDD(write_whole_dpdd(tmp_path, height, width))
    if is_dpdd:
        assert len(task.prepare(dataset, registry.protocol("ifan-cvpr21"), ("psnr",)).entries) == 76
    else:
        with pytest.raises(InputError, match="840x560; its images are 1680x1120"):
            task.prepare(dataset, registry.protocol("ifan-cvpr21"), ("psnr",))


@pytest.mark.parametrize(
    ("name", "count"), [("dpdd", 76), ("dpdd-val", 74), ("dpdd-train", 350), ("cuhk", 704), ("pixeldp", 13)]
)
def test_published_counts(name: str, count: int) -> None:
    assert CLASSES[name].card.count == count


@pytest.mark.usefixtures("small_sets")
@pytest.mark.parametrize("name", ["dpdd", "dpdd-val", "dpdd-train"])
def test_dpdd_pairs_frames_whose_numbers_differ_and_brings_both_views(name: str, tmp_path: Path) -> None:
    root = write_tree(name, tmp_path)
    split = CLASSES[name].split  # type: ignore[attr-defined]
    for entry, gap in zip(prepare(name, root).entries, GAPS, strict=True):
        number = int(entry.name[-4:])
        assert entry.image == root / f"{split}_c" / "source" / f"1P0A{number:04d}.png"
        assert entry.target == root / f"{split}_c" / "target" / f"1P0A{number + gap:04d}.png"
        assert entry.left == root / f"{split}_l" / "source" / f"1P0A{number:04d}.png"
        assert entry.right == root / f"{split}_r" / "source" / f"1P0A{number:04d}.png"


@pytest.mark.usefixtures("small_sets")
def test_dpdd_without_views_is_a_single_image_data_set(tmp_path: Path) -> None:
    root = write_tree("dpdd", tmp_path)
    for view in "lr":
        shutil.rmtree(root / f"test_{view}")
    assert all(set(entry.files) == {"image", "target"} for entry in prepare("dpdd", root).entries)


def _lose_target(root: Path) -> None:
    (root / "test_c" / "target" / "1P0A0938.png").unlink()


def _renumber(root: Path) -> None:
    (root / "test_c" / "target" / "1P0A0938.png").rename(root / "test_c" / "target" / "1P0A0941.png")


def _lose_right(root: Path) -> None:
    shutil.rmtree(root / "test_r")


def _eight_bits(root: Path) -> None:
    write_pixels(root / "test_l" / "source" / "1P0A0937.png", texture(1, bits=8))


def _truncate(root: Path) -> None:
    path = root / "test_c" / "source" / "1P0A0937.png"
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.usefixtures("small_sets")
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_lose_target, "holds 3 images but"),
        (_renumber, "meets 1P0A0941.png"),
        (_lose_right, "there is no folder"),
        (_eight_bits, "is all 8-bit or all 16-bit"),
        (_truncate, "1P0A0937.png is truncated"),
    ],
)
def test_a_spoilt_dpdd_is_refused_in_one_sentence_before_anything_is_computed(
    bench, tmp_path: Path, spoil, said
) -> None:
    root = write_tree("dpdd", tmp_path / "DPDD")
    spoil(root)
    results = tmp_path / "results"
    answer = bench("run", "--method", "input", "--dataset", "dpdd", "--root", root, "--results", results)
    assert said in answer.refusal
    assert not results.exists()


@pytest.mark.usefixtures("small_sets")
def test_the_16_bit_copy_runs_under_both_depths_and_the_8_bit_copy_says_so(bench, tmp_path: Path) -> None:
    common = ("run", "--method", "input", "--dataset", "dpdd", "--metrics", "psnr", "--results", tmp_path / "results")
    sixteen, eight = (write_tree("dpdd", tmp_path / str(bits), bits=bits) for bits in (16, 8))
    assert bench(*common, "--root", sixteen).status == 0
    assert bench(*common, "--root", sixteen, "--protocol", "ifan-cvpr21-16bit").status == 0
    assert bench(*common, "--root", eight).status == 0
    assert "needs 16" in bench(*common, "--root", eight, "--protocol", "ifan-cvpr21-16bit").refusal


@pytest.mark.usefixtures("small_sets")
@pytest.mark.parametrize("name", ["cuhk", "pixeldp"])
def test_a_set_without_ground_truth_runs_for_pictures_and_time(bench, name: str, tmp_path: Path) -> None:
    root = write_tree(name, tmp_path / "set" / "around")
    results = tmp_path / "results"
    answer = bench("run", "--method", "input", "--dataset", name, "--root", root.parent, "--results", results)
    assert answer.status == 0, answer.err
    (run,) = (results / name / "input").iterdir()
    outputs = sorted((run / "outputs").iterdir())
    assert [path.stem for path in outputs] == [entry.name for entry in CLASSES[name](root).entries()]
    source = CLASSES[name](root).entries()[0].image
    np.testing.assert_array_equal(
        read_pixels(outputs[0]), (read_pixels(source) >> (8 if name == "pixeldp" else 0)).astype(np.uint16) * 257
    )
    again = bench("run", "--method", "input", "--dataset", name, "--root", root.parent, "--results", results)
    assert f"{SCENES} of {SCENES}" in again.out
    board = bench("leaderboard", "--dataset", name, "--results", results, "--format", "csv")
    row = next(csv.DictReader(board.out.splitlines()))
    assert [row[metric] for metric in ("psnr", "ssim", "mae", "lpips")] == [""] * 4
    assert float(row["time_s"]) > 0
    assert (float(row["n"]), float(row["total"])) == (SCENES, SCENES)
    assert bench("leaderboard", "--dataset", name, "--results", results).status == 0
    scored = bench("score", run, "--name", "mine", "--dataset", name, "--root", root.parent, "--results", results)
    assert scored.status == 0, scored.err
    assert f"{SCENES} of {SCENES}" in scored.out


@pytest.mark.usefixtures("small_sets")
def test_a_metric_asked_for_without_ground_truth_is_refused(bench, tmp_path: Path) -> None:
    root = write_tree("cuhk", tmp_path / "set")
    answer = bench(
        "run", "--method", "input", "--dataset", "cuhk", "--root", root, "--metrics", "psnr",
        "--results", tmp_path / "results",
    )  # fmt: skip
    assert "no all-in-focus images, so psnr cannot be measured" in answer.refusal


@pytest.mark.usefixtures("small_sets")
def test_a_subset_is_a_data_set_of_its_own(bench, tmp_path: Path) -> None:
    root = write_tree("dpdd", tmp_path / "set")
    indoor = tmp_path / "indoor.txt"
    indoor.write_text("# rooms\n1P0A0917.png\n1P0A0957  # a desk\n\n")
    results = tmp_path / "results"
    common = ("--dataset", "dpdd", "--root", root, "--metrics", "psnr", "--results", results)
    assert bench("run", "--method", "input", *common).status == 0
    assert "2 of 2" in bench("run", "--method", "input", *common, "--subset", indoor).out
    assert {path.name for path in results.iterdir() if path.is_dir()} == {"dpdd", "dpdd@indoor"}
    board = bench("leaderboard", "--dataset", "dpdd@indoor", "--results", results, "--format", "csv").out
    assert board.splitlines()[1].startswith("input,dpdd@indoor,ifan-cvpr21,measured,")


@pytest.mark.usefixtures("small_sets")
@pytest.mark.parametrize(
    ("text", "said"),
    [("1P0A0918\n", "no scene named 1P0A0918"), ("# nothing\n", "lists no scenes"), (None, "does not exist")],
)
def test_a_list_that_names_nothing_is_refused(bench, tmp_path: Path, text: str | None, said: str) -> None:
    root = write_tree("dpdd", tmp_path / "set")
    if text is not None:
        (tmp_path / "indoor.txt").write_text(text)
    answer = bench(
        "run", "--method", "input", "--dataset", "dpdd", "--root", root, "--subset", tmp_path / "indoor.txt",
        "--results", tmp_path / "results",
    )  # fmt: skip
    assert said in answer.refusal


@pytest.mark.parametrize("name", ["dpdd", "realdof", "cuhk", "pixeldp"])
def test_a_set_that_is_not_there_says_how_to_get_it(bench, name: str, tmp_path: Path) -> None:
    answer = bench("run", "--method", "input", "--dataset", name, "--results", tmp_path / "results")
    assert "fetch it with data get" in answer.refusal


@pytest.mark.parametrize("name", ["dpdd", "realdof", "cuhk", "pixeldp", "sample", "folder"])
def test_info_shows_every_card_without_the_data(bench, name: str) -> None:
    answer = bench("data", "info", name)
    assert answer.status == 0
    assert ("verified" in answer.out) == (name not in ("sample", "folder")), "what was not verified says so"
