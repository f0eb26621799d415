"""Training data in DPDD's layout: the images of a scene belong together, whatever order a sort puts them in."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.datasets.dual_pixel import VIEWS, DualPixelFolder
from realdof.common.errors import InputError
from realdof.images.files import write_pixels


def make(root: Path, names: dict[str, list[str]]) -> Path:
    for view, files in names.items():
        for file in files:
            path = root / VIEWS[view].format(split="train") / f"{file}.png"
            write_pixels(path, np.full((8, 8, 3), len(file), np.uint8))
    return root


def names_of(folder: DualPixelFolder) -> list[dict[str, str]]:
    return [{view: path.stem for view, path in scene.items()} for scene in folder.files]


def test_equal_names_are_paired(tmp_path: Path) -> None:
    folder = DualPixelFolder.open(make(tmp_path, {view: ["b", "a"] for view in VIEWS}))
    assert names_of(folder) == [dict.fromkeys(VIEWS, "a"), dict.fromkeys(VIEWS, "b")]
    assert list(folder.files[0]) == ["image", "left", "right", "target"]


def test_dpdds_frame_numbers_may_differ_by_two(tmp_path: Path) -> None:
    views = {"image": ["1P0A1599", "1P0A1617"], "left": ["1P0A1599", "1P0A1617"], "right": ["1P0A1599", "1P0A1617"]}
    folder = DualPixelFolder.open(make(tmp_path, views | {"target": ["1P0A1600", "1P0A1615"]}))
    assert [scene["target"] for scene in names_of(folder)] == ["1P0A1600", "1P0A1615"]


@pytest.mark.parametrize("view", ["left", "right", "target"])
def test_a_view_that_was_renamed_or_lost_is_told_and_not_paired_with_its_neighbour(tmp_path: Path, view: str) -> None:
    names = {view: ["scene-010", "scene-020", "scene-030"] for view in VIEWS}
    make(tmp_path, names | {view: ["scene-010", "scene-030", "scene-040"]})
    with pytest.raises(InputError, match=r"scene-020\.png meets scene-030\.png of .*no partner of it"):
        DualPixelFolder.open(tmp_path)


def test_words_that_differ_are_no_partners(tmp_path: Path) -> None:
    make(tmp_path, {view: ["cat", "dog"] for view in VIEWS} | {"right": ["cat", "cow"]})
    with pytest.raises(InputError, match=r"dog\.png meets cow\.png"):
        DualPixelFolder.open(tmp_path)


def test_folders_of_different_length_are_told(tmp_path: Path) -> None:
    make(tmp_path, {view: ["1", "2"] for view in VIEWS} | {"left": ["1"]})
    with pytest.raises(InputError, match=r"holds 2 images but .* 1; each needs a partner"):
        DualPixelFolder.open(tmp_path)
