"""Other rigs than the paper's, from captures to a verified data set: one camera on a tripod, and developed TIFFs."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from build_helpers import realdof, sentences

from realdof.dataset.manifest import read_manifest, read_record
from realdof.geometry.grid import Grid, corner_distance
from realdof.images.headers import read_header
from realdof.simulation.parameters import Simulation
from realdof.simulation.simulate import simulate_scene
from realdof.simulation.truth import read_truth

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tripod(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wide and a narrow shot of one camera."""
    folder = tmp_path_factory.mktemp("tripod")
    simulate_scene(folder / "001", Simulation(size="small", rig="single"), 1, "textured")
    return folder


def test_one_camera_on_a_tripod_gives_pairs(tripod: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = realdof("build", tripod, out, "--rig", "single")
    assert done.returncode == 0, sentences(done)
    _is_pair(out, tripod, corner=0.1)
    assert not read_record(out, "001").alignment.mirrored  # type: ignore[union-attr]


def test_the_narrow_aperture_as_source_is_one_sentence(tripod: Path, tmp_path: Path) -> None:
    swapped = shutil.copytree(tripod, tmp_path / "swapped")
    shots = swapped / "001" / "wide.ARW", swapped / "001" / "narrow.ARW"
    for shot, name in zip(shots, ("was_wide.ARW", "wide.ARW"), strict=True):
        shot.rename(shot.with_name(name))
    shots[0].with_name("was_wide.ARW").rename(shots[1])
    done = realdof("build", swapped, tmp_path / "out", "--rig", "single")
    assert done.returncode == 2
    assert "wide.ARW is given as the defocused image, but it has F16 and narrow.ARW has F1.8" in sentences(done)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_of_16_bit_tiffs_gives_pairs(tmp_path: Path) -> None:
    captures, out = tmp_path / "captures", tmp_path / "out"
    simulate_scene(captures / "001", Simulation(size="small", file_format="tiff"), 1, "textured")
    shots = sorted(captures.rglob("*.tiff"))
    assert [read_header(shot).bits for shot in shots] == [16] * 4
    done = realdof("build", captures, out)
    assert done.returncode == 0, sentences(done)
    _is_pair(out, captures, corner=0.05)


def test_raw_files_of_a_good_pair_align_at_the_size_that_demosaicing_leaves(tmp_path: Path) -> None:
    simulate_scene(tmp_path / "001", Simulation(size="small"), 1, "textured")
    shots = [tmp_path / "001" / "reference" / f"{camera}.ARW" for camera in "AB"]
    done = realdof("align", *shots, "-o", tmp_path / "aligned")
    assert done.returncode == 0, sentences(done)
    assert done.stdout.startswith("accepted: ")
    found = json.loads((tmp_path / "aligned" / "homography.json").read_text(encoding="utf-8"))
    truth = np.array(read_truth(tmp_path / "001").homography_a_to_b)
    finer = np.diag([4, 4, 1])
    assert corner_distance(np.array(found["homography"]), finer @ truth @ np.linalg.inv(finer), Grid(1064, 1600)) < 0.2


def _is_pair(out: Path, captures: Path, corner: float) -> None:
    """The scene is kept, whole, and aligned to ``corner`` px of the truth."""
    (scene,) = read_manifest(out).scenes
    assert scene.verdict == "accepted", scene.reason
    done = realdof("verify", out)
    assert "pairs: 1" in sentences(done)
    truth, record = read_truth(captures / "001"), read_record(out, "001")
    assert record.alignment is not None
    assert record.grid is not None
    matrix = np.array(truth.homography_a_to_b)
    true = matrix if record.defocused_camera == "A" else np.linalg.inv(matrix)
    assert corner_distance(record.alignment.matrix, true, Grid(*record.grid)) <= corner
