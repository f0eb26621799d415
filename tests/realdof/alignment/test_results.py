"""The folder that an alignment is written to."""

import json
from pathlib import Path

import numpy as np
from small_pairs import pair

from realdof import align
from realdof.alignment.results import write_results
from realdof.images.files import read_pixels


def test_the_folder_holds_the_warped_photograph_to_16_bits_the_displacement_and_the_homography(tmp_path: Path) -> None:
    views = pair(3)
    found = align(views.reference, views.moving)
    write_results(tmp_path / "new" / "out", found)
    warped = read_pixels(tmp_path / "new" / "out" / "warped.png")
    np.testing.assert_allclose(warped / 65535, found.warped, atol=0.6 / 65535)
    facts = json.loads((tmp_path / "new" / "out" / "homography.json").read_text())
    np.testing.assert_array_equal(facts["homography"], found.homography)
    heading, *rows = (tmp_path / "new" / "out" / "displacement.csv").read_text().splitlines()
    assert heading == "x,y,dx,dy"
    assert len(rows) == len(found.displacement) > 10
