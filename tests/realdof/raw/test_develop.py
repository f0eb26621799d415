"""Developing raw files as the paper's recipe needs it: known light in, the same colours out."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import rawpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realdof.common.errors import InputError
from realdof.images.colour import linear_to_srgb, srgb_to_linear
from realdof.images.files import write_pixels
from realdof.raw.cameras import A7R_IV
from realdof.raw.develop import camera_multipliers, develop, image_size
from realdof.raw.exif import Exif
from realdof.raw.write import write_arw, write_dng

DAYLIGHT = (2.5, 1.0, 1.5)
# Of 65535; LibRaw rounds to 16 bits before and after the matrix and looks the curve up in a table.
LINEAR_TOLERANCE, SRGB_TOLERANCE = 3, 24


def grey_mosaic(light: float, white_balance: tuple[float, float, float], size: int = 64) -> np.ndarray:
    """What a sensor records of grey light (1 fills the green pixels) under that white balance."""
    mosaic = np.empty((size, size))
    mosaic[0::2, 0::2] = light / white_balance[0]
    mosaic[0::2, 1::2] = mosaic[1::2, 0::2] = light / white_balance[1]
    mosaic[1::2, 1::2] = light / white_balance[2]
    return np.rint(A7R_IV.black + mosaic * (A7R_IV.white - A7R_IV.black)).astype(np.uint16)


@pytest.fixture
def arw(tmp_path: Path) -> Path:
    mosaic = np.random.default_rng(1).integers(A7R_IV.black, A7R_IV.white, (64, 96), dtype=np.uint16)
    write_arw(tmp_path / "a.ARW", mosaic, Exif(), DAYLIGHT)
    return tmp_path / "a.ARW"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(light=st.floats(0.01, 1))
def test_grey_light_develops_to_its_own_srgb_value_whatever_its_brightness(tmp_path: Path, light: float) -> None:
    mosaic = grey_mosaic(light, DAYLIGHT)
    write_arw(tmp_path / "a.ARW", mosaic, Exif(), DAYLIGHT)
    # The green pixels' rounding is the light's; red and blue are rounded more coarsely.
    recorded = (mosaic[0, 1] - A7R_IV.black) / (A7R_IV.white - A7R_IV.black)
    coarse = 0.5 / (A7R_IV.white - A7R_IV.black) * 65535 * 2.5
    linear = develop(tmp_path / "a.ARW", linear=True)
    assert np.abs(linear - recorded * 65535).max() < 2 * coarse + LINEAR_TOLERANCE
    expected = linear_to_srgb(linear.astype(np.float64) / 65535) * 65535
    assert np.abs(develop(tmp_path / "a.ARW") - expected).max() < SRGB_TOLERANCE


def test_brightness_is_not_stretched_to_each_images_own_maximum(tmp_path: Path) -> None:
    # LibRaw's defaults would: a scene just below white is where they start to.
    write_arw(tmp_path / "a.ARW", grey_mosaic(0.8, DAYLIGHT), Exif(), DAYLIGHT)
    assert develop(tmp_path / "a.ARW", linear=True).mean() == pytest.approx(0.8 * 65535, abs=8)


def test_two_cameras_that_chose_other_white_balances_agree_under_a_shared_one(tmp_path: Path) -> None:
    mosaic = grey_mosaic(0.3, DAYLIGHT)
    write_arw(tmp_path / "a.ARW", mosaic, Exif(), DAYLIGHT)
    write_arw(tmp_path / "b.ARW", mosaic, Exif(), (2.0, 1.0, 1.9))
    shared = camera_multipliers(tmp_path / "a.ARW")
    assert shared[:3] == DAYLIGHT
    own, other = develop(tmp_path / "a.ARW"), develop(tmp_path / "b.ARW")
    assert np.abs(own.astype(int) - other).max() > 1000
    np.testing.assert_array_equal(develop(tmp_path / "b.ARW", shared), own)
    np.testing.assert_array_equal(develop(tmp_path / "a.ARW", shared), own)


def test_an_arw_and_a_dng_of_one_mosaic_develop_alike_with_one_matrix(arw: Path) -> None:
    with rawpy.imread(str(arw)) as raw:
        mosaic, matrix = raw.raw_image.copy(), raw.rgb_xyz_matrix[:3].astype(float)
    write_dng(arw.with_suffix(".dng"), mosaic, Exif(), DAYLIGHT, matrix)
    difference = develop(arw, linear=True).astype(int) - develop(arw.with_suffix(".dng"), linear=True)
    # The DNG's 1 / 2.5 and 1 / 1.5 are rounded to 1 / 10000.
    assert np.abs(difference).max() <= 16


def test_a_point_of_light_stays_where_it_is(tmp_path: Path) -> None:
    size = 64
    mosaic = grey_mosaic(0.1, DAYLIGHT, size)
    mosaic[30:34, 20:24] = grey_mosaic(0.9, DAYLIGHT, 4)
    write_arw(tmp_path / "a.ARW", mosaic, Exif(), DAYLIGHT)
    light = develop(tmp_path / "a.ARW", linear=True).astype(float) - 0.1 * 65535
    rows, columns = np.mgrid[:size, :size] + 0.5
    for channel in range(3):
        weights = light[..., channel]
        centre = (weights * rows).sum() / weights.sum(), (weights * columns).sum() / weights.sum()
        assert centre == pytest.approx((32, 22), abs=0.15)


def test_size_is_known_without_developing(arw: Path) -> None:
    assert image_size(arw) == develop(arw).shape[:2] == (64, 96)


@pytest.mark.parametrize("suffix", [".tiff", ".TIF", ".png"])
def test_files_from_lightroom_are_taken_as_they_are(tmp_path: Path, suffix: str) -> None:
    pixels = np.random.default_rng(2).integers(0, 65536, (8, 12, 3), dtype=np.uint16)
    path = tmp_path / f"a{suffix}"
    write_pixels(path, pixels)
    np.testing.assert_array_equal(develop(path), pixels)
    expected = srgb_to_linear(pixels / 65535) * 65535
    assert np.abs(develop(path, linear=True) - expected).max() <= 0.5
    assert image_size(path) == (8, 12)


def test_eight_bits_are_stretched_to_sixteen(tmp_path: Path) -> None:
    write_pixels(tmp_path / "a.png", np.full((8, 8, 3), 255, np.uint8))
    assert (develop(tmp_path / "a.png") == 65535).all()


def test_a_developed_files_white_balance_cannot_be_changed(tmp_path: Path) -> None:
    write_pixels(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint16))
    with pytest.raises(InputError, match="already developed"):
        develop(tmp_path / "a.png", (2.0, 1.0, 1.5, 1.0))
    with pytest.raises(InputError, match="already developed"):
        camera_multipliers(tmp_path / "a.png")


@pytest.mark.parametrize("share", [0.0, 0.0005, 0.01, 0.02, 0.5, 0.9999])
def test_a_truncated_raw_file_is_one_sentence(arw: Path, share: float, capfd: pytest.CaptureFixture[str]) -> None:
    content = arw.read_bytes()
    arw.write_bytes(content[: int(share * len(content))])
    for read in (develop, image_size, camera_multipliers):
        with pytest.raises(InputError, match=r"a\.ARW is (empty|truncated)"):
            read(arw)
    # LibRaw itself would write to stderr.
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (cv2.imencode(".jpg", np.zeros((32, 32, 3), np.uint8))[1].tobytes(), "is a JPEG"),
        (cv2.imencode(".png", np.zeros((32, 32, 3), np.uint8))[1].tobytes(), "no raw file"),
        (cv2.imencode(".tiff", np.zeros((32, 32, 3), np.uint16))[1].tobytes(), "no raw file"),
        (np.random.default_rng(3).bytes(10_000), "no raw file"),
        (b"not an image " * 100, "no raw file"),
    ],
    ids=["jpeg", "png", "tiff", "noise", "text"],
)
def test_what_is_no_raw_file_is_refused_by_name(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.ARW"
    path.write_bytes(content)
    for read in (develop, image_size, camera_multipliers):
        with pytest.raises(InputError, match=rf"a\.ARW .*{words}"):
            read(path)


@pytest.mark.parametrize("name", ["missing.ARW", "folder.ARW", "missing.tiff"])
def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.ARW").mkdir()
    for read in (develop, image_size):
        with pytest.raises(InputError, match=name):
            read(tmp_path / name)


def test_a_white_balance_that_the_camera_left_out_is_asked_for(arw: Path) -> None:
    write_arw(arw, np.full((64, 96), 600, np.uint16), replace(Exif(), iso=100), (0.0, 0.0, 0.0))
    with pytest.raises(InputError, match="no white balance"):
        camera_multipliers(arw)
