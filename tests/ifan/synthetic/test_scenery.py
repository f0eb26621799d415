"""3-D scenes with depth. What renders needs POV-Ray (Debian: apt-get install povray), as .ci/run installs it."""

import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from ifan.synthetic.scenery import materials
from ifan.synthetic.scenery.language import Item, Scene
from ifan.synthetic.scenery.materials import Picture
from ifan.synthetic.scenery.povray import SKY_M, read_pictures, render
from ifan.synthetic.scenery.scenes import RECIPES, compose
from realdof.common.errors import InputError

needs_povray = pytest.mark.skipif(shutil.which("povray") is None, reason="needs POV-Ray: apt-get install povray")
PICTURES = (Picture(Path("a.png"), 400, 300), Picture(Path("b.png"), 1000, 500))


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    folder = tmp_path / "photographs"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (240, 260, 3), np.uint8)
    assert cv2.imwrite(str(folder / "noise.png"), pixels)
    return folder


def _two_planes(strength: float = 1.0) -> Scene:
    """A white board, turned by 7 degrees, 2 m away, before a dark wall 5 m away."""
    board = Item(
        "box { <-0.3,-0.37,0>, <0.41,0.33,0.01> }", materials.glow((1, 1, 1), strength), "rotate z*7 translate z*2"
    )
    wall = Item("plane { z, 0 }", materials.glow((0.02, 0.02, 0.02), 1), "translate z*5")
    return Scene("planes", (board, wall), (), (), "", 40.0, 0.0, ())


def test_a_seed_and_pictures_name_one_scene() -> None:
    assert compose(12, PICTURES).text("image", 1.5) == compose(12, PICTURES).text("image", 1.5)
    assert compose(12, PICTURES).text("image", 1.5) != compose(17, PICTURES).text("image", 1.5)


def test_seeds_go_through_all_kinds_of_scenes_and_say_which_pictures_they_show() -> None:
    scenes = [compose(seed, PICTURES) for seed in range(len(RECIPES))]
    assert [scene.kind for scene in scenes] == list(RECIPES)
    for scene in scenes:
        text = scene.text("image", 1.5)
        assert [picture.path.name for picture in PICTURES if f'"{picture.path}"' in text] == list(scene.photographs)


def test_the_distance_pass_has_neither_lights_nor_surfaces() -> None:
    text = compose(3, PICTURES).text("distance", 1.5)
    assert "light_source" not in text
    assert "image_map" not in text


def test_a_scene_without_pictures_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        compose(0, ())


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no 8-bit PNG files"):
        read_pictures(tmp_path)


def test_a_machine_without_povray_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(InputError, match="apt-get install povray"):
        render(_two_planes(), 48, 32)


@needs_povray
def test_depth_is_in_metres_and_aligned_with_the_image_to_a_twentieth_of_a_pixel() -> None:
    found = render(_two_planes(), 192, 128, exposure=1.0)
    assert set(np.unique(found.depth)) == {2, 5}
    linear = (found.image[:, :, 0] / 255.0) ** 2.2
    coverage = (linear - linear.min()) / (linear.max() - linear.min())
    board = found.depth < 3
    # An anti-aliased pixel belongs to what covers most of it; its centre says so but for narrow corners.
    assert ((coverage > 0.5) != board).sum() <= 2
    rows, columns = np.mgrid[:128, :192]
    for place in (rows, columns):
        assert (coverage * place).sum() / coverage.sum() == pytest.approx(place[board].mean(), abs=0.05)


@needs_povray
def test_what_is_brighter_than_white_is_kept_in_linear_light() -> None:
    wall = Item("plane { z, 0 }", materials.glow((0.5, 0.5, 0.5), 1), "translate z*5")
    lamp = Item("sphere { <0,0,4>, 0.1 }", materials.glow((1, 1, 1), 8), casts_shadow=False)
    found = render(Scene("lamp", (wall, lamp), (), (), "", 40.0, 0.0, ()), 96, 64, exposure=0.5)
    centre = 32 * 96 + 48
    assert centre in found.highlight_index
    assert found.highlight_rgb[found.highlight_index == centre] == pytest.approx(8, rel=0.01)
    assert (found.image[32, 48] == 255).all()
    assert (found.highlight_rgb.max(axis=1) > 1).all()


@needs_povray
def test_the_sky_is_as_far_as_depth_goes() -> None:
    board = Item("box { <-0.1,-0.1,2>, <0.1,0.1,2.1> }", materials.glow((1, 1, 1), 1))
    found = render(Scene("board", (board,), (), (), "", 40.0, 0.0, ()), 48, 32)
    assert found.depth[0, 0] == SKY_M
    assert found.depth[16, 24] == 2


@needs_povray
def test_the_command_renders_each_scene_once_and_records_it(photographs: Path, tmp_path: Path) -> None:
    out = tmp_path / "scenes"
    command = [sys.executable, "-m", "ifan.synthetic.scenery", "--photographs", str(photographs), "--out", str(out)]
    command += ["--count", "1", "--first", "4", "--size", "72", "48"]
    first = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "004.npz wall" in first.stdout
    with np.load(out / "004.npz") as file:
        assert file["image"].shape == (48, 72, 3)
        assert file["depth"].shape == (48, 72)
        assert (file["depth"] > 0.25).all()
        assert len(np.unique(file["depth"])) > 50
    assert '"textures": ["noise.png"]' in (out / "004.json").read_text()
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == ""
