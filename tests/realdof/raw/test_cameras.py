"""The one table of camera facts says what LibRaw says."""

from pathlib import Path

import numpy as np
import rawpy

from realdof.raw.cameras import A7R_IV, SONY_SERIALS
from realdof.raw.exif import Exif
from realdof.raw.write import write_arw


def test_the_a7r_ivs_levels_and_colour_matrix_are_librawrs(tmp_path: Path) -> None:
    write_arw(tmp_path / "a.ARW", np.full((22, 24), A7R_IV.black, np.uint16), Exif(), (1.0, 1.0, 1.0))
    with rawpy.imread(str(tmp_path / "a.ARW")) as raw:
        np.testing.assert_array_equal(raw.rgb_xyz_matrix[:3], A7R_IV.camera_from_xyz)
        assert raw.white_level == A7R_IV.white
        assert raw.black_level_per_channel == [A7R_IV.black] * 4


def test_the_papers_crop_is_the_centre_of_what_libraw_shows() -> None:
    kept = A7R_IV.paper_crop
    assert (kept.width, kept.height) == (9504, 6344)
    assert 2 * kept.left + kept.width == A7R_IV.visible_width
    assert 2 * kept.top + kept.height == A7R_IV.raw_height


def test_the_papers_camera_and_its_sister_keep_their_serial_number_at_one_place() -> None:
    assert SONY_SERIALS["ILCE-7RM4"] == SONY_SERIALS["ILCE-7RM4A"]
