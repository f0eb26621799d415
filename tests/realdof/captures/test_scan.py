"""Sorting loose shots into scenes by time, aperture and body, whatever the clocks differ by."""

from pathlib import Path

import pytest
from capture_files import NOON, shot, write_loose, write_session

from realdof.captures.scan import propose_scenes
from realdof.captures.scene import MEMBERS
from realdof.common.errors import InputError
from realdof.raw.exif import Exif


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
