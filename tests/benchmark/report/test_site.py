"""A report of five methods in a real browser, opened from disk: what it shows, how it is used, and by whom."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from axe_core_python.selenium import Axe
from made_results import made_record, made_settings, open_run
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait
from typer.testing import CliRunner

from benchmark import registry
from benchmark.commands.app import app
from benchmark.datasets.folder import PairedFolder
from benchmark.report import layers
from benchmark.report.charts import Box, BoxPlot, Line, LineChart
from benchmark.report.site import _rendered
from benchmark.report.slugs import slug
from benchmark.report.views import Charts
from benchmark.results.description import MethodFacts, WeightsFacts
from realdof.images.files import write_pixels

HEIGHT, WIDTH = 120, 160
IMAGES = ("first", "it's & second", "third")
HOSTILE = '"><script>document.title = "taken"</script>'
METHODS = {"input": 0.0, "good": 0.75, "fair": 0.5, "poor": 0.2, "harmful": -0.5}
"""Which share of the defocus each method takes away."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("report")
    random = np.random.default_rng(0)
    for name in IMAGES:
        target = random.integers(6000, 60000, (HEIGHT, WIDTH, 3)).astype(np.float64)
        blurred = (target + np.roll(target, 1, 0) + np.roll(target, 1, 1) + np.roll(target, 2, 1)) / 4
        for folder, image in (("source", blurred), ("target", target)):
            write_pixels(place / "pairs" / folder / f"{name}.png", image.astype(np.uint16))
        for method, share in METHODS.items():
            made = np.clip(blurred + share * (target - blurred), 0, 65535).astype(np.uint16)
            write_pixels(place / "made" / method / f"{name}.png", made)
    identity = PairedFolder(place / "pairs").identity()
    for method, share in METHODS.items():
        weights = (
            None if method == "input" else WeightsFacts(name=HOSTILE if method == "poor" else "own", label=HOSTILE)
        )
        run = open_run(
            place / "results",
            made_settings(method=method, weights=method, dataset="folder", images=identity, count=len(IMAGES),
                          protocol_version=registry.protocol("ifan-cvpr21").version),
            method=MethodFacts(title=HOSTILE, inputs="dual" if method == "good" else "single", summary=HOSTILE),
            weights=weights,
        )  # fmt: skip
        for number, name in enumerate(IMAGES):
            write_pixels(run.own_output(name), np.asarray(_read(place / "made" / method / f"{name}.png")))
            run.append(
                made_record(name, scores={"psnr": 25 + 4 * share + number, "mae": 0.05 - 0.02 * share}, seconds=1)
            )
        run.finish(run.summary())
    invoke(place, "--root", place / "pairs")
    return place / "site"


def _read(path: Path) -> Any:
    from realdof.images.files import read_pixels

    return read_pixels(path)


def invoke(place: Path, *options: object, status: int = 0) -> str:
    words = ["report", place / "results", "-o", place / "site", *options]
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == status, done.output
    return done.output


@pytest.fixture
def opened(site: Path, browser: Any) -> Callable[[str], Any]:
    def open_page(address: str) -> Any:
        browser.get("about:blank")
        browser.get(f"file://{site}/{address}")
        return browser

    return open_page


def wait(page: Any, script: str) -> None:
    WebDriverWait(page, 5).until(lambda _: page.execute_script(f"return {script}"))


FIRST = "images/folder/first.html"
STATE = "return viewers[0].state"


