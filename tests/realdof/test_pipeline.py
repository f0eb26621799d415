"""`realdof build`: what is in a data set, and that it is the same however it was built."""

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from build_helpers import contents, link_scene, realdof, realdof_command, sentences

from realdof.common.errors import InputError
from realdof.dataset.folder import remove_scene
from realdof.dataset.layout import Role, Stage
from realdof.dataset.manifest import read_manifest, read_record
from realdof.geometry.grid import Grid, corner_distance
from realdof.images.depth import sixteen_bits
from realdof.images.files import read_pixels
from realdof.images.headers import read_header
from realdof.images.resize import area_resize
from realdof.matching.photometry import apply_photometry
from realdof.matching.quality import measure_quality
from realdof.pipeline import build_dataset
from realdof.scene import opposite
from realdof.settings import Settings
from realdof.simulation.truth import read_truth

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("REALDOF_TEST_KILLS", "8"))
"""How often a build is killed; a release was checked with 30."""


def test_good_scenes_are_pairs_of_16_bit_images_of_one_size_and_sky_is_not_among_them(data_set: Path) -> None:
    for role in ("source", "target"):
        assert sorted(path.name for path in (data_set / role).iterdir()) == ["001.png", "003.png"]
    for name in ("001", "003"):
        headers = {read_header(data_set / role / f"{name}.png") for role in ("source", "target")}
        assert len(headers) == 1
        assert headers.pop().bits == 16
    sky = read_manifest(data_set).scenes[2]
    assert (sky.name, sky.verdict) == ("sky", "rejected")
    assert "texture" in sky.reason or "same scene" in sky.reason


def test_every_homography_is_the_true_one_and_every_gain(three_scenes: Path, data_set: Path) -> None:
    for name in ("001", "003"):
        record, truth = read_record(data_set, name), read_truth(three_scenes / name)
        assert record.alignment is not None
        assert record.photometry is not None
        assert record.grid is not None
        matrix, gain = np.array(truth.homography_a_to_b), truth.gain_b_over_a["target"][0]
        if truth.defocused == "B":
            matrix, gain = np.linalg.inv(matrix), 1 / gain
        assert record.defocused_camera == truth.defocused
        assert record.alignment.mirrored
        assert corner_distance(record.alignment.matrix, matrix, Grid(*record.grid)) < 0.03
        # The gain takes the other camera's light to the defocused one's.
        np.testing.assert_allclose(np.array(record.photometry.gain) * gain, 1, atol=0.015)


def test_the_manifest_has_the_hash_of_every_shot_and_of_every_file(three_scenes: Path, data_set: Path) -> None:
    manifest, shots, files = read_manifest(data_set), contents(three_scenes), contents(data_set)
    scenes = manifest.scenes
    images = [image for scene in scenes for image in (*scene.outputs.values(), *scene.stages.values())]
    listed = {image.file: image.sha256 for image in images}
    listed |= {f"scenes/{name}.json": digest for name, digest in manifest.records.items()}
    own = {"build.json", "manifest.json", "croissant.json"}
    assert listed == {file: digest for file, digest in files.items() if file not in own}
    for scene in manifest.scenes:
        assert scene.inputs.keys() == {"reference/A", "reference/B", "target/A", "target/B"}
        assert all(shots[file.file] == file.sha256 for file in scene.inputs.values())


def test_the_figures_can_be_measured_again_from_the_files(data_set: Path) -> None:
    record = read_record(data_set, "001")
    images = {name: read_pixels(data_set / image.file) / np.float32(65535) for name, image in record.outputs.items()}
    assert record.alignment is not None
    assert record.quality is not None
    again = measure_quality(
        record.alignment,
        reference=images[Role.REFERENCE_FIXED],
        reference_moved=images[Role.REFERENCE_MOVED],
        defocused=images[Role.SOURCE],
        all_in_focus=images[Role.TARGET],
    )
    assert again.reference_psnr == pytest.approx(record.quality.reference_psnr, abs=1e-3)
    assert again.residual_shift.median == pytest.approx(record.quality.residual_shift.median, abs=1e-3)
    assert again.verdict == record.verdict == "accepted"


