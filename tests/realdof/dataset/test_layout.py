"""The layout knows every file of a data set, and no scene's name leads out of it."""

from pathlib import Path

import pytest

from realdof.common.errors import InputError
from realdof.dataset.layout import FOLDERS, Stage, scene_paths


def test_the_files_of_a_scene_lie_where_the_reference_says() -> None:
    out = Path("out")
    names = {path.relative_to(out).as_posix() for path in scene_paths(out, "001")}
    assert names == {
        "source/001.png",
        "target/001.png",
        "reference/001_fixed.png",
        "reference/001_before.png",
        "reference/001_moved.png",
        "scenes/001.json",
        *(f"stages/001/1_reduced_{kind}_{camera}.png" for kind in ("reference", "target") for camera in "AB"),
        *(f"stages/001/2_warped_{kind}.png" for kind in ("reference", "target")),
    }
    assert {name.split("/")[0] for name in names} == set(FOLDERS)


def test_a_stage_is_found_by_pair_and_camera() -> None:
    assert Stage.reduced("target", "B") is Stage.REDUCED_TARGET_B
    assert Stage.warped("reference") is Stage.WARPED_REFERENCE


@pytest.mark.parametrize("name", ["..", "../other", "a/b", "a\\b", "a\0"])
def test_no_scene_s_name_leads_out_of_the_data_set(name: str) -> None:
    with pytest.raises(InputError, match="would lead out of"):
        scene_paths(Path("out"), name)
