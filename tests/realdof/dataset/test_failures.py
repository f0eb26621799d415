"""Bad input to `realdof build`: one sentence with scene and file, the other scenes built, status 2."""

import csv
import os
import resource
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import rawpy
from build_helpers import MEMBERS, contents, link_scene, realdof, realdof_command, sentences

from realdof.common.errors import InputError
from realdof.common.processes.executor import Outcome
from realdof.dataset.manifest import Manifest, read_manifest
from realdof.images.files import write_pixels
from realdof.pipeline import build_dataset
from realdof.raw.exif import read_exif
from realdof.raw.write import write_arw
from realdof.settings import Settings
from realdof.simulation.parameters import DAYLIGHT
from realdof.simulation.truth import read_truth

pytestmark = pytest.mark.slow


def truncated(scene: Path) -> None:
    path = scene / "target" / "A.ARW"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[: len(content) // 2])


def empty(scene: Path) -> None:
    path = scene / "reference" / "B.ARW"
    path.unlink()
    path.touch()


def jpeg(scene: Path) -> None:
    path = scene / "target" / "B.ARW"
    path.unlink()
    write_pixels(path.with_suffix(".jpg"), np.zeros((1064, 1600, 3), np.uint8))
    path.with_suffix(".jpg").rename(path)


def other_size(scene: Path) -> None:
    path = scene / "target" / "B.ARW"
    exif = read_exif(path)
    path.unlink()
    write_arw(path, np.full((1064, 1400), 900, np.uint16), exif, DAYLIGHT)


def three_files(scene: Path) -> None:
    (scene / "reference" / "A.ARW").unlink()


def developed_and_raw(scene: Path) -> None:
    (scene / "target" / "A.ARW").unlink()
    write_pixels(scene / "target" / "A.tiff", np.zeros((1064, 1600, 3), np.uint16))


DAMAGES = {
    "truncated": (truncated, "truncated/target/A.ARW is truncated"),
    "empty": (empty, "empty/reference/B.ARW is empty"),
    "jpeg": (jpeg, "jpeg/target/B.ARW is a JPEG whatever its name says"),
    "other-size": (other_size, "other-size/target/B.ARW is 1400x1064 and"),
    "three-files": (three_files, "reference/A missing"),
    "developed": (developed_and_raw, "developed/target/A.tiff"),
}


@pytest.fixture(scope="module")
def damaged(three_scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Captures of one good scene and one of each damage."""
    captures = tmp_path_factory.mktemp("damaged") / "captures"
    link_scene(three_scenes / "001", captures / "good")
    for name, (damage, _) in DAMAGES.items():
        link_scene(three_scenes / "001", captures / name)
        damage(captures / name)
    return captures


@pytest.fixture(scope="module")
def built(damaged: Path) -> tuple[subprocess.CompletedProcess[str], Manifest]:
    """What `realdof build` said about them, and the manifest it wrote."""
    done = realdof("build", damaged, damaged.parent / "out")
    return done, read_manifest(damaged.parent / "out")


@pytest.mark.parametrize("name", DAMAGES)
def test_a_scene_that_cannot_be_built_is_told_in_one_sentence_with_its_file(
    built: tuple[subprocess.CompletedProcess[str], Manifest], name: str
) -> None:
    done, manifest = built
    (scene,) = (scene for scene in manifest.scenes if scene.name == name)
    assert scene.verdict == "failed"
    assert DAMAGES[name][1] in scene.reason
    assert f"failed scene {name}: {scene.reason}" in sentences(done)


def test_the_other_scenes_are_built_the_status_says_so_and_there_is_no_traceback(
    built: tuple[subprocess.CompletedProcess[str], Manifest], damaged: Path
) -> None:
    done, manifest = built
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert [scene.name for scene in manifest.scenes if scene.verdict == "accepted"] == ["good"]
    assert realdof("verify", damaged.parent / "out").returncode == 0


def test_the_manifest_names_no_place_of_this_machine(damaged: Path, built: object) -> None:
    for file in ("manifest.json", "build.json", "croissant.json"):
        assert str(damaged.parent) not in (damaged.parent / "out" / file).read_text()


def test_once_its_file_is_mended_only_the_failed_scene_is_built(three_scenes: Path, tmp_path: Path) -> None:
    captures, out = tmp_path / "captures", tmp_path / "out"
    link_scene(three_scenes / "001", captures / "good")
    link_scene(three_scenes / "003", captures / "bad")
    truncated(captures / "bad")
    assert realdof("build", captures, out).returncode == 2
    good = (out / "source" / "good.png").stat().st_ino
    shutil.copy(three_scenes / "003" / "target" / "A.ARW", captures / "bad" / "target" / "A.ARW")
    assert realdof("build", captures, out).returncode == 0
    assert [scene.verdict for scene in read_manifest(out).scenes] == ["accepted", "accepted"]
    assert (out / "source" / "good.png").stat().st_ino == good


def test_a_scene_that_failed_later_leaves_none_of_its_images(three_scenes: Path, tmp_path: Path) -> None:
    captures, out = tmp_path / "captures", tmp_path / "out"
    link_scene(three_scenes / "001", captures / "001")
    assert realdof("build", captures, out).returncode == 0
    empty(captures / "001")
    assert realdof("build", captures, out).returncode == 2
    assert set(contents(out)) == {"build.json", "manifest.json", "croissant.json"}


def test_two_scenes_whose_names_differ_in_capitals_only_are_not_built_and_the_third_is(
    three_scenes: Path, tmp_path: Path
) -> None:
    table = tmp_path / "scenes.csv"
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["scene", "reference_a", "reference_b", "target_a", "target_b"])
        for name in ("twice", "Twice", "once"):
            rows.writerow([name, *(three_scenes / "001" / member for member in MEMBERS)])
    done = realdof("build", table, tmp_path / "out")
    assert done.returncode == 2
    assert "in capital letters only" in sentences(done)
    assert [path.name for path in (tmp_path / "out" / "source").iterdir()] == ["once.png"]


def test_shots_developed_elsewhere_are_taken_as_they_are_and_too_small_ones_refused(
    three_scenes: Path, tmp_path: Path
) -> None:
    # The stages of a build are such shots, at a quarter of the size.
    captures, out = tmp_path / "captures", tmp_path / "out"
    table = ["scene,reference_a,reference_b,target_a,target_b,defocused"]
    for name, size in (("small", (400, 500)), ("large", (1064, 1600))):
        for number, member in enumerate(MEMBERS):
            path = captures / name / member.replace("/", "_").replace(".ARW", ".tiff")
            pixels = np.random.default_rng(number // 2).integers(0, 65536, (*size, 3), np.uint16)
            write_pixels(path, pixels)
        files = sorted(path.relative_to(captures).as_posix() for path in (captures / name).iterdir())
        table.append(",".join([name, *files, "A"]))
    (captures / "scenes.csv").write_text("\n".join(table))
    done = realdof("build", captures / "scenes.csv", out)
    small, large = sorted(read_manifest(out).scenes, key=lambda scene: scene.name, reverse=True)
    assert small.verdict == "failed"
    assert "is 500x400; shots need at least 512 px" in small.reason
    assert done.returncode == 2
    assert large.verdict != "failed"
    assert large.white_balance is None


def test_a_full_disk_fails_the_scene_by_the_file_that_did_not_fit(three_scenes: Path, tmp_path: Path) -> None:
    link_scene(three_scenes / "001", tmp_path / "captures" / "001")
    # No file may be larger than this: the manifests fit, the images do not.
    limit = 100_000
    done = subprocess.run(
        realdof_command("build", tmp_path / "captures", tmp_path / "out"),
        capture_output=True, text=True, check=False, timeout=300,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    assert done.returncode == 2
    assert "failed scene 001: cannot write reference/001_before.png: File too large" in sentences(done)
    assert "Traceback" not in done.stderr
    assert set(contents(tmp_path / "out")) == {"build.json", "manifest.json", "croissant.json"}


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("file/out", "cannot write to"),
        ("captures/out", "lies within the captures"),
        ("full", "is not empty and holds no data set"),
    ],
)
def test_an_output_that_cannot_be_is_refused_in_one_sentence(
    three_scenes: Path, tmp_path: Path, place: str, words: str
) -> None:
    link_scene(three_scenes / "001", tmp_path / "captures" / "001")
    (tmp_path / "file").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "holiday.jpg").touch()
    before = contents(tmp_path)
    done = realdof("build", tmp_path / "captures", tmp_path / place)
    assert done.returncode == 2
    assert words in sentences(done)
    assert done.stderr.count("\n") == 1
    assert contents(tmp_path) == before


def test_a_read_only_output_is_refused_in_one_sentence(three_scenes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o555)
    # Root may write anywhere but in the kernel's own folders.
    done = realdof("build", three_scenes, out if os.geteuid() else Path("/sys/kernel/out"))
    assert done.returncode == 2
    assert "cannot write" in sentences(done)
    assert done.stderr.count("\n") == 1


def test_captures_that_lost_a_built_scene_are_refused(three_scenes: Path, data_set: Path, tmp_path: Path) -> None:
    link_scene(three_scenes / "001", tmp_path / "captures" / "001")
    done = realdof("build", tmp_path / "captures", data_set, "--keep-stages")
    assert done.returncode == 2
    assert "holds the scene 003, which the captures do not" in sentences(done)


@pytest.mark.parametrize(
    ("captures", "words"),
    [("missing", "does not exist"), ("loose", "realdof scan"), ("photographs", "holds no scene that can be built")],
)
def test_a_wrong_captures_folder_leaves_no_output_behind(tmp_path: Path, captures: str, words: str) -> None:
    (tmp_path / "loose").mkdir()
    write_pixels(tmp_path / "loose" / "holiday.png", np.zeros((20, 20, 3), np.uint8))
    for scene in ("beach", "hill"):
        (tmp_path / "photographs" / scene / "target").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    done = realdof("build", tmp_path / captures, tmp_path / "new" / "out")
    assert done.returncode == 2
    assert words in sentences(done)
    assert done.stderr.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_an_output_among_captures_that_a_link_leads_to_is_refused(three_scenes: Path, tmp_path: Path) -> None:
    link_scene(three_scenes / "001", tmp_path / "captures" / "001")
    (tmp_path / "link").symlink_to(tmp_path / "captures")
    for captures, out in (("link", "captures/out"), ("captures", "link/out"), ("captures/../captures", "captures/out")):
        done = realdof("build", tmp_path / captures, tmp_path / out)
        assert done.returncode == 2
        assert "lies within the captures" in sentences(done)
    assert not (tmp_path / "captures" / "out").exists()


def test_cameras_swapped_in_a_manifest_are_one_sentence(three_scenes: Path, tmp_path: Path) -> None:
    defocused = read_truth(three_scenes / "001").defocused
    swapped = "B" if defocused == "A" else "A"
    table = ["scene,reference_a,reference_b,target_a,target_b,defocused"]
    table.append(",".join(["001", *(str(three_scenes / "001" / member) for member in MEMBERS), swapped]))
    (tmp_path / "scenes.csv").write_text("\n".join(table))
    done = realdof("build", tmp_path / "scenes.csv", tmp_path / "out")
    assert done.returncode == 2
    assert f"{swapped}.ARW is given as the defocused image" in sentences(done)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_raw_file_without_white_balance_fails_when_each_camera_s_own_is_asked_for(
    three_scenes: Path, tmp_path: Path
) -> None:
    link_scene(three_scenes / "001", tmp_path / "captures" / "001")
    path = tmp_path / "captures" / "001" / "target" / "B.ARW"
    with rawpy.imread(str(path)) as raw:
        mosaic = raw.raw_image.copy()
    exif = read_exif(path)
    path.unlink()
    write_arw(path, mosaic, exif, (0.0, 0.0, 0.0))
    for demosaicing in ("half-size", "ahd"):
        options = ("--white-balance", "camera", "--demosaicing", demosaicing)
        done = realdof("build", tmp_path / "captures", tmp_path / demosaicing, *options)
        assert done.returncode == 2
        assert "001/target/B.ARW names no white balance of its camera" in sentences(done)


def test_names_in_brackets_are_printed_as_they_are(three_scenes: Path, tmp_path: Path) -> None:
    folder = tmp_path / "[red]a[/]b[/bold]"
    link_scene(three_scenes / "sky", folder / "captures" / "sky")
    shot = folder / "captures" / "sky" / "target" / "A.ARW"
    for command in (("inspect", shot), ("develop", shot, "-o", folder / "a.png"), ("scenes", folder / "captures")):
        done = realdof(*command)
        assert done.returncode == 0, done.stderr
    assert "".join(str(folder / "a.png").split()) in "".join(
        realdof("develop", shot, "-o", folder / "a.png").stderr.split()
    )
    done = realdof("build", folder / "captures", folder / "out")
    assert done.returncode == 1, done.stderr
    assert "[red]a[/]b[/bold]" in "".join(done.stdout.split())
    verified = realdof("verify", folder / "out")
    assert verified.stdout.strip() == f"{folder / 'out'} is complete; pairs: 0"


@pytest.mark.parametrize("epsilon", ["nan", "inf"])
def test_an_epsilon_that_is_no_number_is_one_sentence(three_scenes: Path, tmp_path: Path, epsilon: str) -> None:
    done = realdof("build", three_scenes, tmp_path / "out", "--ecc-epsilon", epsilon)
    assert done.returncode == 2
    assert "ecc_epsilon: input should be a finite number" in sentences(done)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", ["cloudy", "1,2", "0,1,1", "nan,1,1", "1,inf,1"])
def test_a_white_balance_that_is_none_is_refused(three_scenes: Path, tmp_path: Path, words: str) -> None:
    done = realdof("build", three_scenes, tmp_path / "out", "--white-balance", words)
    assert done.returncode == 2
    assert f"--white-balance {words} is not a white balance" in sentences(done)


def test_nothing_but_rejected_scenes_is_no_success(three_scenes: Path, tmp_path: Path) -> None:
    link_scene(three_scenes / "sky", tmp_path / "captures" / "sky")
    assert realdof("build", tmp_path / "captures", tmp_path / "out").returncode == 1


def test_a_worker_that_lacks_a_module_ends_the_build_in_one_sentence_and_is_no_fault_of_each_scene(
    three_scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_rawpy(executor, function, tasks):
        for task in tasks:
            yield Outcome(task, None, ModuleNotFoundError("No module named 'rawpy'"))

    monkeypatch.setattr("realdof.pipeline.completed", without_rawpy)
    with pytest.raises(InputError, match=r"a worker cannot import what the build needs .*rawpy.*on every machine"):
        build_dataset(three_scenes, tmp_path / "out", Settings())
    assert not (tmp_path / "out" / "manifest.json").exists()