def test_the_stages_lead_from_one_to_the_next(data_set: Path) -> None:
    record = read_record(data_set, "001")
    assert record.grid is not None
    assert record.region is not None
    assert record.photometry is not None
    image = {role: read_pixels(data_set / file.file) for role, file in record.outputs.items()}
    stage = {stage: read_pixels(data_set / file.file) for stage, file in record.stages.items()}
    inside = record.region.slices
    assert record.defocused_camera is not None
    fixed, other = record.defocused_camera, opposite(record.defocused_camera)
    assert np.array_equal(image[Role.SOURCE], stage[Stage.reduced("target", fixed)][inside])
    assert np.array_equal(image[Role.REFERENCE_FIXED], stage[Stage.reduced("reference", fixed)][inside])
    # The photograph that is to be warped is kept at twice the final size.
    before = area_resize(stage[Stage.reduced("reference", other)], *record.grid)
    assert np.array_equal(image[Role.REFERENCE_BEFORE], before[:, ::-1][inside])
    assert np.array_equal(image[Role.REFERENCE_MOVED], stage[Stage.warped("reference")][inside])
    warped = stage[Stage.warped("target")][inside] / np.float32(65535)
    corrected = sixteen_bits(apply_photometry(warped, record.photometry))
    # The stage was rounded to 16 bits before it was read here.
    assert np.abs(corrected.astype(int) - image[Role.TARGET]).max() <= 40


def test_one_worker_and_two_give_the_same_bytes(three_scenes: Path, data_set: Path, tmp_path: Path) -> None:
    build_dataset(three_scenes, tmp_path / "out", Settings(), keep_stages=True, worker_count=1)
    assert contents(tmp_path / "out") == contents(data_set)


def test_a_dask_cluster_of_two_workers_gives_the_same_bytes(three_scenes: Path, data_set: Path, tmp_path: Path) -> None:
    import distributed

    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        done = realdof("build", three_scenes, tmp_path / "out", "--keep-stages", "--cluster", cluster.scheduler_address)
    assert done.returncode == 0, done.stdout + done.stderr
    assert contents(tmp_path / "out") == contents(data_set)


def test_a_finished_build_is_not_done_again(three_scenes: Path, data_set: Path, tmp_path: Path) -> None:
    out = shutil.copytree(data_set, tmp_path / "out")
    before, places = contents(out), _places(out / "scenes") | _places(out / "source")
    build_dataset(three_scenes, out, Settings(), keep_stages=True)
    assert contents(out) == before
    assert _places(out / "scenes") | _places(out / "source") == places


