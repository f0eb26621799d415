"""All eight orientations of a raw file come from the file, through LibRaw, and an image is turned as they ask."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from realdof.raw.cameras import A7R_IV
from realdof.raw.develop import develop, develop_cropped, develop_half, image_size, raw_orientation
from realdof.raw.exif import Exif
from realdof.raw.orientation import upright, upright_size
from realdof.raw.write import write_arw, write_dng

ORIENTATIONS = range(1, 9)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_an_image_is_turned_as_pillow_turns_it(orientation: int) -> None:
    pixels = np.random.default_rng(orientation).integers(0, 256, (3, 5, 3), np.uint8)
    exif = Image.Exif()
    exif[274] = orientation
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", exif=exif)
    with Image.open(buffer) as stored:
        expected = np.asarray(ImageOps.exif_transpose(stored))
    np.testing.assert_array_equal(upright(pixels, orientation), expected)
    assert upright_size(3, 5, orientation) == expected.shape[:2]


@pytest.mark.parametrize("suffix", [".ARW", ".dng"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_raw_files_own_orientation_is_applied_once(tmp_path: Path, orientation: int, suffix: str) -> None:
    mosaic = np.random.default_rng(0).integers(600, 16000, (64, 96), dtype=np.uint16)
    path, straight, balance = tmp_path / f"a{suffix}", tmp_path / f"straight{suffix}", (2.0, 1.0, 1.5)
    for file, turn in ((path, orientation), (straight, 1)):
        if suffix == ".ARW":
            write_arw(file, mosaic, Exif(), balance, orientation=turn)
        else:
            write_dng(file, mosaic, Exif(), balance, A7R_IV.camera_from_xyz, orientation=turn)
    assert raw_orientation(path) == orientation
    # ``develop`` keeps the sensor's own grid.
    np.testing.assert_array_equal(develop(path), develop(straight))
    np.testing.assert_array_equal(develop_cropped(path).pixels, upright(develop(straight), orientation))
    np.testing.assert_array_equal(develop_half(path).pixels, upright(develop_half(straight).pixels, orientation))
    assert image_size(path) == develop_cropped(path).pixels.shape[:2]
