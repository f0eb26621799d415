"""A scene is put together from its files, or one sentence says why it cannot be."""

import json
from pathlib import Path

import pytest
from capture_files import (
    fatal,
    listed,
    shot,
    write_scene,
    write_shot,
)

from realdof.captures.folder import find_scenes
from realdof.captures.scene import MEMBERS, Member


@pytest.mark.parametrize("defocused", ["A", "B"])
def test_the_camera_with_the_wide_aperture_is_the_defocused_one(tmp_path: Path, defocused: str) -> None:
    write_scene(tmp_path / "tree", defocused=defocused)
    (scene,), complaints = find_scenes(tmp_path)
    assert complaints == []
    assert (scene.name, scene.defocused) == ("tree", defocused)
    assert scene.target.of(scene.defocused).exif.f_number == 1.8
    assert scene.target.of(scene.sharp).exif.f_number == 16
    assert scene.captures["reference", "B"].path == tmp_path / "tree" / "reference" / "B.ARW"
    assert scene.reference.a.size == (22, 24)


@pytest.mark.parametrize("member", MEMBERS)
def test_a_scene_with_three_files_says_which_is_missing_and_the_others_are_still_found(
    tmp_path: Path, member: Member
) -> None:
    write_scene(tmp_path / "tree")
    write_scene(tmp_path / "wall")
    (tmp_path / "tree").joinpath(*member).with_suffix(".ARW").unlink()
    (scene,), (complaint,) = find_scenes(tmp_path)
    assert scene.name == "wall"
    assert complaint.fatal
    assert str(complaint).startswith(f"scene tree: {'/'.join(member)} missing")


def test_a_truncated_file_is_found_before_anything_is_developed(tmp_path: Path) -> None:
    write_scene(tmp_path / "tree")
    path = tmp_path / "tree" / "target" / "B.ARW"
    path.write_bytes(path.read_bytes()[:-100])
    assert f"scene tree: {path} is truncated" in fatal(tmp_path)


def test_pairs_of_different_raw_sizes_are_refused_with_both_sizes(tmp_path: Path) -> None:
    write_scene(tmp_path / "tree")
    write_shot(tmp_path / "tree" / "target" / "B.ARW", shot(("target", "B")), (26, 32))
    assert "B.ARW is 32x26 and" in fatal(tmp_path)


def test_a_target_pair_without_a_wide_aperture_is_refused(tmp_path: Path) -> None:
    write_scene(tmp_path / "tree", {("target", "A"): {"f_number": 16}})
    assert "one camera must be wide open" in fatal(tmp_path)


def test_one_file_in_two_places_of_a_scene_is_refused(tmp_path: Path) -> None:
    tree, _ = listed(tmp_path)
    (tmp_path / "scenes.json").write_text(json.dumps([tree | {"target_b": tree["reference_b"]}]))
    assert "is given as reference/B and as target/B" in fatal(tmp_path / "scenes.json")


@pytest.mark.parametrize("name", ["../tree", "a/b", ".hidden", "tree.", "tr\u00e9e", "a" * 200, "con:1"])
def test_a_scene_whose_name_is_no_portable_file_name_is_refused(tmp_path: Path, name: str) -> None:
    tree, _ = listed(tmp_path)
    (tmp_path / "scenes.json").write_text(json.dumps([tree | {"scene": name}]))
    assert "no portable file name" in fatal(tmp_path / "scenes.json")
