"""Raw files that we write: LibRaw must read from them exactly what went in."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import rawpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realdof.common.errors import InputError
from realdof.raw.cameras import A7R_IV
from realdof.raw.exif import Exif, read_exif
from realdof.raw.write import write_arw, write_dng

SHOT = Exif(
    model="ILCE-7RM4",
    body_serial="03374840",
    lens="FE 135mm F1.8 GM",
    time=datetime(2020, 11, 14, 12, 0, 1, 234_000),
    time_step=0.001,
    exposure_time=1 / 125,
    f_number=1.8,
    iso=100,
    focal_length=135,
)
DAYLIGHT = (2.5, 1.0, 1.5)
MATRIX = np.array([[0.7, -0.2, -0.1], [-0.5, 1.3, 0.25], [-0.1, 0.2, 0.6]])
XYZ_FROM_SRGB = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def random_mosaic(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * width).integers(0, A7R_IV.white + 1, (height, width), dtype=np.uint16)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.integers(11, 40), columns=st.integers(12, 40))
def test_libraw_reads_every_value_of_the_mosaic_from_both_formats(tmp_path: Path, rows: int, columns: int) -> None:
    mosaic = random_mosaic(2 * rows, 2 * columns)
    write_arw(tmp_path / "a.ARW", mosaic, SHOT, DAYLIGHT)
    write_dng(tmp_path / "a.dng", mosaic, SHOT, DAYLIGHT, MATRIX)
    for name in ("a.ARW", "a.dng"):
        with rawpy.imread(str(tmp_path / name)) as raw:
            np.testing.assert_array_equal(raw.raw_image, mosaic)


def test_libraw_takes_an_arw_for_an_a7r_iv(tmp_path: Path) -> None:
    write_arw(tmp_path / "a.ARW", random_mosaic(64, 96), SHOT, DAYLIGHT)
    with rawpy.imread(str(tmp_path / "a.ARW")) as raw:
        assert raw.black_level_per_channel == [A7R_IV.black] * 4
        assert raw.white_level == A7R_IV.white
        assert raw.raw_pattern.tolist() == [[0, 1], [3, 2]]
        np.testing.assert_allclose(raw.camera_whitebalance, [2560, 1024, 1536, 1024])
        # The camera's own matrix, which no tag of ours holds.
        assert raw.rgb_xyz_matrix[0, 0] > 0.5


def test_a_dng_carries_its_levels_white_balance_and_matrix(tmp_path: Path) -> None:
    write_dng(tmp_path / "a.dng", random_mosaic(64, 96), SHOT, DAYLIGHT, MATRIX)
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        assert raw.black_level_per_channel == [A7R_IV.black] * 4
        assert raw.white_level == A7R_IV.white
        np.testing.assert_allclose(raw.camera_whitebalance[:3], DAYLIGHT, rtol=1e-4)
        # LibRaw's matrix leads from the camera's colours, with its white at (1, 1, 1), to linear sRGB.
        camera_from_srgb = MATRIX @ XYZ_FROM_SRGB
        camera_from_srgb /= camera_from_srgb.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(raw.color_matrix[:, :3] @ camera_from_srgb, np.eye(3), atol=1e-3)


def test_at_full_size_both_formats_show_the_same_9568_columns(tmp_path: Path) -> None:
    mosaic = np.broadcast_to(np.uint16(A7R_IV.black), (A7R_IV.raw_height, A7R_IV.raw_width))
    write_arw(tmp_path / "a.ARW", mosaic, SHOT, DAYLIGHT)
    write_dng(tmp_path / "a.dng", mosaic, SHOT, DAYLIGHT, MATRIX)
    for name in ("a.ARW", "a.dng"):
        with rawpy.imread(str(tmp_path / name)) as raw:
            assert (raw.sizes.height, raw.sizes.width) == (A7R_IV.raw_height, A7R_IV.visible_width)


@pytest.mark.parametrize("name", ["a.ARW", "a.dng"])
def test_what_the_camera_wrote_about_the_shot_comes_back(tmp_path: Path, name: str) -> None:
    write = {"a.ARW": write_arw, "a.dng": lambda *given: write_dng(*given, MATRIX)}[name]
    write(tmp_path / name, random_mosaic(64, 96), SHOT, DAYLIGHT)
    assert read_exif(tmp_path / name) == SHOT


def test_what_is_not_known_about_the_shot_is_not_written(tmp_path: Path) -> None:
    write_arw(tmp_path / "a.ARW", random_mosaic(64, 96), Exif(), DAYLIGHT)
    assert read_exif(tmp_path / "a.ARW") == Exif(model="ILCE-7RM4")


def test_a_time_without_sub_seconds_comes_back_as_one_of_whole_seconds(tmp_path: Path) -> None:
    shot = replace(SHOT, time=datetime(2020, 11, 14, 12, 0, 1), time_step=1.0)
    write_arw(tmp_path / "a.ARW", random_mosaic(64, 96), shot, DAYLIGHT)
    assert read_exif(tmp_path / "a.ARW") == shot


@pytest.mark.parametrize("shape", [(63, 96), (64, 95), (20, 96)])
def test_a_mosaic_that_no_sensor_has_is_refused(tmp_path: Path, shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="even sides"):
        write_arw(tmp_path / "a.ARW", np.zeros(shape, np.uint16), SHOT, DAYLIGHT)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_to_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="cannot write"):
        write_arw(tmp_path / "file" / "a.ARW", random_mosaic(64, 96), SHOT, DAYLIGHT)
