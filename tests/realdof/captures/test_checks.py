"""What is doubted about scenes that could be built, one sentence each."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from capture_files import NOON, doubt, shot, write_scene

from realdof.captures.folder import find_scenes
from realdof.captures.scene import MEMBERS, Member


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
