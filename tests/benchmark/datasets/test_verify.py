"""`ifan-bench data verify` sees every pixel: damage, twins, and pairs that do not lie on each other."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from published_trees import bench, small_sets, texture, write_tree
from skimage.data import astronaut

from benchmark.datasets.verify.shift import FEWEST_TILES, pair_shift
from realdof.images.files import read_pixels, write_pixels

__all__ = ["bench", "small_sets"]
SIDE = 320


def photograph(seed: int = 0) -> np.ndarray:
    """Part of a photograph, another one for every seed."""
    return np.ascontiguousarray(astronaut()[40 * seed : 40 * seed + SIDE, 20 * seed : 20 * seed + SIDE])


def defocused(pixels: np.ndarray, radius: float) -> np.ndarray:
    """Blurred with a disc of a radius in px."""
    y, x = np.mgrid[-16:17, -16:17]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return cv2.filter2D(pixels, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)


def moved(pixels: np.ndarray, x: float, y: float) -> np.ndarray:
    """Moved right by x and down by y px."""
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
    return cv2.warpAffine(pixels, matrix, pixels.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Three pairs of photographs, defocused and aligned."""
    root = tmp_path / "pairs"
    for index in range(3):
        write_pixels(root / "target" / f"{index}.png", photograph(index))
        write_pixels(root / "source" / f"{index}.png", defocused(photograph(index), 1 + index))
    return root


@pytest.mark.parametrize("radius", [0.0, 2.0, 4.0])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (1.5, -0.75), (-13.0, 21.25)])
def test_a_pair_s_shift_is_measured_to_a_fifth_of_a_pixel_through_defocus(
    shift: tuple[float, float], radius: float
) -> None:
    found = pair_shift(photograph(), moved(defocused(photograph(), radius), *shift))
    assert found is not None
    assert found.tiles >= FEWEST_TILES
    assert np.hypot(found.x - shift[0], found.y - shift[1]) < 0.2 + found.error


@pytest.mark.parametrize("other", [texture(0, SIDE, SIDE, 8), np.full((SIDE, SIDE, 3), 77, np.uint8)])
def test_no_shift_is_made_up_for_other_or_empty_images(other: np.ndarray) -> None:
    assert pair_shift(photograph(), other) is None


def test_a_good_set_has_no_findings(bench, pairs: Path) -> None:
    answer = bench("data", "verify", "folder", "--root", pairs)
    assert answer.status == 0
    assert "3 scenes decoded, 0 wrong, 0 doubtful" in answer.out


def test_a_shifted_pair_is_doubtful_and_told_with_its_shift(bench, pairs: Path, tmp_path: Path) -> None:
    source = pairs / "source" / "1.png"
    write_pixels(source, moved(read_pixels(source), 3, -2))
    answer = bench("data", "verify", "folder", "--root", pairs, "--out", tmp_path / "seen.csv")
    assert answer.status == 0, "a misaligned pair is doubtful, not wrong"
    assert "doubtful 1: the defocused image lies (+3.0" in answer.out
    rows = list(csv.DictReader((tmp_path / "seen.csv").read_text().splitlines()))
    assert [row["scene"] for row in rows] == ["0", "1", "2"]
    assert float(rows[1]["shift_x"]) == pytest.approx(3, abs=0.1)
    assert float(rows[1]["shift_y"]) == pytest.approx(-2, abs=0.1)
    assert [bool(row["findings"]) for row in rows] == [False, True, False]


def test_a_pair_of_two_scenes_cannot_be_told_aligned(bench, pairs: Path) -> None:
    write_pixels(pairs / "source" / "2.png", texture(5, SIDE, SIDE, 8))
    assert "too little is the same in both images" in bench("data", "verify", "folder", "--root", pairs).out


def _copy_source(pairs: Path) -> None:
    write_pixels(pairs / "source" / "2.tif", read_pixels(pairs / "source" / "0.png"))
    (pairs / "source" / "2.png").unlink()


def _source_is_target(pairs: Path) -> None:
    write_pixels(pairs / "source" / "2.png", read_pixels(pairs / "target" / "2.png"))


def _flip_a_byte(pairs: Path) -> None:
    path = pairs / "target" / "2.png"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_copy_source, "2.tif has the same pixels as"),
        (_source_is_target, "target/2.png has the same pixels as"),
        (_flip_a_byte, "target/2.png is truncated or damaged"),
    ],
)
def test_twins_and_damage_are_wrong_and_the_rest_is_still_checked(bench, pairs: Path, spoil, said: str) -> None:
    spoil(pairs)
    answer = bench("data", "verify", "folder", "--root", pairs)
    assert answer.status == 1
    assert said in answer.out
    assert "1 wrong" in answer.out


def test_one_truth_of_two_scenes_is_doubtful_only(bench, pairs: Path) -> None:
    write_pixels(pairs / "target" / "2.png", photograph(1))
    write_pixels(pairs / "source" / "2.png", defocused(photograph(1), 3))
    answer = bench("data", "verify", "folder", "--root", pairs)
    assert answer.status == 0
    assert "0 wrong, 1 doubtful" in answer.out


def test_a_missing_partner_is_refused_as_a_run_refuses_it(bench, pairs: Path) -> None:
    (pairs / "target" / "1.png").unlink()
    assert "has no partner named 1" in bench("data", "verify", "folder", "--root", pairs).refusal


@pytest.mark.usefixtures("small_sets")
@pytest.mark.parametrize("name", ["cuhk", "pixeldp"])
def test_a_set_without_ground_truth_has_no_shift_to_doubt(bench, name: str, tmp_path: Path) -> None:
    answer = bench("data", "verify", name, "--root", write_tree(name, tmp_path / "set"))
    assert answer.status == 0
    assert "3 scenes decoded, 0 wrong, 0 doubtful" in answer.out


@pytest.mark.usefixtures("small_sets")
def test_a_subset_is_verified_alone(bench, tmp_path: Path) -> None:
    (tmp_path / "indoor.txt").write_text("1P0A0917\n")
    root = write_tree("dpdd", tmp_path / "set")
    answer = bench("data", "verify", "dpdd", "--root", root, "--subset", tmp_path / "indoor.txt")
    assert "DPDD test, indoor: 1 scenes decoded" in answer.out
