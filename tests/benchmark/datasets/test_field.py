"""The data sets of the field in the layouts they come in: read, grouped, run, and told when they are wrong."""

import json
from pathlib import Path

import numpy as np
import pytest
from field_trees import (
    COUNTS,
    FIELD,
    SIZE,
    WRITERS,
    pair,
    small_field,
    write_dual_pixel,
    write_lfdof,
    write_realdefocus,
    write_restormer,
    write_rtf,
)
from published_trees import bench

from benchmark import registry
from benchmark.datasets.published.dpdd import DPDD
from benchmark.datasets.published.lfdof import LFDOF
from benchmark.datasets.published.ntire21 import NTIRE21
from benchmark.datasets.published.realdefocus import RealDefocus
from benchmark.datasets.verify.verification import verify
from benchmark.running.task import prepare
from realdof.common.errors import InputError
from realdof.images.files import write_pixels

__all__ = ["bench", "small_field"]
small = pytest.mark.usefixtures("small_field")


@small
@pytest.mark.parametrize("name", sorted(FIELD))
def test_every_set_runs_input_end_to_end_under_the_protocol_of_its_papers(bench, name: str, tmp_path: Path) -> None:
    root = WRITERS[name](tmp_path / "set")
    run = ("run", "--method", "input", "--dataset", name, "--root", root, "--metrics", "psnr,ssim")
    answer = bench(*run, "--results", tmp_path / "results")
    assert answer.status == 0, answer.err
    assert f"protocol {registry.dataset(name).card.protocol}" in " ".join(answer.out.split())
    board = bench("leaderboard", "--dataset", name, "--results", tmp_path / "results")
    assert board.status == 0, board.err


@pytest.mark.parametrize(("name", "count"), [("lfdof", 725), ("rtf", 22), ("dpdd", 76), ("dpdd-native", 76)])
def test_the_published_counts_are_asked_for(name: str, count: int) -> None:
    assert FIELD[name].card.count == count


@pytest.mark.parametrize(
    ("name", "size"),
    [("lfdof", (688, 1008)), ("rtf", (360, 360)), ("sdd", (2160, 4096)), ("dpdd-native", (4480, 6720))],
)
def test_the_published_sizes_are_asked_for(name: str, size: tuple[int, int]) -> None:
    assert FIELD[name].size == size  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(FIELD))
def test_a_card_says_how_to_get_the_set_and_what_could_not_be_verified(name: str) -> None:
    card = FIELD[name].card
    assert card.archive or card.by_hand
    assert any("could" in note and ("not" in note or "Neither" in note) for note in card.notes)
    assert card.citation


@small
@pytest.mark.parametrize("flat", [False, True])
def test_lfdof_has_one_target_on_disk_for_all_images_of_a_scene(flat: bool, tmp_path: Path) -> None:
    entries = LFDOF(write_lfdof(tmp_path, flat=flat)).entries()
    assert len(entries) == COUNTS["lfdof"]
    assert len({entry.target for entry in entries}) == 2
    first = entries[0]
    assert (first.name, first.target_name) == ("IMG_1567_ap1_00", "IMG_1567")
    assert first.groups == {"scene": "IMG_1567", "aperture": "1", "focus": "00"}


@small
def test_realdefocus_swaps_the_roles_of_realbokeh_and_groups_by_f_stop(tmp_path: Path) -> None:
    entries = RealDefocus(write_realdefocus(tmp_path)).entries()
    assert [entry.name for entry in entries[:3]] == ["123_f10.0", "123_f2.0", "123_f2.8"]
    assert {entry.target.name for entry in entries if entry.target} == {"7_f22.JPG", "123_f22.JPG"}
    assert entries[0].groups == {"scene": "123", "f-stop": "f/10"}


@small
def test_a_shared_target_is_hashed_once_and_is_no_duplicate(tmp_path: Path) -> None:
    dataset = LFDOF(write_lfdof(tmp_path))
    steps: list[tuple[int, int]] = []
    dataset.identity(lambda done, total: steps.append((done, total)))
    assert steps[-1] == (14, 14), "12 images and 2 targets"
    assert not [finding for finding in verify(dataset).findings if "same pixels" in finding.sentence]


