"""What is kept of a developed image: the paper's part of an A7R IV's, of any other what its file recommends."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realdof.geometry.grid import Region
from realdof.raw.cameras import A7R_IV
from realdof.raw.crop import crop, half_of, kept_region
from realdof.raw.develop import develop, develop_cropped, develop_half
from realdof.raw.exif import Exif
from realdof.raw.write import write_dng


@pytest.mark.parametrize("width", [9568, 9600])
def test_an_a7r_ivs_image_is_cut_to_the_papers_size_at_one_place_of_the_sensor(width: int) -> None:
    pixels = np.broadcast_to(np.arange(width), (6376, width))
    cut = crop(pixels)
    assert cut.shape == (6344, 9504)
    assert cut[0, 0] == 32
    assert crop(np.broadcast_to(np.arange(6376)[:, None], (6376, width)))[0, 0] == 16


@given(height=st.integers(4, 50), width=st.integers(4, 50))
def test_other_images_are_cut_centrally_to_sides_that_divide_by_four(height: int, width: int) -> None:
    rows = crop(np.broadcast_to(np.arange(height)[:, None], (height, width)))
    assert rows.shape == (height // 4 * 4, width // 4 * 4)
    above, below = rows[0, 0], height - 1 - rows[-1, 0]
    assert 0 <= below - above <= 1


def test_the_crop_that_a_file_recommends_is_kept_of_any_other_camera(tmp_path: Path) -> None:
    mosaic = np.random.default_rng(0).integers(600, 16000, (64, 96), dtype=np.uint16)
    path = tmp_path / "a.dng"
    write_dng(path, mosaic, Exif(), (2.0, 1.0, 1.5), A7R_IV.camera_from_xyz, crop=Region(8, 12, 48, 72))
    whole, kept = develop(path), develop_cropped(path)
    np.testing.assert_array_equal(kept.pixels, whole[8:56, 12:84])
    assert develop_half(path).pixels.shape == (24, 36, 3)


def test_half_of_a_region_covers_the_same_part_of_half_the_image() -> None:
    assert half_of(kept_region(6376, 9568)) == Region(8, 16, 3172, 4752)
