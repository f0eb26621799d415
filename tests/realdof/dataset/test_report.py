"""The report of a built data set: one page that shows what a scene is to be trusted for."""

import base64
import io
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from axe_core_python.selenium import Axe
from PIL import Image, ImageSequence
from selenium.webdriver.common.keys import Keys
from view_pairs import view_pair

from realdof.alignment.displacement import ShiftVector
from realdof.alignment.estimate import AlignmentSettings, estimate_homography
from realdof.common.errors import InputError
from realdof.dataset.layout import MANIFEST, Role, image_path, picture_path, record_path
from realdof.dataset.manifest import Build, Manifest, OutputFile, SceneRecord, read_record, without_maps, write_record
from realdof.dataset.report.displacement import arrow_field, shift_map
from realdof.dataset.report.flip import FLIP_WIDTH, PERIOD_MS, flip
from realdof.dataset.report.page import write_report
from realdof.dataset.report.pictures import colour_map, detail_corner
from realdof.geometry.grid import Grid
from realdof.geometry.region import valid_region
from realdof.geometry.warp import warp_to_grid
from realdof.images.depth import to_eight_bits
from realdof.images.files import read_pixels, write_pixels
from realdof.matching.photometry import apply_photometry, fit_photometry
from realdof.matching.quality import measure_quality
from realdof.settings import Settings

HEIGHT, WIDTH = 500, 740
HOSTILE = "<script>alert(1)</script>"


def _written(out: Path, path: Path, image: np.ndarray) -> OutputFile:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_pixels(path, np.round(np.clip(image, 0, 1) * 65535).astype(np.uint16))
    height, width = image.shape[:2]
    return OutputFile(file=path.relative_to(out).as_posix(), sha256="0" * 64, height=height, width=width, bits=16)


