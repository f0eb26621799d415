"""The page of a leaderboard in a real browser: it sorts, its dividers move, its keys work, and it needs no network."""

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys
from typer.testing import CliRunner
from worker_methods import Smooth

from benchmark import registry
from benchmark.commands.app import app
from benchmark.datasets.folder import PairedFolder
from benchmark.running import runner
from benchmark.running.task import prepare
from realdof.images.files import read_pixels, write_pixels

HEIGHT, WIDTH = 448, 672
PAGE = "leaderboard-folder-ifan-cvpr21.html"


def make_set(root: Path, names: tuple[str, ...]) -> Path:
    """Inputs in red, all-in-focus images in green: what a stage shows where is told by its colour."""
    random = np.random.default_rng(0)
    for name in names:
        for folder, channel in (("source", 0), ("target", 1)):
            pixels = random.integers(0, 40, (HEIGHT, WIDTH, 3)).astype(np.uint8)
            pixels[..., channel] = 200
            write_pixels(root / folder / f"{name}.png", pixels)
    return root


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two methods on three scenes, and the page on them."""
    place = tmp_path_factory.mktemp("page")
    root = make_set(place / "pairs", ("first", "second & third", "fourth"))
    task = prepare(PairedFolder(root), registry.protocol("ifan-cvpr21"), ("psnr", "mae"))
    runner.run(task, Smooth, place / "results")
    folder, _ = runner.run(task, registry.method("input"), place / "results")
    # What a method made is blue.
    for path in (folder.path / "outputs").iterdir():
        blue = np.zeros((HEIGHT, WIDTH, 3), np.uint16)
        blue[..., 2] = 52000
        write_pixels(path, blue)
    invoke(place, "--root", root)
    return place


def invoke(place: Path, *options: object, status: int = 0) -> str:
    words = ["leaderboard", "--dataset", "folder", "--results", place / "results", "--format", "html", *options]
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == status, done.output
    return done.output


@pytest.fixture
def page(made: Path, browser: Any) -> Any:
    browser.get(f"file://{made}/results/{PAGE}")
    return browser


def colour_at(page: Any, share: float, scene: int = 1) -> str:
    """Which channel is strongest at a share of the stage's width."""
    shot = page.find_element("css selector", f"#scene-{scene} .stage").screenshot_as_png
    pixels = cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_COLOR)
    height, width = pixels.shape[:2]
    column = pixels[height // 2 : height // 2 + 40, int(share * width) - 2 : int(share * width) + 2].mean(axis=(0, 1))
    return ["blue", "green", "red"][int(column.argmax())]


def stage(page: Any, scene: int = 1) -> Any:
    found = page.find_element("css selector", f"#scene-{scene} .stage")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'}); arguments[0].focus()", found)
    page.execute_async_script(
        "Promise.all([...arguments[0].querySelectorAll('img')].map(i => { i.loading = 'eager'; return i.decode(); }))"
        ".then(arguments[1])",
        found,
    )
    return found


def test_page_and_folder_are_all_that_is_needed(made: Path) -> None:
    text = (made / "results" / PAGE).read_text(encoding="utf-8")
    addresses = re.findall(r'(?:src|href|data-whole|data-detail)="([^"#]+)"', text)
    assert addresses
    for address in addresses:
        assert (made / "results" / address).is_file(), address
    assert not re.search(r"https?:|//|@import|url\(", re.sub(r"<!--.*?-->", "", text.split("<script>")[0]))
    pictures = list((made / "results" / f"{Path(PAGE).stem}-pictures").iterdir())
    assert len(pictures) == 3 * 4 * 2
    assert {path.relative_to(made / "results").as_posix() for path in pictures} == set(addresses)


def test_pictures_are_the_runs_and_the_data_sets(made: Path) -> None:
    folder = made / "results" / f"{Path(PAGE).stem}-pictures"
    shown = cv2.imread(str(folder / "000-input.webp"))[..., ::-1].astype(float)
    source = read_pixels(made / "pairs" / "source" / "first.png").astype(float)
    assert shown.shape == source.shape
    assert np.abs(cv2.blur(shown, (9, 9)) - cv2.blur(source, (9, 9))).mean() < 4
    assert cv2.imread(str(folder / "000-input-detail.webp")).shape == (428, 640, 3)


def test_a_drag_moves_the_nearest_divider(page: Any) -> None:
    it = stage(page)
    page.find_elements("css selector", "#scene-1 [data-output]")[1].click()
    assert [colour_at(page, share) for share in (0.1, 0.5, 0.9)] == ["red", "blue", "green"]
    width = it.size["width"]
    ActionChains(page).move_to_element_with_offset(it, int(-0.2 * width), 0).click_and_hold().move_by_offset(
        int(0.25 * width), 0
    ).release().perform()
    assert [colour_at(page, share) for share in (0.1, 0.5, 0.6, 0.9)] == ["red", "red", "blue", "green"]
    values = "return [...document.querySelectorAll('#scene-1 [data-divider]')].map(range => Number(range.value))"
    first, second = page.execute_script(values)
    assert 53 < first < 57
    assert second == 66.5


def test_dividers_move_by_keys_and_never_cross(page: Any) -> None:
    it = stage(page)
    it.send_keys(Keys.ARROW_RIGHT * 30)
    first, second = page.execute_script(
        "return [...document.querySelectorAll('#scene-1 [data-divider]')].map(range => Number(range.value))"
    )
    assert first == second == pytest.approx(93.5)
    it.send_keys(Keys.SHIFT, Keys.ARROW_LEFT)
    slider = page.find_element("css selector", '#scene-1 [data-divider="0"]')
    slider.send_keys(Keys.HOME)
    assert float(slider.get_property("value")) == 0


def test_keys_choose_the_method_and_show_one_image_alone(page: Any) -> None:
    it = stage(page)
    name = "return document.querySelector('#scene-1 img.output:not([hidden])').dataset.label"
    labels = [button.text for button in page.find_elements("css selector", "#scene-1 [data-output]")]
    it.send_keys("2")
    assert page.execute_script(name) == labels[1]
    seen = []
    for key in "iot":
        it.send_keys(key)
        assert page.execute_script("return document.querySelector('#scene-1 .stage').dataset.alone")
        seen.append([colour_at(page, share) for share in (0.1, 0.5, 0.9)])
    it.send_keys(Keys.ESCAPE)
    whole = [["red"] * 3, ["blue" if "input" in labels[1] else "red"] * 3, ["green"] * 3]
    assert seen == whole
    it.send_keys("1")
    assert page.execute_script(name) == labels[0]


def test_a_key_flickers_between_output_and_all_in_focus_image_and_stops(page: Any) -> None:
    it = stage(page)
    alone = "return document.querySelector('#scene-1 .stage').dataset.alone"
    it.send_keys("f")
    seen = set()
    for _ in range(40):
        seen.add(page.execute_script(alone))
        page.execute_async_script("setTimeout(arguments[0], 40)")
    assert seen == {"output", "target"}
    it.send_keys("f")
    assert page.execute_script(alone) == ""


def test_the_detail_is_shown_pixel_for_pixel(page: Any) -> None:
    it = stage(page)
    it.send_keys("d")
    stage(page)
    sizes = "const i = document.querySelector('#scene-1 img.input'); return [i.naturalWidth, i.width]"
    assert page.execute_script(sizes) == [640, 640]
    it.send_keys("d")
    assert page.execute_script("return document.querySelector('#scene-1 .viewer.detail')") is None


def test_headings_sort_by_value_best_first_and_rows_without_a_figure_stay_last(page: Any) -> None:
    headings = page.find_elements("css selector", "#board th button")
    at = [heading.text for heading in headings].index("MAE ↓")
    order = f"return [...document.querySelectorAll('#board tbody tr')].map(row => row.cells[{at}].dataset.value)"
    headings[at].click()
    rising = list(page.execute_script(order))
    headings[at].click()
    falling = list(page.execute_script(order))
    known = [float(value) for value in rising if value]
    assert known == sorted(known)
    assert len(known) > 1
    assert [float(value) for value in falling if value] == known[::-1]
    for values in (rising, falling):
        assert all(not value for value in values[len(known) :])


def test_published_rows_can_be_hidden(page: Any) -> None:
    assert page.find_elements("css selector", "tr.published")
    page.find_element("css selector", "#published").click()
    assert not any(row.is_displayed() for row in page.find_elements("css selector", "tr.published"))


def test_the_page_follows_the_readers_dark_mode(page: Any) -> None:
    background = "return getComputedStyle(document.body).backgroundColor"
    shades = []
    for scheme in ("light", "dark"):
        page.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )
        shades.append(sum(map(int, re.findall(r"\d+", page.execute_script(background))[:3])))
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert shades[0] > 600 > 200 > shades[1]


