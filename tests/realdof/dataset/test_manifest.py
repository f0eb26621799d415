"""The manifest: what is written is read again, and what does not belong is named."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from realdof.alignment.displacement import ShiftVector
from realdof.alignment.estimate import Alignment
from realdof.common.errors import InputError
from realdof.dataset.layout import Role, Stage, record_path
from realdof.dataset.manifest import (
    Build,
    InputFile,
    Manifest,
    OutputFile,
    SceneRecord,
    read_build,
    read_manifest,
    read_record,
    without_maps,
    write_record,
)
from realdof.geometry.grid import Region
from realdof.matching.photometry import PhotometricModel
from realdof.matching.quality import ResidualExposure, ResidualShift, SceneQuality
from realdof.settings import Settings

ALIGNMENT = Alignment(
    homography=((1.0, 0.0, 2.5), (0.0, 1.0, -3.0), (0.0, 1e-6, 1.0)),
    mirrored=True,
    method="pyramid-ecc",
    start="sift",
    iterations=70,
    correlation=0.99,
    detail_correlation=0.98,
    inliers=800,
    inliers_other_way=None,
    tiles=300,
    textured_tiles=290,
    matched_tiles=288,
    estimated_error=0.01,
    verdict="accepted",
    reason="288 of 290 textured tiles match",
)
QUALITY = SceneQuality(
    residual_shift=ResidualShift(0.01, 0.02, 0.005, 300, 10, 2, (ShiftVector(32.0, 32.0, 0.01, -0.01),)),
    residual_exposure=ResidualExposure((0.001, 0.002, 0.003), (((0.001, 0.002, 0.003), None),)),
    reference_psnr=40.1,
    reference_ssim=0.99,
    blur_sigma=((1.5, None),),
    blur_median=1.5,
    blur_percentile_95=3.0,
    clipped_defocused=0.0,
    clipped_all_in_focus=0.01,
    verdict="accepted",
    reason="well aligned",
)
RECORD = SceneRecord(
    name="001",
    verdict="accepted",
    reason="well aligned",
    identity="0" * 64,
    defocused_camera="A",
    inputs={"reference/A": InputFile(file="001/reference/A.ARW", sha256="1" * 64)},
    outputs={Role.SOURCE: OutputFile(file="source/001.png", sha256="2" * 64, height=1000, width=1500, bits=16)},
    stages={Stage.warped("target"): OutputFile(file="x.png", sha256="2" * 64, height=1000, width=1500, bits=16)},
    white_balance=(2.35, 1.0, 1.62, 1.0),
    grid=(1586, 2376),
    region=Region(10, 20, 1000, 1500),
    alignment=ALIGNMENT,
    photometry=PhotometricModel("lowpass-linear", "target", "linear-light", (1.1, 1.1, 1.1), (0.0, 0.0, 0.0), 32.0),
    quality=QUALITY,
)
FAILED = SceneRecord(name="002", verdict="failed", reason="002/target/A.ARW is empty; copy it from the camera again")
SETTINGS = Settings(white_balance=(2.0, 1.0, 1.5))
MANIFEST = Manifest(
    build=Build(pipeline=1, settings=SETTINGS, fingerprint=SETTINGS.fingerprint, software={"numpy": "2.0"}),
    scenes=(without_maps(RECORD), FAILED),
    doubts={"001": ("the clocks differ",)},
    records={"001": "3" * 64},
)


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_record(record_path(tmp_path, "001"), RECORD)
    assert read_record(tmp_path, "001") == RECORD


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_record(tmp_path / "manifest.json", MANIFEST)
    manifest = read_manifest(tmp_path)
    assert manifest == MANIFEST
    assert manifest.counts == {"accepted": 1, "doubtful": 0, "rejected": 0, "failed": 1}


def test_the_manifest_keeps_the_figures_but_not_the_maps() -> None:
    quality = without_maps(RECORD).quality
    assert quality is not None
    assert quality.residual_shift == replace(QUALITY.residual_shift, field=())
    assert quality.reference_psnr == QUALITY.reference_psnr
    assert quality.blur_sigma == ()
    assert without_maps(FAILED) is FAILED


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2}, "is of version 2, this release reads 3; use the release that wrote it, or build"),
        ({"scenes": [{"name": "001"}]}, r"scenes\.0\.verdict: field required"),
        ({"scenes": [{"name": "001", "verdict": "fine", "reason": ""}]}, r'scenes\.0\.verdict.*: .*found "fine"'),
        ({"surplus": 1}, r"surplus: there is no such field"),
        ({"doubts": {"001": [1]}}, r"doubts\.001\.0: .*found 1;"),
    ],
)
def test_a_manifest_that_someone_changed_is_refused_by_the_field(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST.model_dump(mode="json") | change))
    with pytest.raises(InputError, match=words):
        read_manifest(tmp_path)


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no manifest\.json"):
        read_manifest(tmp_path)


def test_a_build_of_an_earlier_release_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "build.json").write_text(
        json.dumps({"pipeline": 2, "settings": {"keep_stages": False}, "software": {}})
    )
    with pytest.raises(InputError, match=r"build\.json is of version 'an earlier one', this release reads 3"):
        read_build(tmp_path)


def test_a_number_that_is_none_is_refused(tmp_path: Path) -> None:
    text = MANIFEST.model_dump_json().replace('"correlation":0.99', '"correlation":NaN')
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"scenes\.0\.alignment\.correlation: "):
        read_manifest(tmp_path)
