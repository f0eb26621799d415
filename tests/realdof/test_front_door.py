"""`import realdof` is a front door: three functions, imported when asked for, documented by examples that run."""

import doctest
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from build_helpers import realdof as command
from build_helpers import sentences
from small_pairs import GRID, HEIGHT, WIDTH, pair

import realdof
from realdof.common.errors import InputError
from realdof.geometry.grid import corner_distance, mirror
from realdof.images.colour import linear_to_srgb, srgb_to_linear
from realdof.images.files import read_pixels, write_pixels
from realdof.raw.exif import Exif
from realdof.raw.write import write_arw

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "align.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_importing_the_package_imports_nothing_else() -> None:
    code = (
        "import sys, realdof; print([m for m in ('numpy', 'cv2', 'rawpy', 'torch') if m in sys.modules], dir(realdof))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.startswith("[] ")
    assert all(f"'{name}'" in said for name in realdof.__all__)


def test_the_process_that_hands_out_scenes_starts_without_what_only_computes() -> None:
    code = "import sys, realdof.pipeline; print([m for m in ('scipy', 'skimage', 'torch') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'realdof' has no attribute 'alignn'"):
        realdof.alignn  # noqa: B018


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_each_example_of_the_page_is_three_lines_that_run(
    example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = tmp_path / "captures" / "001" / "target" / "A.ARW"
    raw.parent.mkdir(parents=True)
    write_arw(raw, np.full((64, 96), 600, np.uint16), Exif(), (2.0, 1.0, 1.5))
    monkeypatch.chdir(tmp_path)
    assert len([line for line in example.splitlines() if line]) == 3
    exec(compile(example, str(PAGE), "exec"), {})


@pytest.mark.parametrize("name", ["realdof.alignment.photographs", "realdof.matching.exposures"])
def test_the_examples_of_the_docstrings_hold(name: str) -> None:
    __import__(name)
    result = doctest.testmod(sys.modules[name])
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize(
    "dtype", ["uint8", "uint16", "uint32", "int16", "int32", "int64", "float16", "float32", "float64"]
)
def test_arrays_of_any_depth_align(dtype: str) -> None:
    views = pair(1)
    if dtype.startswith("float"):
        a, b = (image.clip(0, 1).astype(dtype) for image in (views.reference, views.moving))
    else:
        # 15 bits in 16 signed ones, 8 bits in wide ones, as arithmetic on images leaves them.
        scale = {"uint8": 255, "uint16": 65535, "uint32": 2**32 - 1, "int16": 2**15 - 1}.get(dtype, 255)
        a, b = (np.rint(image.astype(float) * scale).astype(dtype) for image in (views.reference, views.moving))
    found = realdof.align(a, b)
    assert found.verdict == "accepted", found.reason
    assert corner_distance(found.homography, views.homography, GRID) < 0.05
    assert found.error is not None
    assert found.error < 0.15


def test_negative_strides_and_transposed_layouts_are_taken_as_they_are() -> None:
    views = pair(0, mirrored=False)
    turned = [image[::-1, ::-1][::-1, ::-1].copy("F") for image in (views.reference, views.moving)]
    straight = realdof.align(views.reference.clip(0, 1), views.moving.clip(0, 1))
    found = realdof.align(turned[0].clip(0, 1), turned[1].clip(0, 1))
    np.testing.assert_array_equal(found.homography, straight.homography)
    flipped = realdof.align(views.reference.clip(0, 1), views.reference.clip(0, 1)[:, ::-1])
    assert flipped.mirrored
    assert corner_distance(flipped.homography, mirror(GRID), GRID) < 1e-3


def test_the_warped_photograph_lies_on_the_first_and_little_displacement_is_left() -> None:
    views = pair(2, noise=0.003)
    found = realdof.align(views.reference.clip(0, 1), views.moving.clip(0, 1))
    assert found.warped.shape == views.reference.shape
    middle = np.s_[60:-60, 60:-60]
    assert np.abs(found.warped[middle] - views.reference[middle]).mean() < 0.01
    lengths = [np.hypot(vector.dx, vector.dy) for vector in found.displacement]
    assert len(lengths) > 50
    assert np.median(lengths) < 0.03


def test_large_photographs_are_aligned_on_a_reduced_grid_and_told_in_their_own_pixels() -> None:
    small = skimage.data.stereo_motorcycle()[0]
    large = np.repeat(np.repeat(small, 4, axis=0), 4, axis=1)
    moved = np.roll(large, 8, axis=1)
    found = realdof.align(large, moved)
    assert found.warped.shape == large.shape
    np.testing.assert_allclose(found.homography, [[1, 0, 8], [0, 1, 0], [0, 0, 1]], atol=0.2)


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (np.zeros((200, 300)), np.zeros((200, 300)), "must be numbers"),
        (np.zeros((200, 300, 4)), np.zeros((200, 300, 4)), "must be numbers"),
        (np.zeros((200, 300, 3), bool), np.zeros((200, 300, 3), bool), "must be numbers"),
        (np.full((200, 300, 3), 255.0), np.zeros((200, 300, 3)), "lie in"),
        (np.full((200, 300, 3), np.nan), np.zeros((200, 300, 3)), "lie in"),
        (np.full((200, 300, 3), -1), np.zeros((200, 300, 3), int), "negative"),
        (np.zeros((200, 300, 3), np.uint8), np.zeros((200, 302, 3), np.uint8), "one size"),
        (np.zeros((100, 300, 3), np.uint8), np.zeros((100, 300, 3), np.uint8), "too small"),
    ],
)
def test_what_is_no_photograph_is_a_mistake_of_the_caller(a: np.ndarray, b: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        realdof.align(a, b)


def test_exposure_is_matched_on_the_mask_alone() -> None:
    source = skimage.data.astronaut()
    light = srgb_to_linear(source / 255) * 0.5
    # Beyond the mask the photographs differ by much more than their exposure.
    light[:, :256] = light[:, 256:]
    target = np.rint(linear_to_srgb(light) * 255).astype(np.uint8)
    mask = np.zeros(source.shape[:2], bool)
    mask[:, 256:] = True
    matched = realdof.match_exposure(source, target, mask)
    assert matched.gain == pytest.approx((2, 2, 2), rel=0.02)
    assert np.abs(matched.image[:, 256:] - source[:, 256:] / 255)[source[:, 256:].max(axis=2) < 250].mean() < 0.005
    assert realdof.match_exposure(source, target).gain != pytest.approx((2, 2, 2), rel=0.02)


def test_develop_gives_an_upright_photograph_and_takes_a_path_as_text(tmp_path: Path) -> None:
    mosaic = np.random.default_rng(0).integers(600, 16000, (64, 96), dtype=np.uint16)
    write_arw(tmp_path / "a.ARW", mosaic, Exif(), (2.0, 1.0, 1.5), orientation=6)
    developed = realdof.develop(str(tmp_path / "a.ARW"))
    assert developed.shape == (96, 64, 3)
    assert developed.flags.c_contiguous
    with pytest.raises(InputError, match=r"b\.ARW does not exist"):
        realdof.develop(tmp_path / "b.ARW")


def test_the_command_writes_homography_displacement_and_warped_image(tmp_path: Path) -> None:
    views = pair(3)
    for name, image in (("a.png", views.reference), ("b.tiff", views.moving)):
        write_pixels(tmp_path / name, np.rint(image * 65535).astype(np.uint16))
    done = command("align", tmp_path / "a.png", tmp_path / "b.tiff", "-o", tmp_path / "out")
    assert done.returncode == 0, sentences(done)
    assert "accepted: " in sentences(done)
    assert "ECC value 0.99" in sentences(done)
    facts = json.loads((tmp_path / "out" / "homography.json").read_text())
    assert corner_distance(np.array(facts["homography"]), views.homography, GRID) < 0.05
    assert facts["verdict"] == "accepted"
    assert (tmp_path / "out" / "displacement.csv").read_text().startswith("x,y,dx,dy\n")
    assert read_pixels(tmp_path / "out" / "warped.png").shape == (HEIGHT, WIDTH, 3)


def test_the_command_ends_with_status_1_for_two_scenes_and_2_for_two_sizes(tmp_path: Path) -> None:
    views = pair(3, other_scene=True)
    for name, image in (("a.png", views.reference), ("b.png", views.moving), ("c.png", views.moving[:300])):
        write_pixels(tmp_path / name, np.rint(image * 65535).astype(np.uint16))
    rejected = command("align", tmp_path / "a.png", tmp_path / "b.png", "-o", tmp_path / "out")
    assert rejected.returncode == 1
    assert "do not show the same scene" in sentences(rejected)
    unequal = command("align", tmp_path / "a.png", tmp_path / "c.png", "-o", tmp_path / "other")
    assert unequal.returncode == 2
    assert "give two of one size" in sentences(unequal)
    again = command("align", tmp_path / "a.png", tmp_path / "b.png", "-o", tmp_path / "out")
    assert again.returncode == 2
    assert "exists; give the name of a new folder" in sentences(again)
