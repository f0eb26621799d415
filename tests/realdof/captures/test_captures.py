"""Finding scenes, and saying in one sentence each what is wrong with those that the recipe cannot use."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from realdof.captures.folder import find_scenes, write_manifest
from realdof.captures.scan import propose_scenes
from realdof.captures.scene import MEMBERS, Member
from realdof.common.errors import InputError
from realdof.images.files import write_pixels
from realdof.raw.exif import Exif
from realdof.raw.write import write_arw

NOON = datetime(2020, 11, 14, 12)
SERIALS = {"A": "3374840", "B": "3374841"}
COLUMNS = ("reference_a", "reference_b", "target_a", "target_b")


def shot(member: Member, defocused: str = "A", minute: float = 0, **changes: Any) -> Exif:
    """What a camera writes: F16 unless it is the wide-open one, the target 20 s after the reference."""
    kind, camera = member
    wide = kind == "target" and camera == defocused
    seconds = 60 * minute + (20 if kind == "target" else 0) + (0.004 if camera == "B" else 0)
    exif = Exif(
        body_serial=SERIALS[camera],
        time=NOON + timedelta(seconds=seconds),
        time_step=0.001,
        exposure_time=1 / 125,
        f_number=1.8 if wide else 16,
        iso=100 if wide else 8000,
        focal_length=135,
    )
    return replace(exif, **changes)


def write_shot(path: Path, exif: Exif, shape: tuple[int, int] = (22, 24)) -> None:
    write_arw(path, np.full(shape, 600, np.uint16), exif, (2.0, 1.0, 1.5))


def write_scene(folder: Path, changes: dict[Member, dict[str, Any]] | None = None, **common: Any) -> None:
    for member in MEMBERS:
        exif = shot(member, **common)
        write_shot(folder.joinpath(*member).with_suffix(".ARW"), replace(exif, **(changes or {}).get(member, {})))


def fatal(folder: Path) -> str:
    """The one sentence that says why the only scene cannot be built."""
    scenes, complaints = find_scenes(folder)
    assert scenes == []
    (complaint,) = complaints
    assert complaint.fatal
    return str(complaint)


def doubt(folder: Path) -> str:
    """The one sentence that says what to doubt about the only scene."""
    scenes, complaints = find_scenes(folder)
    assert len(scenes) == 1
    (complaint,) = complaints
    assert not complaint.fatal
    return str(complaint)


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


def test_files_from_lightroom_need_a_manifest_that_names_the_defocused_camera(tmp_path: Path) -> None:
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


def test_two_files_of_one_camera_and_files_of_a_third_one_are_refused(tmp_path: Path) -> None:
    write_scene(tmp_path / "tree")
    extra = tmp_path / "tree" / "target" / "A.dng"
    write_shot(extra, shot(("target", "A")))
    assert "are both of camera A" in fatal(tmp_path)
    extra.rename(extra.with_name("C.ARW"))
    assert "C.ARW is of neither camera" in fatal(tmp_path)


def test_a_target_pair_without_a_wide_aperture_is_refused(tmp_path: Path) -> None:
    write_scene(tmp_path / "tree", {("target", "A"): {"f_number": 16}})
    assert "one camera must be wide open" in fatal(tmp_path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {("target", "B"): {"time": NOON + timedelta(seconds=22)}},
            "target pair's shutters opened 2 s apart",
        ),
        (
            {("target", "B"): {"time": NOON + timedelta(seconds=20.2)}},
            "0.004 s apart in the reference pair but 0.2",
        ),
        ({("target", "A"): {"exposure_time": 1 / 500}}, "1/500 s in A and 1/125 s in B"),
        ({("reference", "B"): {"focal_length": 85}}, "focal lengths of 85 and 135 mm"),
        ({("reference", "A"): {"f_number": 11}}, "reference pair has F11 in A and F16 in B"),
        (
            {("reference", "A"): {"f_number": 8}, ("reference", "B"): {"f_number": 8}},
            "camera B has F8 in the reference but F16",
        ),
        ({("target", "B"): {"body_serial": "77"}}, "camera B is body 3374841 in the reference pair but 77"),
        ({("target", "A"): {"time": None}}, "not every file says its time"),
    ],
)
def test_each_doubt_is_one_sentence_and_the_scene_is_still_found(
    tmp_path: Path, changes: dict[Member, dict[str, Any]], words: str
) -> None:
    write_scene(tmp_path / "tree", changes)
    assert words in doubt(tmp_path)


def test_a_shutter_slower_than_the_papers_limit_is_named_by_shot(tmp_path: Path) -> None:
    write_scene(tmp_path / "tree", exposure_time=1 / 60)
    _, complaints = find_scenes(tmp_path)
    assert [str(c) for c in complaints] == [
        f"scene tree: {kind}/{camera} was exposed for 1/60 s, slower than 1/125 s" for kind, camera in MEMBERS
    ]


def test_clocks_that_differ_are_no_fault_but_a_scene_that_differs_from_the_others_is(tmp_path: Path) -> None:
    for minute in range(4):
        late = timedelta(seconds=3 if minute == 2 else 0)
        changes = {
            (kind, "B"): {"time": shot((kind, "B"), minute=minute).time + timedelta(seconds=40) + late}
            for kind in ("reference", "target")
        }
        write_scene(tmp_path / f"{minute}", changes, minute=minute)
    scenes, complaints = find_scenes(tmp_path)
    assert len(scenes) == 4
    assert {c.scene for c in complaints} == {"2"}
    assert "where the clocks differ by 40 s" in str(complaints[0])


def test_a_clock_of_whole_seconds_is_not_trusted_further_than_that(tmp_path: Path) -> None:
    # The A7R IV writes no sub-seconds: between two shutters that open at once, one clock may tick.
    changes = {member: {"time_step": 1.0, "time": NOON} for member in MEMBERS}
    changes["target", "B"]["time"] = NOON + timedelta(seconds=1)
    write_scene(tmp_path / "tree", changes)
    assert find_scenes(tmp_path)[1] == []


def manifest_rows(folder: Path) -> Iterator[dict[str, str]]:
    for name in ("tree", "wall"):
        write_scene(folder / "shots" / name)
        files = (f"shots/{name}/{kind}/{camera}.ARW" for kind, camera in MEMBERS)
        yield {"scene": name, **dict(zip(COLUMNS, files, strict=True))}


def test_json_and_csv_manifests_name_the_same_scenes_as_the_folder(tmp_path: Path) -> None:
    rows = list(manifest_rows(tmp_path))
    (tmp_path / "scenes.json").write_text(json.dumps(rows))
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    # Spreadsheets write a byte-order mark.
    (tmp_path / "scenes.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    found = find_scenes(tmp_path / "shots")
    assert len(found[0]) == 2
    assert find_scenes(tmp_path / "scenes.json") == found
    assert find_scenes(tmp_path / "scenes.csv") == found


def test_a_written_manifest_names_the_same_scenes_again(tmp_path: Path) -> None:
    list(manifest_rows(tmp_path))
    found = find_scenes(tmp_path / "shots")
    write_manifest(tmp_path / "lists" / "scenes.csv", found[0])
    again, complaints = find_scenes(tmp_path / "lists" / "scenes.csv")
    assert complaints == []
    for scene, same in zip(found[0], again, strict=True):
        assert (scene.name, scene.defocused) == (same.name, same.defocused)
        for member in MEMBERS:
            assert same.captures[member].path.samefile(scene.captures[member].path)


def test_a_manifest_that_swaps_the_cameras_is_refused_by_the_apertures(tmp_path: Path) -> None:
    tree, _ = manifest_rows(tmp_path)
    (tmp_path / "scenes.json").write_text(json.dumps([tree | {"defocused": "B"}]))
    sentence = fatal(tmp_path / "scenes.json")
    assert "camera B is named as defocused, but" in sentence
    assert "target/B.ARW has F16 and" in sentence
    assert sentence.endswith("target/A.ARW F1.8; name camera A, or none")


def test_two_scenes_of_one_name_are_both_left_out_and_the_others_are_still_found(tmp_path: Path) -> None:
    tree, wall = manifest_rows(tmp_path)
    (tmp_path / "scenes.json").write_text(json.dumps([tree, wall, wall | {"scene": "Tree"}]))
    (scene,), (complaint,) = find_scenes(tmp_path / "scenes.json")
    assert scene.name == "wall"
    assert complaint.fatal
    assert str(complaint) == "scene tree: 2 scenes are called that; give each a name of its own"


def test_one_file_in_two_places_of_a_scene_is_refused(tmp_path: Path) -> None:
    tree, _ = manifest_rows(tmp_path)
    (tmp_path / "scenes.json").write_text(json.dumps([tree | {"target_b": tree["reference_b"]}]))
    assert "is given as reference/B and as target/B" in fatal(tmp_path / "scenes.json")


@pytest.mark.parametrize("name", ["../tree", "a/b", ".hidden", "tree.", "tr\u00e9e", "a" * 200, "con:1"])
def test_a_scene_whose_name_is_no_portable_file_name_is_refused(tmp_path: Path, name: str) -> None:
    tree, _ = manifest_rows(tmp_path)
    (tmp_path / "scenes.json").write_text(json.dumps([tree | {"scene": name}]))
    assert "no portable file name" in fatal(tmp_path / "scenes.json")


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
        ("scenes.txt", "", "neither a folder of scenes nor a manifest"),
    ],
)
def test_a_manifest_that_cannot_be_understood_is_one_sentence(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=words):
        find_scenes(tmp_path / name)


@pytest.mark.parametrize("place", [".", "100MSDCF"])
def test_loose_shots_are_sent_to_scan(tmp_path: Path, place: str) -> None:
    write_shot(tmp_path / "card" / place / "DSC001.ARW", shot(("target", "A")))
    with pytest.raises(InputError) as caught:
        find_scenes(tmp_path / "card")
    folder = (tmp_path / "card" / place).resolve()
    assert f"{folder} holds loose shots, not sorted into scenes" in str(caught.value)
    assert f"realdof scan {folder} --manifest scenes.csv" in str(caught.value)


def test_a_place_without_scenes_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no scenes"):
        find_scenes(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        find_scenes(tmp_path / "missing")


def write_loose(folder: Path, name: str, exif: Exif) -> None:
    write_shot(folder / f"{name}.ARW", exif)


def write_session(folder: Path, scenes: int, clock: float = 0.0) -> None:
    """Loose shots of several scenes, numbered by each camera on its own."""
    for minute in range(scenes):
        for number, (kind, camera) in enumerate(MEMBERS):
            exif = shot((kind, camera), defocused="AB"[minute % 2], minute=minute)
            assert exif.time is not None
            late = timedelta(seconds=clock if camera == "B" else 0)
            write_loose(folder, f"{camera}_{2 * minute + number // 2:04d}", replace(exif, time=exif.time + late))


@pytest.mark.parametrize("clock", [0.0, -31.5, 3600.0])
def test_a_folder_of_loose_shots_is_sorted_into_scenes_whatever_the_clocks_differ_by(
    tmp_path: Path, clock: float
) -> None:
    write_session(tmp_path, 4, clock)
    scenes, complaints = propose_scenes(tmp_path)
    assert complaints == []
    assert [scene.name for scene in scenes] == ["001", "002", "003", "004"]
    for number, scene in enumerate(scenes):
        files = [scene.captures[member].path.stem for member in MEMBERS]
        first, second = 2 * number, 2 * number + 1
        assert files == [f"A_{first:04d}", f"B_{first:04d}", f"A_{second:04d}", f"B_{second:04d}"]
        assert scene.defocused == "AB"[number % 2]


def test_a_proposal_says_which_shots_are_left_over_and_keeps_the_other_scenes(tmp_path: Path) -> None:
    write_session(tmp_path, 4)
    (tmp_path / "B_0002.ARW").unlink()
    scenes, complaints = propose_scenes(tmp_path)
    assert [scene.name for scene in scenes] == ["001", "002", "003"]
    assert all(c.fatal for c in complaints)
    assert [str(c) for c in complaints] == [
        f"{tmp_path / 'A_0002.ARW'} has no shot of the other camera at its time",
        "A_0003.ARW and B_0003.ARW are a target pair without a reference pair near it in time",
    ]


def test_a_proposal_complains_about_shots_that_say_too_little(tmp_path: Path) -> None:
    write_session(tmp_path, 2)
    write_loose(tmp_path, "Z", Exif(time=NOON, time_step=1.0))
    scenes, (complaint,) = propose_scenes(tmp_path)
    assert len(scenes) == 2
    assert "does not say its aperture, serial number of the body" in str(complaint)


def test_a_proposal_passes_on_the_doubts_about_its_scenes(tmp_path: Path) -> None:
    for number, member in enumerate(MEMBERS):
        write_loose(tmp_path, f"{number}", shot(member, exposure_time=1 / 30))
    (scene,), complaints = propose_scenes(tmp_path)
    assert scene.name == "001"
    assert all("slower than 1/125 s" in str(c) for c in complaints)
    assert len(complaints) == 4


def test_a_proposal_needs_exactly_two_bodies(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no raw files"):
        propose_scenes(tmp_path)
    write_loose(tmp_path, "1", shot(("target", "A")))
    with pytest.raises(InputError, match=r"1 camera bodies \(3374840\)"):
        propose_scenes(tmp_path)
    write_loose(tmp_path, "2", shot(("target", "A"), body_serial="5"))
    write_loose(tmp_path, "3", shot(("target", "A"), body_serial="6"))
    with pytest.raises(InputError, match="3 camera bodies"):
        propose_scenes(tmp_path)


def test_an_unreadable_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        propose_scenes(tmp_path / os.devnull.strip("/"))