@small
def test_the_leaderboard_shows_scores_by_scene_and_by_f_stop(bench, tmp_path: Path) -> None:
    root, results = write_realdefocus(tmp_path / "set"), tmp_path / "results"
    run = ("run", "--method", "input", "--dataset", "realdefocus", "--root", root, "--metrics", "psnr")
    assert bench(*run, "--results", results).status == 0
    common = ("leaderboard", "--dataset", "realdefocus", "--results", results, "--format", "csv")
    lines = bench(*common, "--by", "f-stop").out.splitlines()
    cells = [line.split(",") for line in lines[1:]]
    assert [row[1:3] for row in cells] == [
        ["f/2", "2"], ["f/2.8", "2"], ["f/10", "2"], ["all images", "6"], ["mean of 3 groups", ""],
    ]  # fmt: skip
    stops = [float(row[3]) for row in cells]
    assert stops[0] < stops[1] < stops[2], "the narrower the aperture, the nearer the truth"
    assert stops[3] == pytest.approx(np.mean(stops[:3]), abs=0.01)
    assert [line.split(",")[1] for line in bench(*common, "--by", "scene").out.splitlines()[1:3]] == ["7", "123"]
    assert (results / "leaderboard-realdefocus-realdefocus-by-f-stop.csv").is_file()
    assert "its groups are f-stop, scene" in bench(*common, "--by", "aperture").refusal


@small
def test_dpdd_is_read_in_restormers_layout_with_its_indoor_labels(tmp_path: Path) -> None:
    entries = DPDD(write_restormer(tmp_path / "test" / "DPDD").parent.parent).entries()
    assert [entry.groups["place"] for entry in entries] == ["indoor", "outdoor", "indoor"]
    assert all(set(entry.files) == {"image", "left", "right", "target"} for entry in entries)


@small
@pytest.mark.parametrize("wrong", [np.array([1, 2]), np.array([1.5]), np.array([1, 4])])
def test_labels_that_do_not_name_every_scene_once_are_refused(wrong: np.ndarray, tmp_path: Path) -> None:
    root = write_restormer(tmp_path)
    np.save(root / "indoor_labels.npy", wrong)
    with pytest.raises(InputError, match="labels"):
        DPDD(root).entries()


@small
def test_labels_that_declare_more_numbers_than_the_file_holds_are_refused_before_reading(tmp_path: Path) -> None:
    root = write_restormer(tmp_path)
    header = b"{'descr': '<i8', 'fortran_order': False, 'shape': (1000000, 10000000), }"
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    (root / "indoor_labels.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(InputError, match=r"indoor_labels\.npy"):
        DPDD(root).entries()


def test_the_copy_of_dpdd_on_the_hub_is_named_by_its_count(tmp_path: Path) -> None:
    sharp = pair(0, bits=16)[0]
    for index in range(75):
        for folder in ("source", "target"):
            write_pixels(tmp_path / "test_c" / folder / f"{index:04d}.png", sharp)
    with pytest.raises(
        InputError, match=r"holds 75 images, DPDD test has 76 \(so many has the copy on the Hugging Face"
    ):
        DPDD(tmp_path).entries()


@small
def test_ntire21_runs_without_the_truth_that_its_organisers_keep(bench, tmp_path: Path) -> None:
    root = write_dual_pixel(tmp_path / "set", target=False)
    assert all(entry.target is None for entry in NTIRE21(root).entries())
    answer = bench("run", "--method", "input", "--dataset", "ntire21", "--root", root, "--results", tmp_path / "out")
    assert answer.status == 0, answer.err


@small
@pytest.mark.parametrize("name", sorted(FIELD))
def test_a_wrong_layout_is_named_with_what_was_found_and_what_is_right(bench, name: str, tmp_path: Path) -> None:
    write_pixels(tmp_path / "set" / "pictures" / "1.png", pair(0)[0])
    refusal = bench("run", "--method", "input", "--dataset", name, "--root", tmp_path / "set").refusal
    assert "it holds pictures/" in refusal
    right = {
        "lfdof": "test_data/input and test_data/ground_truth", "rtf": "image/0 and GT", "sdd": "test/blur and test/gt",
        "realdefocus": "test/metadata", "ntire21": "test_c/source", "dpdd": "nor inputC and target",
        "dpdd-native": "test_c/source and test_c/target",
    }  # fmt: skip
    assert right[name] in refusal


def _lose_truth(root: Path) -> None:
    (root / "test_data" / "ground_truth" / "IMG_2026.png").unlink()


def _lose_image(root: Path) -> None:
    (root / "test_data" / "input" / "IMG_2026" / "IMG_2026_ap3_01.png").unlink()


def _rename(root: Path) -> None:
    folder = root / "test_data" / "input" / "IMG_2026"
    (folder / "IMG_2026_ap3_01.png").rename(folder / "IMG_2026.png")


def _sixteen_bits(root: Path) -> None:
    write_pixels(root / "test_data" / "ground_truth" / "IMG_2026.png", pair(1, bits=16)[0])


def _other_size(root: Path) -> None:
    for path in root.rglob("IMG_2026*.png"):
        write_pixels(path, pair(1)[0][:, :88])


@small
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_lose_truth, "has no all-in-focus image named IMG_2026"),
        (_lose_image, "holds 11 images, LFDOF test has 12"),
        (_rename, "its images are named SCENE_apA_NN.png"),
        (_sixteen_bits, "has 16 bits a channel; the images of LFDOF test have 8"),
        (_other_size, f"is 88x{SIZE[0]}; its images are {SIZE[1]}x{SIZE[0]}"),
    ],
)
def test_a_spoilt_lfdof_is_refused_in_one_sentence(bench, spoil, said: str, tmp_path: Path) -> None:
    root = write_lfdof(tmp_path / "set")
    spoil(root)
    assert said in bench("run", "--method", "input", "--dataset", "lfdof", "--root", root).refusal