def test_the_pages_script_has_no_error(page: Any) -> None:
    assert [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_without_the_data_set_the_page_says_why_it_has_no_pictures(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    assert "There are no pictures: the data set folder needs --root DIR" in invoke(made, "--out", out)
    other = make_set(tmp_path / "other", ("first",))
    assert "are not those that the runs are on" in invoke(made, "--out", out, "--root", other)
    assert "No pictures were asked for" in invoke(made, "--out", out, "--pictures", 0)
    assert not (out / f"{Path(PAGE).stem}-pictures").exists()


def test_as_many_scenes_as_asked_for_spread_over_the_set(made: Path, tmp_path: Path) -> None:
    text = invoke(made, "--out", tmp_path, "--root", made / "pairs", "--pictures", 2)
    assert re.findall(r"<h3>(.*?)</h3>", text) == ["first", "second &amp; third"]


def test_what_a_run_is_called_is_never_run(make_pairs, tmp_path: Path) -> None:
    task = prepare(PairedFolder(make_pairs(1)), registry.protocol("ifan-cvpr21"), ("psnr",))
    program = registry.method("command").with_program("cp {input} {output}", "it's & so", 60)
    runner.run(task, program, tmp_path / "results")
    text = invoke(tmp_path, "--root", tmp_path / "pairs")
    assert "it&#39;s &amp; so" in text
    assert "it's & so" not in text
