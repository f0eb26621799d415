"""`realdof build` in this process: what it prints, its status, and what it does again."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from build_helpers import contents
from capture_files import shot, write_scene, write_shot
from click.testing import Result
from typer.testing import CliRunner

from realdof.captures.scene import MEMBERS
from realdof.cli import app
from realdof.common.errors import InputError
from realdof.common.processes.executor import Outcome
from realdof.dataset.folder import Finished
from realdof.dataset.manifest import SceneRecord, read_manifest, read_record
from realdof.images.files import write_pixels
from realdof.worker import SceneTask


def command(*words: object) -> Result:
    """What a command says and its status; InputError as it is raised."""
    return CliRunner().invoke(app, [*map(str, words)], catch_exceptions=False)


def sentences(done: Result) -> str:
    """All that it said, on one line."""
    return " ".join(done.output.split())


def answers(error: Exception) -> Callable[..., Iterator[Outcome[SceneTask, Finished]]]:
    """Workers that fail at every scene with an error."""

    def completed(
        executor: object, function: object, tasks: Iterable[SceneTask]
    ) -> Iterator[Outcome[SceneTask, Finished]]:
        for task in tasks:
            yield Outcome(task, None, error)

    return completed


@pytest.fixture(autouse=True, scope="module")
def _here() -> Iterator[None]:
    """Build scenes in this process, one after the other, instead of in workers."""

    def completed(
        executor: object, function: Callable[[SceneTask], Finished], tasks: Iterable[SceneTask]
    ) -> Iterator[Outcome[SceneTask, Finished]]:
        for task in tasks:
            try:
                yield Outcome(task, function(task), None)
            except InputError as error:
                yield Outcome(task, None, error)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("realdof.pipeline.completed", completed)
        yield


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One simulated scene."""
    folder = tmp_path_factory.mktemp("simulated") / "captures"
    assert command("simulate", folder, "--scenes", 1).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def built(captures: Path) -> tuple[Path, Result]:
    """The data set of it with all stages, and what the command said."""
    out = captures.parent / "out"
    return out, command("build", captures, out, "--keep-stages")


def test_a_build_prints_its_figures_and_leaves_a_whole_data_set(built: tuple[Path, Result]) -> None:
    out, done = built
    record = read_record(out, "001")
    assert done.exit_code == 0
    assert record.quality is not None
    row = next(line.split() for line in done.stdout.splitlines() if line.strip().startswith("001"))
    assert row[:2] == ["001", "accepted"]
    assert row[4] == f"{record.quality.reference_psnr:.1f}"
    assert f"{out}: 1 accepted" in sentences(done)
    assert len(record.stages) == 6
    assert command("verify", out).stdout == f"{out} is complete; pairs: 1\n"


def test_a_scene_is_built_again_only_if_one_of_its_files_is_lost(
    captures: Path, built: tuple[Path, Result], tmp_path: Path
) -> None:
    out = shutil.copytree(built[0], tmp_path / "out")
    before, place = contents(out), (out / "scenes" / "001.json").stat().st_ino
    assert command("build", captures, out, "--keep-stages").exit_code == 0
    assert (out / "scenes" / "001.json").stat().st_ino == place
    (out / "target" / "001.png").unlink()
    assert command("build", captures, out, "--keep-stages").exit_code == 0
    assert (out / "scenes" / "001.json").stat().st_ino != place
    assert contents(out) == before


def test_a_build_that_goes_on_removes_report_and_half_written_files(
    captures: Path, built: tuple[Path, Result], tmp_path: Path
) -> None:
    out = shutil.copytree(built[0], tmp_path / "out")
    before = contents(out)
    (out / "report.html").write_text("as it was")
    (out / "pictures").mkdir()
    (out / "pictures" / "001_flip.webp").write_text("as it was")
    (out / "source" / ".001-abcdefgh.png").write_text("half")
    (out / "stages" / "001" / ".2_warped_target-abcdefgh.png").write_text("half")
    assert command("build", captures, out, "--keep-stages").exit_code == 0
    assert contents(out) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--keep-stages", "--photometry", "mean-std"), "was built with photometry lowpass-linear, not mean-std; give"),
        ((), "was built with keeps stages True, not False"),
        (("--keep-stages", "--white-balance", "2,1,1.5"), r"white balance reference, not \(2.0, 1.0, 1.5\)"),
    ],
)
def test_a_folder_of_other_settings_is_refused_by_their_names_and_kept(
    captures: Path, built: tuple[Path, Result], words: tuple[str, ...], said: str
) -> None:
    before = contents(built[0])
    with pytest.raises(InputError, match=said):
        command("build", captures, built[0], *words)
    assert contents(built[0]) == before


def test_captures_that_lost_a_built_scene_are_refused(built: tuple[Path, Result], tmp_path: Path) -> None:
    write_scene(tmp_path / "captures" / "tree")
    with pytest.raises(InputError, match="holds the scene 001, which the captures do not"):
        command("build", tmp_path / "captures", built[0], "--keep-stages")


def test_scenes_that_cannot_be_built_are_told_with_their_files_and_status_2(tmp_path: Path) -> None:
    captures, out = tmp_path / "captures", tmp_path / "out"
    for name in ("tiny", "empty"):
        write_scene(captures / name)
    (captures / "empty" / "target" / "A.ARW").write_bytes(b"")
    done = command("build", captures, out)
    assert done.exit_code == 2
    assert "failed scene empty: empty/target/A.ARW is empty" in sentences(done)
    assert "failed scene tiny: tiny/reference/A.ARW is 24x22; shots need at least 512 px on each side" in sentences(
        done
    )
    assert [(scene.name, scene.verdict) for scene in read_manifest(out).scenes] == [
        ("empty", "failed"),
        ("tiny", "failed"),
    ]
    assert set(contents(out)) == {"build.json", "manifest.json", "croissant.json"}


