"""Finding scenes in a folder, and saying in one sentence what is wrong with those that cannot be used."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from capture_files import (
    COLUMNS,
    fatal,
    listed,
    shot,
    write_scene,
    write_shot,
)

from realdof.captures.folder import find_scenes
from realdof.captures.scan import propose_scenes
from realdof.captures.scene import MEMBERS
from realdof.common.errors import InputError
from realdof.images.files import write_pixels


def test_scenes_come_in_the_order_of_their_names_and_other_files_are_ignored(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_scene(tmp_path / name)
    (tmp_path / "notes.txt").write_text("windy")
    (tmp_path / ".thumbnails").mkdir()
    (tmp_path / "a" / "truth.json").write_text("{}")
    (tmp_path / "a" / "target" / "A.xmp").write_text("<x/>")
    (tmp_path / "a" / "target" / "._A.ARW").write_text("")
    scenes, complaints = find_scenes(tmp_path)
    assert [scene.name for scene in scenes] == ["a", "b"]
    assert complaints == []


def test_files_from_lightroom_need_a_list_that_names_the_defocused_camera(tmp_path: Path) -> None:
    for kind, camera in MEMBERS:
        (tmp_path / "tree" / kind).mkdir(parents=True, exist_ok=True)
        write_pixels(tmp_path / "tree" / kind / f"{camera}.tiff", np.zeros((8, 8, 3), np.uint16))
    assert "A.tiff does not say its aperture" in fatal(tmp_path)
    manifest = tmp_path / "scenes.csv"
    files = ",".join(f"tree/{kind}/{camera}.tiff" for kind, camera in MEMBERS)
    manifest.write_text(f"scene,{','.join(COLUMNS)},defocused\ntree,{files},b\n")
    (scene,), (complaint,) = find_scenes(manifest)
    assert scene.defocused == "B"
    assert "does not say" not in str(complaint)
    assert "time, shutter time, aperture, focal length" in str(complaint)


def test_two_files_of_one_camera_and_files_of_a_third_one_are_refused(tmp_path: Path) -> None:
    write_scene(tmp_path / "tree")
    extra = tmp_path / "tree" / "target" / "A.dng"
    write_shot(extra, shot(("target", "A")))
    assert "are both of camera A" in fatal(tmp_path)
    extra.rename(extra.with_name("C.ARW"))
    assert "C.ARW is of neither camera" in fatal(tmp_path)


def test_two_scenes_of_one_name_are_both_left_out_and_the_others_are_still_found(tmp_path: Path) -> None:
    tree, wall = listed(tmp_path)
    (tmp_path / "scenes.json").write_text(json.dumps([tree, wall, tree]))
    (scene,), (complaint,) = find_scenes(tmp_path / "scenes.json")
    assert scene.name == "wall"
    assert complaint.fatal
    assert str(complaint) == "scene tree: 2 scenes are called that; give each a name of its own"


def test_scenes_whose_names_differ_in_capital_letters_only_are_each_complained_about(tmp_path: Path) -> None:
    tree, wall = listed(tmp_path)
    (tmp_path / "scenes.json").write_text(json.dumps([tree, wall, wall | {"scene": "Tree"}]))
    (scene,), complaints = find_scenes(tmp_path / "scenes.json")
    assert scene.name == "wall"
    assert [complaint.scene for complaint in complaints] == ["tree", "Tree"]
    assert all(complaint.fatal for complaint in complaints)
    assert "differs from Tree in capital letters only" in str(complaints[0])
    assert "differs from tree in capital letters only" in str(complaints[1])


def test_a_place_without_scenes_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no scenes"):
        find_scenes(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        find_scenes(tmp_path / "missing")


def test_an_unreadable_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        propose_scenes(tmp_path / os.devnull.strip("/"))


def test_one_cameras_shots_and_two_cameras_pairs_are_told_apart_and_name_the_option(tmp_path: Path) -> None:
    write_scene(tmp_path / "two" / "001")
    (tmp_path / "one" / "001").mkdir(parents=True)
    for name in ("wide", "narrow"):
        write_shot(tmp_path / "one" / "001" / f"{name}.ARW", shot(("target", "A")))
    with pytest.raises(InputError, match="001 holds a wide and a narrow shot, of one camera; give --rig single"):
        find_scenes(tmp_path / "one")
    with pytest.raises(InputError, match="a reference and a target pair, of two cameras; leave out --rig single"):
        find_scenes(tmp_path / "two", "single")