def _scene(out: Path, name: str, seed: int) -> SceneRecord:
    cv2.setNumThreads(1)
    pair = view_pair(seed, HEIGHT, WIDTH, finer=2, shift=30.0, gain=1.2, leaves=6000)
    alignment = estimate_homography(pair.reference, pair.moving, AlignmentSettings())
    grid = Grid(HEIGHT, WIDTH)
    region = valid_region(alignment.matrix, grid, grid)
    moved = warp_to_grid(pair.moving, alignment.matrix, grid)[region.slices]
    fixed, before = pair.reference[region.slices], pair.moving[:, ::-1][region.slices]
    defocused = cv2.GaussianBlur(fixed, (0, 0), 3)
    model = fit_photometry(defocused, moved)
    target = apply_photometry(moved, model)
    quality = measure_quality(
        alignment, reference=fixed, reference_moved=moved, defocused=defocused, all_in_focus=target
    )
    images = {
        Role.SOURCE: defocused,
        Role.TARGET: target,
        Role.REFERENCE_FIXED: fixed,
        Role.REFERENCE_BEFORE: before,
        Role.REFERENCE_MOVED: moved,
    }
    return SceneRecord(
        name=name,
        verdict=quality.verdict,
        reason=quality.reason,
        identity="0",
        defocused_camera="A",
        outputs={role: _written(out, image_path(out, name, role), image) for role, image in images.items()},
        grid=(HEIGHT, WIDTH),
        region=region,
        alignment=alignment,
        photometry=model,
        quality=quality,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of two scenes that were aligned, and one whose file was bad."""
    out = tmp_path_factory.mktemp("report") / "set"
    records = [_scene(out, "atrium", 1), _scene(out, "bridge", 2)]
    for record in records:
        write_record(record_path(out, record.name), record)
    scenes = (
        *map(without_maps, records),
        SceneRecord(name="broken", verdict="failed", reason=f"{HOSTILE} is truncated"),
    )
    settings = Settings()
    build = Build(pipeline=1, settings=settings, fingerprint=settings.fingerprint, software={"numpy": "2"})
    doubts = {"atrium": ("shutter 1/60 s is slower than 1/125 s",)}
    write_record(out / MANIFEST, Manifest(build=build, scenes=scenes, doubts=doubts, records={}))
    write_report(out)
    return out


@pytest.fixture
def page(built: Path, browser: Any) -> Any:
    browser.get(f"file://{built}/report.html")
    return browser


def test_the_page_needs_no_other_file_and_no_network(built: Path) -> None:
    text = (built / "report.html").read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="(?!data:|#)', text) == []
    assert "data:image/webp" in text


def test_every_scene_is_on_the_page_with_its_verdict_and_reason_failed_ones_too(built: Path) -> None:
    text = (built / "report.html").read_text(encoding="utf-8")
    for name in ("atrium", "bridge", "broken"):
        assert f"<h2>{name}" in text
    assert "is truncated" in text
    assert "shutter 1/60 s is slower than 1/125 s" in text


def test_what_a_file_is_called_is_never_run(built: Path) -> None:
    text = (built / "report.html").read_text(encoding="utf-8")
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text


def test_a_figure_is_named_as_what_it_is(built: Path) -> None:
    text = (built / "report.html").read_text(encoding="utf-8")
    assert "PSNR, dB</b>: PSNR of the aligned reference pair, over red, green and blue" in text
    assert "SSIM</b>: SSIM of the aligned reference pair, on luma" in text


def test_a_folder_without_a_built_data_set_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no manifest\.json"):
        write_report(tmp_path)


def test_a_lost_image_is_named(built: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    for path in built.rglob("*"):
        if path.is_file() and path.name not in ("report.html", "bridge.png"):
            (out / path.relative_to(built)).parent.mkdir(parents=True, exist_ok=True)
            (out / path.relative_to(built)).symlink_to(path)
    with pytest.raises(InputError, match=r"source/bridge\.png"):
        write_report(out)
    assert not (out / "report.html").exists()


def test_flicker_alternates_between_the_fixed_image_and_the_one_before_alignment(page: Any) -> None:
    viewer = page.find_elements("css selector", "#scene-1 .viewer")[1]
    viewer.find_element("css selector", '[data-flicker="before"]').click()
    seen = set()
    script = "return arguments[0].querySelector('.layer.on').dataset.role"
    for _ in range(40):
        seen.add(page.execute_script(script, viewer))
        page.execute_async_script("setTimeout(arguments[0], 40)")
    assert seen == {"fixed", "before"}


def test_an_anaglyph_has_coloured_edges_before_alignment_and_hardly_any_after(page: Any) -> None:
    def colour(of: str) -> float:
        viewer = page.find_elements("css selector", "#scene-1 .viewer")[1]
        viewer.find_element("css selector", f'[data-anaglyph="{of}"]').click()
        shot = viewer.find_element("css selector", ".stage").screenshot_as_png
        pixels = cv2.imdecode(np.frombuffer(io.BytesIO(shot).read(), np.uint8), cv2.IMREAD_COLOR).astype(float)
        difference = pixels[..., 2] - pixels[..., 1]
        # The gain between the cameras tints the whole; edges are what is left without it.
        return float(np.abs(difference - cv2.GaussianBlur(difference, (0, 0), 8)).mean())

    assert colour("before") > 2 * colour("after")


def test_a_click_on_a_heading_sorts_the_table_and_rows_without_a_figure_stay_last(page: Any) -> None:
    heading = page.find_elements("css selector", "#scenes th button")[2]
    order = "return [...document.querySelectorAll('#scenes tbody tr')].map(row => row.cells[2].dataset.value)"
    heading.click()
    rising = page.execute_script(order)
    heading.click()
    falling = page.execute_script(order)
    assert rising[-1] == falling[-1] == ""
    assert rising[:2] == falling[1::-1]
    assert float(rising[0]) < float(rising[1])


def test_a_verdict_can_be_hidden(page: Any) -> None:
    page.find_element("css selector", '[data-filter="failed"]').click()
    shown = [
        row.text.split()[0] for row in page.find_elements("css selector", "#scenes tbody tr") if row.is_displayed()
    ]
    assert shown == ["atrium", "bridge"]
    assert not page.find_element("css selector", "#scene-3").is_displayed()


def test_the_divider_shows_the_all_in_focus_image_on_its_right(page: Any) -> None:
    viewer = page.find_element("css selector", "#scene-1 .viewer")
    clip = "return getComputedStyle(arguments[0].querySelector('.layer.over')).clipPath"
    assert "50%" in page.execute_script(clip, viewer)
    viewer.find_element("css selector", "[data-split]").send_keys(Keys.ARROW_RIGHT)
    assert "51%" in page.execute_script(clip, viewer)
    viewer.find_element("css selector", '[data-show="after"]').click()
    assert page.execute_script(clip, viewer) == "none"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_nothing_serious_to_say(scheme: str, page: Any) -> None:
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    found = Axe().run(page)["violations"]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []


def test_the_pages_script_has_no_error(page: Any) -> None:
    assert [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_arrows_are_a_round_number_of_times_as_long_as_the_displacements() -> None:
    drawn = arrow_field([ShiftVector(10, 20, 0.03, 0.0), ShiftVector(50, 60, 0.0, -0.04)], 100, 100)
    assert drawn is not None
    assert drawn.scale == 2000
    assert drawn.arrows[0].to_x == pytest.approx(10 + 0.03 * 2000)
    assert drawn.arrows[1].to_y == pytest.approx(60 - 0.04 * 2000)
    assert arrow_field([], 100, 100) is None


def test_an_empty_map_is_not_drawn() -> None:
    assert colour_map([[None, None]], signed=True) is None
    assert colour_map([], signed=False) is None


def _frames(uri: str) -> list[np.ndarray]:
    animation = Image.open(io.BytesIO(base64.b64decode(uri.partition("base64,")[2])))
    return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(animation)]


def test_the_flip_shows_source_and_target_in_turn_without_end(built: Path) -> None:
    source, target = (read_pixels(image_path(built, "atrium", role)) for role in (Role.SOURCE, Role.TARGET))
    uri = flip(source, target)
    animation = Image.open(io.BytesIO(base64.b64decode(uri.partition("base64,")[2])))
    assert (animation.format, animation.n_frames, animation.info["loop"]) == ("WEBP", 2, 0)  # type: ignore[attr-defined]
    for frame, image in zip(_frames(uri), (source, target), strict=True):
        assert np.abs(frame.astype(float) - to_eight_bits(image)).mean() < 4
    animation.load()
    assert animation.info["duration"] == PERIOD_MS
    assert f'src="{uri}"' in (built / "report.html").read_text(encoding="utf-8").replace("&#43;", "+")


def test_flip_and_displacement_map_of_each_scene_are_files_too(built: Path) -> None:
    page = (built / "report.html").read_text(encoding="utf-8").replace("&#43;", "+")
    for name in ("flip", "displacement"):
        picture = picture_path(built, "atrium", name).read_bytes()
        assert base64.b64encode(picture).decode() in page
    assert not picture_path(built, "broken", "flip").exists()


def test_a_flip_of_large_images_is_reduced_and_one_of_two_sizes_is_refused() -> None:
    large = np.random.default_rng(0).integers(0, 65535, (900, 1350, 3), np.uint16)
    (first, _) = _frames(flip(large, large // 2))
    assert first.shape == (533, FLIP_WIDTH, 3)
    with pytest.raises(ValueError, match="no pair"):
        flip(large, large[1:])


def test_the_displacement_map_colours_each_tile_by_its_length_and_leaves_the_others_grey() -> None:
    field = [ShiftVector(32, 32, 0.03, 0.04), ShiftVector(96, 32, 0.0, 0.0), ShiftVector(32, 96, 0.0, 0.01)]
    drawn = shift_map(np.full((128, 128, 3), 32768, np.uint16), field)
    assert drawn is not None
    assert drawn.highest == pytest.approx(0.05)
    (pixels,) = _frames(drawn.picture)
    left, right, below, unknown = (pixels[y, x].astype(int) for y, x in ((32, 32), (32, 96), (96, 32), (96, 96)))
    # Viridis goes from blue over green to yellow.
    assert left[0] > 150
    assert left[2] < 110
    assert right[2] > right[1]
    assert below[2] > below[0]
    assert np.ptp(unknown) <= 4
    assert shift_map(np.zeros((128, 128, 3), np.uint16), []) is None


def test_the_title_names_the_set_and_verdicts_that_no_scene_has_are_grey(page: Any) -> None:
    assert page.title == "set – RealDOF data set of 3 scenes"
    assert page.find_element("css selector", "h1").text == "RealDOF data set set"
    grey = [badge.text for badge in page.find_elements("css selector", ".verdict.none")]
    assert grey
    assert all(text.startswith("0 ") for text in grey)
    counted = page.find_elements("css selector", "main > p .verdict:not(.none)")
    assert counted
    assert not any(badge.text.startswith("0 ") for badge in counted)


@pytest.mark.parametrize("width", [504, 1280])
def test_nothing_is_wider_than_a_narrow_window_nor_a_row_of_the_table(page: Any, width: int) -> None:
    size = page.get_window_size()
    page.set_window_size(width, 900)
    try:
        wide = "const box = document.querySelector(arguments[0]); return box.scrollWidth - box.clientWidth"
        assert page.execute_script("return innerWidth") == width
        assert page.execute_script(wide, "html") <= 0
        assert page.execute_script(wide, ".scroll") <= 0
    finally:
        page.set_window_size(size["width"], size["height"])


def test_the_blur_that_is_told_is_not_that_of_the_parts_in_focus(built: Path) -> None:
    record = read_record(built, "atrium")
    assert record.quality is not None
    text = (built / "report.html").read_text(encoding="utf-8")
    assert f">{record.quality.blur_percentile_95:.2f}</td>" in text


def test_the_detail_is_cut_where_the_texture_is() -> None:
    image = np.full((900, 1400, 3), 128, np.uint8)
    image[500:700, 800:1100] = np.random.default_rng(0).integers(0, 255, (200, 300, 3))
    corner = detail_corner(image)
    assert corner.top <= 500
    assert corner.top + 320 >= 700
    assert corner.left <= 800
    assert corner.left + 480 >= 1100
