"""`realdof scan`, `scenes` and `inspect` in this process: what they print and write, and their status."""

from pathlib import Path

import pytest
from capture_files import fatal, shot, write_scene, write_session, write_shot
from click.testing import Result
from typer.testing import CliRunner

from realdof.captures.folder import find_scenes
from realdof.cli import app
from realdof.common.errors import InputError


def command(*words: object) -> Result:
    """What a command says and its status; InputError as it is raised."""
    return CliRunner().invoke(app, [*map(str, words)], catch_exceptions=False)


def write_tripod(scene: Path, **narrow: object) -> None:
    """A wide and a narrow shot of one camera."""
    scene.mkdir(parents=True)
    write_shot(scene / "wide.ARW", shot(("target", "A")))
    write_shot(scene / "narrow.ARW", shot(("reference", "A"), **narrow))


def test_scan_prints_its_proposal_and_writes_a_list_that_finds_the_same_scenes(tmp_path: Path) -> None:
    write_session(tmp_path / "card", 2)
    listed = tmp_path / "scenes.csv"
    done = command("scan", tmp_path / "card", "--manifest", listed)
    assert done.exit_code == 0, done.output
    assert done.stderr == f"wrote {listed}\n"
    assert "2 scenes" in done.stdout
    assert "A_0000.ARW, B_0000.ARW" in done.stdout
    scenes, complaints = find_scenes(listed)
    assert ([scene.name for scene in scenes], complaints) == (["001", "002"], [])
    assert "2 scenes" in command("scenes", listed).stdout


def test_scan_never_writes_over_a_list(tmp_path: Path) -> None:
    write_session(tmp_path / "card", 1)
    (tmp_path / "scenes.csv").write_text("mine")
    with pytest.raises(InputError, match=r"scenes\.csv exists; give another name"):
        command("scan", tmp_path / "card", "--manifest", tmp_path / "scenes.csv")
    assert (tmp_path / "scenes.csv").read_text() == "mine"


def test_a_scan_that_finds_no_scene_tells_why_writes_no_list_and_has_status_1(tmp_path: Path) -> None:
    write_session(tmp_path / "card", 1)
    for path in (tmp_path / "card").glob("*_0000.ARW"):
        path.unlink()
    done = command("scan", tmp_path / "card", "--manifest", tmp_path / "scenes.csv")
    assert done.exit_code == 1
    assert "unusable A_0001.ARW and B_0001.ARW are a target pair without a reference pair near it" in done.stdout
    assert not (tmp_path / "scenes.csv").exists()


def test_shots_whose_clocks_differ_by_more_than_two_hours_are_no_pairs(tmp_path: Path) -> None:
    write_session(tmp_path / "card", 1, clock=7300)
    done = command("scan", tmp_path / "card")
    assert done.exit_code == 1
    assert done.stdout.count("has no shot of the other camera at its time") == 4


def test_a_folder_of_too_many_loose_shots_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realdof.captures.scan._MOST_SHOTS", 3)
    write_session(tmp_path / "card", 1)
    with pytest.raises(InputError, match="holds 4 shots; give a folder of at most 3"):
        command("scan", tmp_path / "card")


def test_scenes_tells_doubts_in_status_0_and_unusable_scenes_in_status_1(tmp_path: Path) -> None:
    write_scene(
        tmp_path / "hill", {("target", "B"): {"body_serial": "3374840"}, ("reference", "B"): {"body_serial": "3374840"}}
    )
    doubtful = command("scenes", tmp_path)
    assert doubtful.exit_code == 0
    for kind in ("reference", "target"):
        assert (
            f"doubtful scene hill: both shots of the {kind} pair are from body 3374840; give one of" in doubtful.stdout
        )
    write_scene(tmp_path / "tree")
    (tmp_path / "tree" / "target" / "A.ARW").unlink()
    unusable = command("scenes", tmp_path)
    assert unusable.exit_code == 1
    assert "1 scenes" in unusable.stdout
    assert "unusable scene tree: target/A missing" in unusable.stdout


def test_a_scene_without_one_of_its_pairs_names_what_is_missing(tmp_path: Path) -> None:
    write_scene(tmp_path / "tree")
    for path in (tmp_path / "tree" / "reference").iterdir():
        path.unlink()
    (tmp_path / "tree" / "reference").rmdir()
    assert "reference/A and reference/B missing" in fatal(tmp_path)


def test_scenes_of_one_camera_are_a_wide_and_a_narrow_shot(tmp_path: Path) -> None:
    write_tripod(tmp_path / "tree", focal_length=85)
    write_tripod(tmp_path / "wall", body_serial="77")
    done = command("scenes", tmp_path, "--rig", "single")
    assert done.exit_code == 0, done.output
    assert done.stdout.count("wide.ARW, narrow.ARW") == 4
    assert "doubtful scene tree: focal lengths of 85 and 135 mm; use one in all shots" in done.stdout
    assert "doubtful scene wall: the wide shot is from body 3374840 and the narrow one from 77" in done.stdout


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("middle.ARW", "middle.ARW is neither the wide nor the narrow shot; name the two files wide and narrow"),
        ("wide.dng", "wide.dng are both the wide shot; leave one"),
    ],
)
def test_a_third_shot_of_one_camera_is_refused_by_its_name(tmp_path: Path, extra: str, said: str) -> None:
    write_tripod(tmp_path / "tree")
    write_shot(tmp_path / "tree" / extra, shot(("target", "A")))
    done = command("scenes", tmp_path, "--rig", "single")
    assert done.exit_code == 1
    assert said in done.stdout


def test_inspect_shows_what_a_file_says_and_what_it_does_not(tmp_path: Path) -> None:
    write_shot(tmp_path / "a.ARW", shot(("target", "A"), focal_length=None))
    lines = {" ".join(line.split()) for line in command("inspect", tmp_path / "a.ARW").stdout.splitlines()}
    assert {"size, px 24 x 22", "f number 1.8", "focal length not in the file", "body serial 3374840"} <= lines
