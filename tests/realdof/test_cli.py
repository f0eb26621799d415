"""The command line `realdof`, run as a user would."""

import subprocess
import sys
from pathlib import Path

import pytest

from realdof.dataset.manifest import read_manifest
from realdof.images.headers import read_header


def realdof(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from realdof.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.slow
def test_simulated_captures_are_found_inspected_and_developed(tmp_path: Path) -> None:
    captures = tmp_path / "captures"
    assert realdof("simulate", captures, "--scenes", 1, "--size", "small").returncode == 0
    listed = realdof("scenes", captures)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    assert "1 scenes" in listed.stdout
    shot = captures / "001" / "target" / "A.ARW"
    assert "ILCE-7RM4" in realdof("inspect", shot).stdout
    developed = tmp_path / "a.png"
    assert realdof("develop", shot, "-o", developed).returncode == 0
    header = read_header(developed)
    assert (header.bits, header.height % 4, header.width % 4) == (16, 0, 0)
    again = realdof("develop", shot, "-o", developed)
    assert again.returncode == 2
    assert "--overwrite" in again.stderr


@pytest.mark.slow
def test_what_a_newcomer_simulates_becomes_pairs_and_faulty_scenes_come_only_when_asked_for(tmp_path: Path) -> None:
    captures, out = tmp_path / "captures", tmp_path / "out"
    assert realdof("simulate", captures).returncode == 0
    assert realdof("build", captures, out).returncode == 0
    assert [scene.verdict for scene in read_manifest(out).scenes] == ["accepted", "accepted"]
    assert realdof("simulate", tmp_path / "more", "--scenes", 1, "--faulty").returncode == 0
    names = sorted(folder.name for folder in (tmp_path / "more").iterdir())
    assert names == ["001", "002-sky", "003-wrong-pair", "004-clipped"]


@pytest.mark.parametrize(
    ("shots", "said"),
    [(("a.ARW", "b.ARW"), "sort them with realdof scan"), ((), "holds no scenes; give a folder of")],
    ids=["loose shots", "another folder"],
)
def test_a_build_of_a_wrong_folder_says_what_to_do_and_leaves_no_folder(
    tmp_path: Path, shots: tuple[str, ...], said: str
) -> None:
    (tmp_path / "shots").mkdir()
    for name in shots:
        (tmp_path / "shots" / name).write_bytes(b"raw")
    done = realdof("build", tmp_path / "shots", tmp_path / "out")
    assert done.returncode == 2
    assert said in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["shots"]


@pytest.mark.parametrize(
    ("command", "said"), [(("inspect", "nowhere.ARW"), "nowhere.ARW"), (("scenes", "nowhere"), "does not exist")]
)
def test_what_is_not_there_is_one_sentence_and_status_2(command: tuple[str, ...], said: str) -> None:
    result = realdof(*command)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