def test_captures_without_any_scene_that_can_be_built_leave_no_folder(tmp_path: Path) -> None:
    for name in ("hill", "tree"):
        write_scene(tmp_path / "captures" / name)
        shutil.rmtree(tmp_path / "captures" / name / "reference")
    with pytest.raises(
        InputError, match=r"scene hill \(and 1 more that cannot be built\): reference/A and reference/B missing"
    ):
        command("build", tmp_path / "captures", tmp_path / "new" / "out")
    assert not (tmp_path / "new").exists()


def test_doubts_about_captures_are_in_the_manifest_and_told(tmp_path: Path) -> None:
    write_scene(tmp_path / "captures" / "tree", exposure_time=1 / 60)
    done = command("build", tmp_path / "captures", tmp_path / "out")
    (doubts,) = read_manifest(tmp_path / "out").doubts.values()
    assert len(doubts) == 4
    assert f"look at scene tree: {doubts[0]}" in sentences(done)


def test_an_error_nobody_thought_of_fails_its_scene_and_asks_for_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_scene(tmp_path / "captures" / "tree")
    monkeypatch.setattr("realdof.pipeline.completed", answers(ZeroDivisionError("by zero")))
    done = command("build", tmp_path / "captures", tmp_path / "out")
    assert done.exit_code == 2
    assert "failed scene tree: ZeroDivisionError came unexpectedly (by zero); please report it" in sentences(done)
    assert "scene tree failed unexpectedly" in caplog.text


def test_a_worker_that_lacks_a_module_ends_the_build_and_is_no_fault_of_each_scene(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_scene(tmp_path / "captures" / "tree")
    monkeypatch.setattr("realdof.pipeline.completed", answers(ModuleNotFoundError("No module named 'rawpy'")))
    with pytest.raises(InputError, match=r"a worker cannot import what the build needs .*rawpy.*on every machine"):
        command("build", tmp_path / "captures", tmp_path / "out")
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_worker_with_other_software_builds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_scene(tmp_path / "captures" / "tree")
    monkeypatch.setattr("realdof.worker.software", lambda: {"numpy": "1.0"})
    done = command("build", tmp_path / "captures", tmp_path / "out")
    (scene,) = read_manifest(tmp_path / "out").scenes
    assert done.exit_code == 2
    assert scene.reason.startswith("a worker has numpy 1.0, not ")
    assert scene.reason.endswith("; install the same everywhere")


def test_nothing_but_rejected_scenes_is_status_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def completed(
        executor: object, function: object, tasks: Iterable[SceneTask]
    ) -> Iterator[Outcome[SceneTask, Finished]]:
        for task in tasks:
            record = SceneRecord(name=task.scene.name, verdict="rejected", reason="there is too little texture")
            yield Outcome(task, Finished(record, "0" * 64), None)

    write_scene(tmp_path / "captures" / "sky")
    monkeypatch.setattr("realdof.pipeline.completed", completed)
    done = command("build", tmp_path / "captures", tmp_path / "out")
    assert done.exit_code == 1
    assert "rejected scene sky: there is too little texture" in sentences(done)


@pytest.mark.parametrize("words", ["cloudy", "1,2", "0,1,1", "nan,1,1", "1,inf,1"])
def test_a_white_balance_that_is_none_is_refused(tmp_path: Path, words: str) -> None:
    with pytest.raises(InputError, match=f"--white-balance {words} is not a white balance"):
        command("build", tmp_path, tmp_path / "out", "--white-balance", words)


@pytest.mark.parametrize("epsilon", ["nan", "inf"])
def test_an_epsilon_that_is_no_number_is_one_sentence(tmp_path: Path, epsilon: str) -> None:
    with pytest.raises(InputError, match="ecc_epsilon: input should be a finite number"):
        command("build", tmp_path, tmp_path / "out", "--ecc-epsilon", epsilon)


def test_one_camera_on_a_tripod_makes_pairs_of_photographs_developed_elsewhere(tmp_path: Path) -> None:
    captures, out = tmp_path / "captures", tmp_path / "out"
    command("simulate", captures, "--scenes", 1, "--rig", "single", "--format", "tiff")
    assert sorted(path.name for path in (captures / "001").glob("*.tiff")) == ["narrow.tiff", "wide.tiff"]
    done = command("build", captures, out, "--rig", "single")
    record = read_record(out, "001")
    assert (done.exit_code, record.verdict) == (0, "accepted"), done.output
    assert record.white_balance is None
    assert "look at scene 001: not every file says its time" in sentences(done)


def test_developed_and_raw_shots_are_not_mixed(tmp_path: Path) -> None:
    captures = tmp_path / "captures"
    large = (512, 512)
    for kind, camera in MEMBERS:
        write_shot(captures / "tree" / kind / f"{camera}.ARW", shot((kind, camera)), large)
    (captures / "tree" / "target" / "A.ARW").unlink()
    write_pixels(captures / "tree" / "target" / "A.tiff", np.zeros((*large, 3), np.uint16))
    rows = ["scene,reference_a,reference_b,target_a,target_b,defocused"]
    rows.append("tree,tree/reference/A.ARW,tree/reference/B.ARW,tree/target/A.tiff,tree/target/B.ARW,a")
    (captures / "scenes.csv").write_text("\n".join(rows))
    assert command("build", captures / "scenes.csv", tmp_path / "out").exit_code == 2
    (scene,) = read_manifest(tmp_path / "out").scenes
    assert scene.reason == "tree/target/A.tiff is developed and tree/reference/A.ARW is raw; give files of one kind"
