"""Lists of scenes in CSV and JSON: read, written, and refused in one sentence."""

import json
from pathlib import Path

import pytest
from capture_files import (
    fatal,
    listed,
)

from realdof.captures.folder import find_scenes
from realdof.captures.scene import MEMBERS
from realdof.captures.scene_list import write_scene_list
from realdof.common.errors import InputError


def test_json_and_csv_lists_name_the_same_scenes_as_the_folder(tmp_path: Path) -> None:
    rows = list(listed(tmp_path))
    (tmp_path / "scenes.json").write_text(json.dumps(rows))
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    # Spreadsheets write a byte-order mark.
    (tmp_path / "scenes.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    found = find_scenes(tmp_path / "shots")
    assert len(found[0]) == 2
    assert find_scenes(tmp_path / "scenes.json") == found
    assert find_scenes(tmp_path / "scenes.csv") == found


def test_a_written_list_names_the_same_scenes_again(tmp_path: Path) -> None:
    list(listed(tmp_path))
    found = find_scenes(tmp_path / "shots")
    write_scene_list(tmp_path / "lists" / "scenes.csv", found[0])
    again, complaints = find_scenes(tmp_path / "lists" / "scenes.csv")
    assert complaints == []
    for scene, same in zip(found[0], again, strict=True):
        assert (scene.name, scene.defocused) == (same.name, same.defocused)
        for member in MEMBERS:
            assert same.captures[member].path.samefile(scene.captures[member].path)


def test_a_list_that_gives_the_all_in_focus_image_as_the_defocused_one_is_refused(tmp_path: Path) -> None:
    tree, _ = listed(tmp_path)
    (tmp_path / "scenes.json").write_text(json.dumps([tree | {"defocused": "B"}]))
    assert "B.ARW is given as the defocused image, but it has F16 and A.ARW has F1.8" in fatal(tmp_path / "scenes.json")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("scenes.json", "{", "no JSON file"),
        ("scenes.json", "[" * 100_000, "no JSON file"),
        ("scenes.json", '{"scene": "tree"}', "no list of scenes"),
        ("scenes.json", "[]", "names no scene"),
        ("scenes.json", '[{"scene": 3}]', "row 1: no proper scene"),
        ("scenes.json", '[{"scene": "tree", "target": "x"}]', "unknown column 'target'"),
        ("scenes.csv", "scene\n,\n", "row 1: "),
        ("scenes.csv", "scene,defocused\ntree,C\n", "defocused is 'C'"),
        ("scenes.txt", "", "neither a folder of scenes nor a list"),
    ],
)
def test_a_list_that_cannot_be_understood_is_one_sentence(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=words):
        find_scenes(tmp_path / name)
