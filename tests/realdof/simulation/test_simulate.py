"""Simulated captures: real file formats, and a truth beside them that the files bear out."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import rawpy

from realdof.captures.folder import find_scenes
from realdof.captures.scene import CAMERAS, MEMBERS, Kind, Scene
from realdof.common.errors import InputError
from realdof.geometry.grid import apply_homography
from realdof.images.resize import area_resize
from realdof.raw.cameras import A7R_IV
from realdof.raw.crop import crop
from realdof.raw.develop import camera_multipliers, develop
from realdof.raw.exif import Exif
from realdof.raw.write import write_arw
from realdof.simulation.parameters import DAYLIGHT, Simulation, draw_scene
from realdof.simulation.rig import BODIES, homography, raw_from_scene, stored_homography
from realdof.simulation.sensor import FULL_WELL, read_noise, read_out, signal
from realdof.simulation.shots import plan_shot
from realdof.simulation.simulate import CLIPPED_SHARE, simulate_captures

QUIET = Simulation(size="small", seed=5, noise=False)
GRID = BODIES["small"].grid


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One scene of each kind, without noise."""
    out = tmp_path_factory.mktemp("captures")
    folders = list(simulate_captures(out, 1, QUIET, ["sky", "wrong-pair", "clipped"]))
    assert [folder.name for folder in folders] == ["001", "002-sky", "003-wrong-pair", "004-clipped"]
    return out


def truth_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "truth.json").read_text())


def on_grid(path: Path, scene: Scene) -> np.ndarray:
    """Linear light as the pipeline sees it: shared white balance, cropped, a quarter of the size."""
    white_balance = camera_multipliers(scene.reference.a.path)
    image = crop(develop(path, white_balance, linear=True)).astype(np.float32) / 65535
    return area_resize(image, GRID.height, GRID.width)


def aligned(captures: Path, name: str, pair: Kind = "reference") -> tuple[np.ndarray, np.ndarray]:
    """Both cameras' images in camera A's grid, by the truth; nan where camera B does not see the scene."""
    (scene,) = (s for s in find_scenes(captures)[0] if s.name == name)
    a, b = (on_grid(scene.captures[pair, camera].path, scene) for camera in CAMERAS)
    return a, warped(b, np.array(truth_of(captures / name)["homography_a_to_b"]))