def test_a_report_is_refused_where_other_files_are(site: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = CliRunner().invoke(app, ["report", str(site.parent / "results"), "-o", str(tmp_path)])
    assert "holds files that are no report" in str(done.exception)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_pages_name_no_address_outside_their_folder(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "https:" not in text.replace("https://www.w3.org", ""), page
        assert "import" not in text, page


def test_the_slider_drags_and_moves_by_keys(opened: Callable[[str], Any]) -> None:
    page = opened(FIRST)
    stage = page.find_element("css selector", ".stage")
    width = stage.size["width"]
    ActionChains(page).move_to_element(stage).click_and_hold().move_by_offset(int(0.25 * width), 0).release().perform()
    assert page.execute_script(STATE)["split"] == pytest.approx(75, abs=1)
    assert "inset(0px 0px 0px 7" in page.execute_script(
        "return getComputedStyle(document.querySelectorAll('.layer')[1]).clipPath"
    )
    stage.send_keys(Keys.ARROW_LEFT)
    assert page.execute_script(STATE)["split"] == pytest.approx(73, abs=1)


def test_both_pictures_zoom_and_pan_together_up_to_eight_times(opened: Callable[[str], Any]) -> None:
    page = opened(FIRST)
    for _ in range(9):
        page.find_element("css selector", ".stage").send_keys("+")
    assert page.execute_script(STATE)["zoom"] == 8
    stage = page.find_element("css selector", ".stage")
    ActionChains(page).move_to_element_with_offset(stage, 200, 0).click_and_hold().move_by_offset(
        -80, 40
    ).release().perform()
    state = page.execute_script(STATE)
    assert state["x"] > 0.5 > state["y"]
    one, two = page.execute_script("return viewers[0].layers.map(image => image.style.transform)")
    assert one == two
    assert "scale(8)" in one
    stage.send_keys("g")
    panes = page.execute_script(
        "return [...document.querySelectorAll('.pane img')].map(image => image.style.transform)"
    )
    assert panes == [one] * (len(METHODS) + 1)


def test_a_link_shows_the_same_again(opened: Callable[[str], Any]) -> None:
    page = opened(f"{FIRST}#left=good-own&right=target&zoom=4&x=0.3&y=0.6&show=error&crop=0.2,0.3,0.25,0.25")
    state = page.execute_script(STATE)
    assert [state[name] for name in ("left", "right", "zoom", "x", "y", "show")] == [
        "good-own",
        "target",
        4,
        0.3,
        0.6,
        "error",
    ]
    assert len(page.find_elements("css selector", ".cut")) == len(METHODS) + 1
    Select(page.find_element("css selector", "[data-part='left']")).select_by_value("fair-own")
    wait(page, "location.hash.includes('left=fair-own')")
    assert "crop=0.2%2C0.3%2C0.25%2C0.25" in page.execute_script("return location.hash")


def test_nonsense_in_a_link_is_passed_over(opened: Callable[[str], Any]) -> None:
    page = opened(f"{FIRST}#left=nobody&zoom=NaN&x=-7&crop=a,b;0,0,9,9&show=everything")
    state = page.execute_script(STATE)
    assert [state["left"], state["zoom"], state["x"], state["show"], state["crops"]] == [
        "input-image",
        1,
        0.5,
        "pictures",
        [],
    ]


def test_error_maps_and_the_blur_map_have_a_legend(opened: Callable[[str], Any]) -> None:
    page = opened(FIRST)
    stage = page.find_element("css selector", ".stage")
    stage.send_keys("d")
    assert "map-input-image" in page.execute_script("return viewers[0].layers[0].src")
    assert page.find_element("css selector", "[data-legend='error']").is_displayed()
    stage.send_keys("b")
    wait(page, "viewers[0].layers[1].src.endsWith('map-blur.webp') && viewers[0].layers[1].complete")
    assert page.execute_script("return viewers[0].layers[1].naturalWidth") == WIDTH
    assert page.find_element("css selector", "[data-legend='blur']").is_displayed()


def test_the_difference_of_any_two_pictures_is_shown_and_that_from_the_truth_is_the_error(
    opened: Callable[[str], Any],
) -> None:
    page = opened(f"{FIRST}#left=good-own&right=fair-own&show=difference")
    wait(page, "viewers[0].layers[1].complete && viewers[0].layers[1].naturalWidth > 0")
    assert page.execute_script("return viewers[0].layers[1].src").endswith("difference-good-own--fair-own.webp")
    assert page.execute_script("return viewers[0].layers[0].src").endswith("good-own.webp")
    assert page.find_element("css selector", "[data-legend='difference']").is_displayed()
    Select(page.find_element("css selector", "[data-part='left']")).select_by_value("input-image")
    assert "difference-input-image--fair-own" in page.execute_script("return viewers[0].layers[1].src")
    Select(page.find_element("css selector", "[data-part='left']")).select_by_value("target")
    assert page.execute_script("return viewers[0].layers[1].src").endswith("map-fair-own.webp")
    page.find_element("css selector", ".stage").send_keys("m")
    assert page.execute_script(STATE)["show"] == "pictures"


def test_a_difference_map_is_the_root_mean_square_over_the_colours() -> None:
    one = np.full((6, 8, 3), 0.2, np.float32)
    other = one + np.array([0.03, 0.0, 0.04], np.float32)
    found = layers._differences({"input-image": one, "mine": other})
    expected = layers.coloured(np.full((6, 8), np.sqrt((0.03**2 + 0.04**2) / 3)), layers.LARGEST_ERROR)
    assert list(found) == ["input-image--mine"]
    assert np.abs(found["input-image--mine"].astype(int) - expected).max() <= 4


def test_keys_choose_methods_and_go_to_the_next_image_with_them(opened: Callable[[str], Any]) -> None:
    page = opened(FIRST)
    page.find_element("css selector", ".stage").send_keys("3")
    chosen = page.execute_script(STATE)["right"]
    assert chosen == "fair-own"
    page.find_element("css selector", "body").send_keys("n")
    wait(page, "document.querySelector('h1').textContent === \"it's & second\" && window.viewers")
    assert page.execute_script(STATE)["right"] == chosen
    page.find_element("css selector", "body").send_keys("p")
    wait(page, "document.querySelector('h1').textContent === 'first'")


def test_a_crop_is_drawn_and_shown_for_every_method(opened: Callable[[str], Any]) -> None:
    page = opened(FIRST)
    page.find_element("css selector", "[data-act='draw']").click()
    stage = page.find_element("css selector", ".stage")
    ActionChains(page).move_to_element(stage).click_and_hold().move_by_offset(100, 80).release().perform()
    assert len(page.execute_script(STATE)["crops"]) == 1
    assert len(page.find_elements("css selector", ".cut")) == len(METHODS) + 1
    page.find_element("css selector", "[data-crop='0']").click()
    assert page.execute_script(STATE)["crops"] == []


def rows(page: Any) -> list[str]:
    return list(page.execute_script(
        "return [...document.querySelectorAll('tr.measured')].filter(r => !r.hidden).map(r => r.cells[0].dataset.value)"
    ))  # fmt: skip


def test_the_leaderboard_sorts_filters_and_opens_details(opened: Callable[[str], Any]) -> None:
    page = opened("index.html")
    assert rows(page)[0] == "good (own)"
    button = next(one for one in page.find_elements("css selector", ".board th button") if one.text.startswith("PSNR"))
    button.click()
    assert rows(page)[0] == "harmful (own)"
    Select(page.find_element("css selector", "[data-filter='inputs']")).select_by_visible_text("dual")
    assert rows(page) == ["good (own)"]
    Select(page.find_element("css selector", "[data-filter='inputs']")).select_by_visible_text("all")
    page.find_element("css selector", "[aria-expanded]").click()
    assert page.find_element("css selector", "tr.details:not([hidden])").is_displayed()
    assert page.find_elements("css selector", "tbody.published tr.printed")
    page.find_element("css selector", "[data-filter='published']").click()
    assert not page.find_element("css selector", "tbody.published").is_displayed()


def test_only_metrics_have_best_marks(opened: Callable[[str], Any]) -> None:
    page = opened("index.html")
    marked = page.execute_script(
        "return [...document.querySelectorAll('.board td.best')].map(cell => cell.closest('table').tHead.rows[0]"
        ".cells[cell.cellIndex].textContent)"
    )
    assert set(marked) == {"PSNR ↑", "MAE ↓"}


def test_a_point_of_the_scatter_opens_its_image(opened: Callable[[str], Any]) -> None:
    page = opened("charts/folder-ifan-cvpr21.html")
    points = page.find_elements("css selector", ".scatter a")
    assert len(points) == len(IMAGES)
    assert "is better than" in page.find_element("css selector", "[data-part='told']").text
    assert points[0].get_dom_attribute("href").startswith("../images/folder/")
    points[0].click()
    wait(page, "window.viewers && document.querySelector('h1').textContent")
    assert {page.execute_script(STATE)["left"], page.execute_script(STATE)["right"]} == {"good-own", "fair-own"}


def test_a_method_has_one_colour_in_every_chart() -> None:
    boxes = [Box(name, 0, 1, 2, 3, 4, "", ()) for name in ("input", "mine", "other")]
    lines = [Line(name, ((10.0, 20.0, 1.0),)) for name in ("mine", "other")]
    found = Charts(
        (BoxPlot("psnr", "PSNR", (), tuple(boxes)),), LineChart((), (), 50.0, tuple(lines)), {"methods": []},
        {"input": 0, "mine": 1, "other": 2},
    )  # fmt: skip
    board = SimpleNamespace(title="t", slug="t")
    page = _rendered("charts.html", "../", {"boards": [board]}, {"board": board, "charts": found, "data": "{}"})
    shown = re.findall(r'<span class="label">(\w+)</span>\s*<svg style="color: (var\(--c\d\))', page)
    key = re.findall(r'<li style="--mine: (var\(--c\d\))">(\w+)<', page)
    drawn = re.findall(r'<g style="color: (var\(--c\d\))">', page)
    assert dict(shown) == {"input": "var(--c0)", "mine": "var(--c1)", "other": "var(--c2)"}
    assert key == [("var(--c1)", "mine"), ("var(--c2)", "other")]
    assert drawn == ["var(--c1)", "var(--c2)"]


def test_a_hostile_name_is_text_everywhere(site: Path, opened: Callable[[str], Any]) -> None:
    named = next(path.name for path in (site / "methods").iterdir() if path.name.startswith("poor"))
    for address in ("index.html", FIRST, "charts/folder-ifan-cvpr21.html", f"methods/{named}"):
        page = opened(address)
        assert page.title != "taken"
        assert HOSTILE in page.execute_script("return document.body.textContent"), address
        assert [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"] == [], address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_nothing_to_say_on_any_kind_of_page(scheme: str, site: Path, opened: Callable[[str], Any]) -> None:
    for address in (
        "index.html",
        f"{FIRST}#crop=0.2,0.3,0.25,0.25",
        "charts/folder-ifan-cvpr21.html",
        "methods/good-own.html",
    ):
        page = opened(address)
        page.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )
        found = Axe().run(page)["violations"]
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []


def test_no_page_is_wider_than_a_phone(opened: Callable[[str], Any]) -> None:
    for address in ("index.html", FIRST, "charts/folder-ifan-cvpr21.html", "methods/good-own.html"):
        page = opened(address)
        size = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        wide = page.execute_script("return document.documentElement.scrollWidth")
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        assert wide <= 360, address


def test_the_first_page_is_there_within_a_second(opened: Callable[[str], Any]) -> None:
    page = opened("index.html")
    wait(page, "performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
    assert page.execute_script("return performance.getEntriesByType('navigation')[0].loadEventEnd") < 1000


def test_error_maps_come_from_the_16_bit_outputs_and_gains_from_the_errors(site: Path) -> None:
    text = (site / "methods" / "harmful-own.html").read_text(encoding="utf-8")
    assert f"{len(IMAGES)} of {len(IMAGES)} images are farther from the truth" in text
    # A quarter of the defocus left is a quarter of the error, 20 log10(4) = 12.04 dB, but for what is clipped.
    good = (site / "methods" / "good-own.html").read_text(encoding="utf-8")
    gained = [float(gain) for gain in re.findall(r"([+-][\d.]+) dB over the input", good)]
    assert gained == pytest.approx([12.04] * len(IMAGES), abs=0.15)


def test_without_the_data_set_the_tables_remain_and_the_page_says_why(site: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(site.parent / "results"), "-o", str(tmp_path / "tables")])
    assert done.exit_code == 0
    assert "has no pictures: the data set folder needs --root DIR" in done.output.replace("\n", " ")
    assert "the data set folder needs" in (tmp_path / "tables" / "index.html").read_text(encoding="utf-8")


def test_a_report_that_would_be_too_large_is_refused_before_it_is_drawn(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmark.report import contents, drawing
    from benchmark.report.opening import opener

    found = contents.collect(site.parent / "results", opener([str(site.parent / "pairs")], None))
    with pytest.raises(Exception, match="more than 0 MB"):
        drawing.draw(found.sets, site.parent / "nowhere", 1000.0)
    assert not (site.parent / "nowhere").exists()


def test_names_that_differ_in_case_alone_have_files_of_their_own() -> None:
    taken: set[str] = set()
    assert [slug(name, taken) for name in ("A b", "a B", "é")] == ["a-b", "a-b-2", "unnamed"]
    assert json.dumps(sorted(taken)) == '["a-b", "a-b-2", "unnamed"]'