def test_a_scene_whose_image_was_changed_or_lost_is_built_again_alone(
    three_scenes: Path, data_set: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(data_set, tmp_path / "out")
    before, places = contents(out), _places(out / "scenes")
    (out / "target" / "003.png").unlink()
    build_dataset(three_scenes, out, Settings(), keep_stages=True)
    assert contents(out) == before
    assert {name for name, place in _places(out / "scenes").items() if place != places[name]} == {"003.json"}


def test_a_scene_with_other_shots_is_built_again_and_leaves_nothing_of_before(
    three_scenes: Path, data_set: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(data_set, tmp_path / "out")
    captures = tmp_path / "captures"
    for name, source in (("001", "001"), ("003", "sky"), ("sky", "sky")):
        link_scene(three_scenes / source, captures / name)
    manifest = build_dataset(captures, out, Settings(), keep_stages=True)
    assert [scene.verdict for scene in manifest.scenes] == ["accepted", "rejected", "rejected"]
    assert [path.name for path in (out / "source").iterdir()] == ["001.png"]
    assert sorted(path.name for path in (out / "reference").glob("003*")) == ["003_before.png", "003_fixed.png"]


def test_killed_again_and_again_it_gives_the_same_bytes_and_no_finished_scene_is_redone(
    three_scenes: Path, tmp_path: Path
) -> None:
    captures = tmp_path / "captures"
    for number, source in enumerate(["001", "sky", "003"] * 2):
        link_scene(three_scenes / source, captures / f"scene {number}")
    command = lambda out: realdof_command("build", captures, out, "--workers", 1)  # noqa: E731
    started = time.monotonic()
    subprocess.run(command(tmp_path / "whole"), check=True, capture_output=True)
    longest = time.monotonic() - started
    whole = contents(tmp_path / "whole")

    chance, kills, attempt = random.Random(3), 0, 0
    out = tmp_path / "killed"
    while True:
        finished = {name: place for name, place in _places(out / "scenes").items() if not name.startswith(".")}
        build = subprocess.Popen(command(out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if kills < KILLS:
            try:
                build.wait(chance.uniform(0.25, 0.7) * longest)
            except subprocess.TimeoutExpired:
                build.send_signal(signal.SIGKILL)
                kills += 1
        build.wait()
        assert {name: place for name, place in _places(out / "scenes").items() if name in finished} == finished
        if build.returncode == 0:
            assert contents(out) == whole
            if kills == KILLS:
                break
            attempt += 1
            out = tmp_path / f"killed {attempt}"


def test_the_papers_recipe_warps_at_the_final_size_with_its_linear_model(
    three_scenes: Path, data_set: Path, tmp_path: Path
) -> None:
    done = realdof(
        "build", three_scenes, tmp_path / "out", "--recipe", "paper", "--ecc-iterations", 300, "--ecc-epsilon", -1
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("001", "003"):
        ours, papers = read_record(data_set, name), read_record(tmp_path / "out", name)
        assert ours.quality is not None
        assert papers.quality is not None
        assert papers.alignment is not None
        assert papers.photometry is not None
        assert (papers.alignment.method, papers.alignment.iterations) == ("single-level-ecc", 300)
        assert (papers.photometry.method, papers.photometry.pair) == ("linear", "target")
        # Warping at the final size loses detail that our default keeps.
        assert (papers.quality.reference_psnr or 0) < (ours.quality.reference_psnr or 0) - 3


def test_other_settings_in_the_same_folder_are_refused_by_their_names(three_scenes: Path, data_set: Path) -> None:
    before = contents(data_set)
    done = realdof("build", three_scenes, data_set, "--keep-stages", "--photometry", "mean-std")
    assert done.returncode == 2
    assert "was built with photometry lowpass-linear, not mean-std" in sentences(done)
    assert contents(data_set) == before


def test_white_balance_is_one_for_all_four_shots_unless_each_keeps_its_own(
    three_scenes: Path, data_set: Path, tmp_path: Path
) -> None:
    link_scene(three_scenes / "001", tmp_path / "captures" / "001")
    balances = {}
    for words in ("camera", "2.35,1,1.62"):
        done = realdof("build", tmp_path / "captures", tmp_path / words, "--white-balance", words)
        assert done.returncode == 0, done.stdout + done.stderr
        balances[words] = read_record(tmp_path / words, "001").white_balance
    assert balances == {"camera": None, "2.35,1,1.62": (2.35, 1.0, 1.62, 1.0)}
    shared = read_record(data_set, "001").white_balance
    assert shared is not None
    own = read_record(tmp_path / "camera", "001").photometry
    ours = read_record(data_set, "001").photometry
    assert own is not None
    assert ours is not None
    # Two cameras that each choose a white balance differ by colours, which the gains show.
    assert np.ptp(own.gain) > 2 * np.ptp(ours.gain)


def test_a_build_that_runs_already_keeps_others_out(three_scenes: Path, tmp_path: Path) -> None:
    refused: list[str] = []

    def build_twice(scene: object, total: int) -> None:
        if scene is None:
            with pytest.raises(InputError) as caught:
                build_dataset(three_scenes, tmp_path / "out", Settings())
            refused.append(str(caught.value))

    build_dataset(three_scenes, tmp_path / "out", Settings(), build_twice)
    (sentence,) = refused
    assert sentence.startswith(f"{tmp_path / 'out'} is in use by process {os.getpid()} on ")


def test_a_build_that_goes_on_removes_the_report_of_the_one_before(
    three_scenes: Path, data_set: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(data_set, tmp_path / "out")
    (out / "report.html").write_text("as it was")
    (out / "pictures").mkdir()
    (out / "pictures" / "sky_flip.webp").write_text("as it was")
    build_dataset(three_scenes, out, Settings(), keep_stages=True)
    assert contents(out) == contents(data_set)


def test_a_build_whose_folder_was_taken_over_stops_before_it_writes_the_manifest(
    three_scenes: Path, tmp_path: Path
) -> None:
    link_scene(three_scenes / "sky", tmp_path / "captures" / "sky")

    def take_over(scene: object, total: int) -> None:
        if scene is not None:
            (tmp_path / "out" / ".claim").unlink()

    with pytest.raises(InputError, match=r"\.claim was removed"):
        build_dataset(tmp_path / "captures", tmp_path / "out", Settings(), take_over)
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_removing_a_scene_never_leaves_the_folder(tmp_path: Path) -> None:
    out, other = tmp_path / "out", tmp_path / "other.json"
    (out / "scenes").mkdir(parents=True)
    other.touch()
    for name in ("../../other", "..", "", "/"):
        remove_scene(out, name)
    assert other.exists()


def _places(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of change of each file: they differ if it was written again."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.glob("*")}