def warped(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The image at ``matrix`` p, for each pixel p; pixel 0 has its centre at 0.5, which is OpenCV's 0."""
    centres = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = np.linalg.inv(centres) @ matrix @ centres
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(image, matrix, (GRID.width, GRID.height), flags=flags, borderValue=(np.nan,) * 3)


def best_shift(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where the squared difference is smallest, px in x and y, from a parabola through shifts of half a pixel."""
    shifts = []
    for axis in (0, 1):
        costs = []
        for step in (-0.5, 0.0, 0.5):
            matrix = np.eye(3)
            matrix[axis, 2] = step
            costs.append(np.nanmean((warped(b, matrix) - a) ** 2))
        before, here, after = costs
        shifts.append(0.25 * (before - after) / (before - 2 * here + after))
    return np.array(shifts)


def test_the_folder_is_one_that_the_pipeline_finds_without_complaint(captures: Path) -> None:
    scenes, complaints = find_scenes(captures)
    assert [scene.name for scene in scenes] == ["001", "002-sky", "003-wrong-pair", "004-clipped"]
    assert complaints == []
    for scene in scenes:
        assert scene.defocused == truth_of(captures / scene.name)["defocused"]
        wide, narrow = scene.target.of(scene.defocused).exif, scene.target.of(scene.sharp).exif
        assert (wide.f_number, wide.iso, wide.exposure_time, wide.focal_length) == (1.8, 100, 1 / 125, 135)
        # 6.3 stops of light are 6.3 stops of ISO.
        assert (narrow.f_number, narrow.iso, narrow.exposure_time) == (16, 8000, 1 / 125)


def test_the_reference_pair_lies_on_itself_under_the_true_homography(captures: Path) -> None:
    a, b = aligned(captures, "001")
    gain = truth_of(captures / "001")["gain_b_over_a"]["reference"][0]
    assert np.isfinite(b).mean() > 0.8
    for window in (
        np.s_[:, : GRID.width // 2],
        np.s_[:, GRID.width // 2 :],
        np.s_[: GRID.height // 2],
        np.s_[GRID.height // 2 :],
    ):
        inside = np.full_like(a, np.nan)
        inside[window] = a[window]
        assert np.abs(best_shift(inside, b / gain)).max() < 0.02


@pytest.mark.parametrize("pair", ["reference", "target"])
def test_camera_b_is_brighter_by_the_true_gain_in_every_channel(captures: Path, pair: Kind) -> None:
    a, b = aligned(captures, "001", pair)
    seen = np.isfinite(b).all(axis=2)
    gains = b[seen].mean(axis=0) / a[seen].mean(axis=0)
    np.testing.assert_allclose(gains, truth_of(captures / "001")["gain_b_over_a"][pair], rtol=5e-3)


def test_the_sharp_camera_sees_in_the_target_pair_what_it_saw_in_the_reference_pair(captures: Path) -> None:
    scene = find_scenes(captures)[0][0]
    sharp, wide = scene.sharp, scene.defocused
    truth = truth_of(captures / "001")
    change = 1.0
    if sharp == "B":
        change = truth["gain_b_over_a"]["target"][0] / truth["gain_b_over_a"]["reference"][0]
    before = on_grid(scene.reference.of(sharp).path, scene)
    after = on_grid(scene.target.of(sharp).path, scene)
    # Demosaicing takes a few decisions otherwise at another brightness.
    assert np.abs(after - before * change).mean() < 1e-4
    blurred = on_grid(scene.target.of(wide).path, scene)
    assert np.abs(np.diff(blurred, axis=1)).mean() < 0.95 * np.abs(np.diff(before, axis=1)).mean()


def test_blur_is_where_the_radius_map_says(captures: Path) -> None:
    scene = find_scenes(captures)[0][0]
    with np.load(captures / "001" / "truth.npz") as maps:
        radius, narrow, distance = maps["radius_wide"], maps["radius_narrow"], maps["distance_m"]
    assert radius.shape == (GRID.height, GRID.width)
    # 12 px at 2376x1586; F16's disc is 1.8 / 16 of F1.8's.
    assert np.abs(radius).max() == pytest.approx(12 * GRID.width / 2376, rel=0.01)
    np.testing.assert_allclose(narrow, radius * 1.8 / 16, rtol=1e-5)
    np.testing.assert_array_equal(radius > 0, distance > 6.0)
    sharp = on_grid(scene.reference.of(scene.defocused).path, scene)
    blurred = on_grid(scene.target.of(scene.defocused).path, scene)
    matrix = np.array(truth_of(captures / "001")["homography_a_to_b"]) if scene.defocused == "B" else np.eye(3)
    lost = np.abs(np.nan_to_num(warped(sharp - blurred, matrix))).mean(axis=2)
    in_focus, out_of_focus = np.abs(radius) < 0.1, np.abs(radius) > 1.5
    assert lost[out_of_focus].mean() > 4 * lost[in_focus].mean()


def test_the_clipped_scene_has_22_percent_of_its_pixels_clipped_once_developed(captures: Path) -> None:
    developed = develop(captures / "004-clipped" / "reference" / "A.ARW")
    assert (developed.max(axis=2) >= 65500).mean() == pytest.approx(CLIPPED_SHARE, abs=0.02)


def test_the_bad_scenes_have_nothing_that_aligns(captures: Path) -> None:
    for name in ("002-sky", "003-wrong-pair"):
        assert truth_of(captures / name)["homography_a_to_b"] is None
    with rawpy.imread(str(captures / "002-sky" / "reference" / "A.ARW")) as raw:
        green = raw.raw_image[0::2, 1::2].astype(float)
    assert np.abs(np.diff(green, axis=1)).max() <= 1
    scene = find_scenes(captures)[0][2]
    a, b = (on_grid(scene.captures["reference", c].path, scene) for c in ("A", "B"))
    assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.5


def test_a_scene_is_the_same_to_the_byte_each_time_and_another_with_another_seed(tmp_path: Path) -> None:
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        list(simulate_captures(tmp_path / name, 0, Simulation(size="small", seed=seed), ["sky"]))
    files = [f"{kind}/{camera}.ARW" for kind, camera in MEMBERS] + ["truth.json", "truth.npz"]
    for file in files:
        first = (tmp_path / "first" / "001-sky" / file).read_bytes()
        assert first == (tmp_path / "again" / "001-sky" / file).read_bytes()
        if file != "truth.npz":
            assert first != (tmp_path / "other" / "001-sky" / file).read_bytes()


def test_a_dng_scene_develops_as_the_arw_scene(tmp_path: Path) -> None:
    for file_format in ("arw", "dng"):
        simulation = Simulation(size="small", noise=False, file_format=file_format)
        list(simulate_captures(tmp_path / file_format, 0, simulation, ["sky"]))
    arw, dng = (tmp_path / "arw/001-sky/target/B.ARW", tmp_path / "dng/001-sky/target/B.dng")
    assert np.abs(develop(arw).astype(int) - develop(dng)).max() < 40


def test_vignetting_darkens_the_corners_more_when_the_lens_is_wide_open(tmp_path: Path) -> None:
    light = {}
    for name, vignetting in (("without", False), ("with", True)):
        simulation = Simulation(size="small", noise=False, vignetting=vignetting)
        list(simulate_captures(tmp_path / name, 0, simulation, ["sky"]))
        (scene,), _ = find_scenes(tmp_path / name)
        for kind, camera in (("wide", scene.defocused), ("narrow", scene.sharp)):
            with rawpy.imread(str(scene.target.of(camera).path)) as raw:
                light[name, kind] = raw.raw_image.astype(float)[2:-2:2, 3:-3:2] - A7R_IV.black
    for kind, falloff in (("wide", 0.5), ("narrow", 0.05 + 0.45 * (1.8 / 16) ** 2)):
        share = light["with", kind] / light["without", kind]
        assert share[0, 0] == pytest.approx(1 - falloff, abs=0.01)
        assert share[share.shape[0] // 2, share.shape[1] // 2] == pytest.approx(1, abs=0.002)


def test_a_given_homography_is_the_truth_however_large(tmp_path: Path) -> None:
    matrix = homography(GRID, shift=(20, -17), rotation=10)
    simulation = Simulation(size="small", noise=False, homography=matrix.tolist())
    (folder,) = simulate_captures(tmp_path, 1, simulation)
    mirror = np.array([[-1, 0, GRID.width], [0, 1, 0], [0, 0, 1]])
    np.testing.assert_allclose(truth_of(folder)["homography_a_to_b"], mirror @ matrix)
    a, b = aligned(tmp_path, "001")
    gain = truth_of(folder)["gain_b_over_a"]["reference"][0]
    assert np.abs(best_shift(a, b / gain)).max() < 0.02


def test_what_cannot_be_simulated_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "001").mkdir()
    for scenes, simulation, words in (
        (1, Simulation(size="small"), "exists already"),
        (0, Simulation(size="small"), "ask for at least one"),
    ):
        with pytest.raises(InputError, match=words):
            list(simulate_captures(tmp_path, scenes, simulation))
    with pytest.raises(InputError, match=r"a blur radius of 40 px is impossible at F5\.6; give less than 18"):
        list(simulate_captures(tmp_path / "new", 1, Simulation("small", wide_f_number=5.6, largest_radius=40)))
    with pytest.raises(InputError, match="gains from 0 to 1 are impossible"):
        list(simulate_captures(tmp_path / "new", 1, Simulation("small", smallest_gain=0, largest_gain=1)))
    with pytest.raises(InputError, match="is no homography"):
        list(simulate_captures(tmp_path / "new", 1, Simulation("small", homography=[[1, 0, 0]] * 3)))
    vanishing = homography(GRID, perspective=(0.9, 0))
    with pytest.raises(InputError, match="hardly a common view"):
        list(simulate_captures(tmp_path / "new", 1, Simulation("small", homography=vanishing.tolist())))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("noisy_narrow", [True, False])
def test_the_narrow_apertures_noise_is_that_of_its_iso_unless_it_is_asked_not_to_be(noisy_narrow: bool) -> None:
    simulation = Simulation(size="small", noisy_narrow=noisy_narrow)
    draw = draw_scene(simulation, BODIES["small"], 1)
    shots = {member: plan_shot(simulation, draw, 1, member, 0.5) for member in MEMBERS}
    for (kind, camera), shot in shots.items():
        wide = kind == "target" and camera == draw.defocused
        assert shot.exif.iso == (100 if wide else 8000)
        assert shot.noise_iso == (8000 if noisy_narrow and not wide else 100)


def test_random_geometry_and_gain_stay_within_what_was_asked() -> None:
    simulation = Simulation(largest_shift=80, largest_rotation=2, smallest_gain=0.7, largest_gain=1.4)
    body = BODIES["full"]
    centre = np.array([[body.grid.width / 2, body.grid.height / 2]])
    cameras = set()
    for number in range(100):
        draw = draw_scene(simulation, body, number)
        assert np.linalg.norm(apply_homography(draw.homography, centre) - centre) <= 80
        assert all(0.7 <= gain <= 1.4 for gain in draw.gains.values())
        assert draw.gains["target"] == pytest.approx(draw.gains["reference"], rel=0.031)
        cameras.add(draw.defocused)
    assert cameras == {"A", "B"}


def test_the_rigs_homography_moves_the_centre_by_its_shift_and_turns_about_it() -> None:
    matrix = homography(GRID, (7, -3), rotation=90, perspective=(0.01, 0.02))
    centre = np.array([[GRID.width / 2, GRID.height / 2]])
    np.testing.assert_allclose(apply_homography(matrix, centre), centre + np.array([7, -3]))
    turned = apply_homography(homography(GRID, rotation=90), centre + np.array([10, 0]))
    np.testing.assert_allclose(turned, centre + np.array([0, 10]), atol=1e-9)


def test_full_size_scene_coordinates_are_the_pixels_of_the_papers_crop() -> None:
    body = BODIES["full"]
    assert (body.grid.height, body.grid.width) == (1586, 2376)
    corner = np.array([[0.0, 0.0]])
    np.testing.assert_allclose(apply_homography(raw_from_scene(body, np.eye(3)), corner), [[32, 16]])
    mirrored = stored_homography(body, np.eye(3), mirrored=True)
    np.testing.assert_allclose(apply_homography(raw_from_scene(body, mirrored), corner), [[32 + 9504, 16]])
    # A grid pixel covers four by four: its shift by one is theirs by four.
    one = homography(body.grid, shift=(1, 0))
    np.testing.assert_allclose(apply_homography(raw_from_scene(body, one), corner), [[36, 16]])


def test_light_comes_back_from_developing_in_its_own_colours(tmp_path: Path) -> None:
    size = 96
    ramp = np.linspace(0.1, 0.9, size, dtype=np.float32)
    light = np.stack([*np.meshgrid(ramp, ramp), np.full((size, size), 0.4, np.float32)], axis=2)
    mosaic = read_out(signal(light, 1.0, np.array(DAYLIGHT)), None, np.random.default_rng(0))
    write_arw(tmp_path / "a.ARW", mosaic, Exif(), DAYLIGHT)
    developed = develop(tmp_path / "a.ARW", linear=True) / 65535
    # The outermost pixels have too few neighbours to be interpolated from.
    assert np.abs(developed - light)[4:-4, 4:-4].max() < 5e-4
    assert np.abs((developed - light)[4:-4, 4:-4].mean(axis=(0, 1))).max() < 2e-4


@pytest.mark.parametrize("iso", [100, 8000])
@pytest.mark.parametrize("light", [0.0, 0.05, 0.5])
def test_noise_is_that_of_the_photons_and_of_reading_them(iso: float, light: float) -> None:
    levels = read_out(np.full((500, 500), light, np.float32), iso, np.random.default_rng(0)).astype(float)
    electrons = light * FULL_WELL * 100 / iso
    expected = np.sqrt(electrons + read_noise(iso) ** 2) / (FULL_WELL * 100 / iso) * (A7R_IV.white - A7R_IV.black)
    # Rounding to whole levels adds a twelfth.
    assert levels.std() == pytest.approx(np.hypot(expected, np.sqrt(1 / 12)), rel=0.02)
    assert levels.mean() == pytest.approx(
        A7R_IV.black + light * (A7R_IV.white - A7R_IV.black), abs=0.01 * expected + 0.02
    )


def test_a_real_a7r_ivs_noise_profile_is_met_at_iso_100() -> None:
    # NoiseProfile of the DNG made from DSC8101.ARW: variance 2.626e-5 x + 8.99e-9 of the full range.
    assert pytest.approx(1 / FULL_WELL, rel=0.01) == 2.626e-5
    assert (read_noise(100) / FULL_WELL) ** 2 == pytest.approx(8.99e-9, rel=0.02)


def test_levels_beyond_the_range_are_clipped() -> None:
    levels = read_out(np.array([[-1.0, 2.0]], np.float32), None, np.random.default_rng(0))
    assert levels.tolist() == [[0, A7R_IV.white]]