@small
def test_a_part_of_an_incomplete_set_runs_under_a_name_of_its_own(bench, tmp_path: Path) -> None:
    root = write_rtf(tmp_path / "set")
    (root / "image" / "0" / "image_03.png").unlink()
    (root / "GT" / "sharp_03.png").unlink()
    listed = tmp_path / "two.txt"
    listed.write_text("image_01\nimage_02\n")
    run = ("run", "--method", "input", "--dataset", "rtf", "--root", root, "--metrics", "psnr")
    assert "or run on what there is with --dataset folder or --subset" in bench(*run).refusal
    answer = bench(*run, "--subset", listed, "--results", tmp_path / "results")
    assert answer.status == 0, answer.err
    assert (tmp_path / "results" / "rtf@two").is_dir()


@small
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"target_avs": [2.0]}, "names 3 images but 1 f-stops"),
        ({"target_images": ["../../secret.png"], "target_avs": [2.0]}, "leads out of"),
        ({"target_images": ["gt/7/none.JPG"], "target_avs": [2.0]}, "none.JPG"),
        ({"source_image": 5}, "source_image"),
    ],
)
def test_wrong_metadata_of_realdefocus_is_one_sentence(bench, change: dict, said: str, tmp_path: Path) -> None:
    root = write_realdefocus(tmp_path / "set")
    path = root / "test" / "metadata" / "7.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert said in bench("run", "--method", "input", "--dataset", "realdefocus", "--root", root).refusal


def test_the_whole_lfdof_passes_its_checks_with_its_50_shared_targets(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    write_pixels(picture, np.full((688, 1008, 3), 90, np.uint8))
    folder = tmp_path / "LFDOF" / "test_data"
    # 725 images as in the published list, whose scenes have up to 15.
    for scene in range(50):
        names = [f"IMG_{scene:04d}_ap{at // 5 + 1}_{at % 5:02d}" for at in range(15 if scene < 45 else 10)]
        for path in [folder / "ground_truth" / f"IMG_{scene:04d}.png"] + [
            folder / "input" / f"IMG_{scene:04d}" / f"{name}.png" for name in names
        ]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.hardlink_to(picture)
    task = prepare(LFDOF(tmp_path), registry.protocol("drbnet"), ("psnr",))
    assert len(task.entries) == 725
    assert len({entry.target for entry in task.entries}) == 50
