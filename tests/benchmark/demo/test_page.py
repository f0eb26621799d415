"""The demo's page in a real browser; gradio has an environment of its own, see noxfile.py."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import numpy as np
import pytest
from selenium.webdriver import ActionChains

from realdof.images.files import read_pixels, write_pixels

pytest.importorskip("gradio", reason="needs ifan-bench[demo]")
pytestmark = pytest.mark.slow
WAIT_SECONDS = 90


def waited(found: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        if result := found():
            return result
        time.sleep(0.2)
    raise AssertionError(what)


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def address(temporary: Path) -> Iterator[str]:
    code = "import sys; sys.argv[1:1] = ['demo']; from benchmark.commands.app import main; main()"
    words = [sys.executable, "-c", code, "--weights", "synthetic", "--port", "7985", "--megabytes", "5"]
    environment = {"TMPDIR": str(temporary)} | {name: value for name, value in os.environ.items() if name != "TMPDIR"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment, cwd=temporary) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        yield re.search(r"http://\S+", line)[0]  # type: ignore[index]
        server.terminate()
        assert server.wait(30) == 0
    assert [path.name for path in temporary.glob("ifan-bench-demo-*/*")] == [".lock"]


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    browser.get(address)
    waited(lambda: browser.find_elements("id", "deblur"), "the page does not load")
    yield browser
    browser.get("about:blank")


def status(page: Any) -> str:
    return str(page.find_element("id", "status").text)


def drop(page: Any, path: Path) -> None:
    page.find_element("css selector", "input[type=file]").send_keys(str(path))


def shown_of_before(after: Any) -> float:
    """How much of the width the image behind the result has, percent."""
    return float(re.search(r"inset\(0px 0px 0px ([\d.]+)%\)", after.get_attribute("style"))[1])  # type: ignore[index]


def photograph(path: Path, height: int, width: int) -> Path:
    write_pixels(path, np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))
    return path


def test_a_photograph_goes_in_and_before_after_and_download_come_out(page: Any, tmp_path: Path) -> None:
    drop(page, photograph(tmp_path / "a.png", 96, 128))
    waited(lambda: "128x96 px" in status(page), "the upload is not shown")
    page.find_element("id", "deblur").click()
    waited(lambda: "px in" in status(page), status(page))
    shown = waited(lambda: page.find_elements("css selector", "#slider img"), "no slider")
    sizes = waited(
        lambda: {(image.get_property("naturalWidth"), image.get_property("naturalHeight")) for image in shown}, "none"
    )
    assert sizes == {(128, 96)}
    assert shown_of_before(shown[1]) == pytest.approx(50)
    handle = page.find_element("css selector", "#slider .outer")
    ActionChains(page).click_and_hold(handle).move_by_offset(-100, 0).release().perform()
    waited(lambda: 0 < shown_of_before(shown[1]) < 48, "the divider does not follow the pointer")
    config = page.execute_script("return JSON.stringify(performance.getEntriesByType('resource').map(e => e.name))")
    assert [name for name in json.loads(config) if not name.startswith(page.current_url)] == []
    full = next(name for name in json.loads(config) if name.endswith("after.jpg")).replace(
        "after.jpg", "a-deblurred.png"
    )
    (tmp_path / "full.png").write_bytes(urlopen(full).read())
    assert read_pixels(tmp_path / "full.png").shape == (96, 128, 3)


def test_cancel_ends_the_computation(page: Any, tmp_path: Path) -> None:
    drop(page, photograph(tmp_path / "a.png", 1100, 1100))
    waited(lambda: "1100x1100 px" in status(page), "the upload is not shown")
    page.find_element("id", "deblur").click()
    waited(lambda: "Loading" in status(page) or "Computing" in status(page), "it does not start")
    page.find_element("id", "cancel").click()
    waited(lambda: status(page) == "Cancelled.", status(page))


def test_text_as_png_with_html_in_its_name_is_told_as_text(page: Any, tmp_path: Path) -> None:
    path = tmp_path / "<b onclick=alert(1)>.png"
    path.write_text("hello")
    drop(page, path)
    waited(lambda: "is no PNG, JPEG or TIFF" in status(page), status(page))
    assert page.find_elements("css selector", "#status b") == []


def test_a_file_over_the_limit_is_refused_with_a_sentence(page: Any, tmp_path: Path, temporary: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(10**9)
    drop(page, path)
    waited(lambda: "exceed" in page.find_element("tag name", "body").text, "no sentence")
    assert not [found for found in temporary.rglob("*") if found.is_file() and found.stat().st_size > 10**6]


def sent(address: str, name: str, content: bytes) -> str:
    """Send a file as the page does, under any name; where the server has put it."""
    part = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
    body = part + content + b"\r\n--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    with urlopen(Request(f"{address}gradio_api/upload", body, headers), timeout=WAIT_SECONDS) as answer:
        (path,) = json.load(answer)
    return str(path)


def asked(address: str, function: str, values: list[Any]) -> list[dict[str, Any]]:
    """Call what stands behind the page as its own script does; every message of the answer."""
    with urlopen(f"{address}config", timeout=WAIT_SECONDS) as answer:
        numbers = {known["api_name"]: known["id"] for known in json.load(answer)["dependencies"]}
    call = {"data": values, "fn_index": numbers[function], "session_hash": "someone"}
    headers = {"Content-Type": "application/json"}
    urlopen(Request(f"{address}gradio_api/queue/join", json.dumps(call).encode(), headers), timeout=WAIT_SECONDS)
    told: list[dict[str, Any]] = []
    with urlopen(f"{address}gradio_api/queue/data?session_hash=someone", timeout=WAIT_SECONDS) as answer:
        for line in answer:
            if line.startswith(b"data: "):
                told.append(json.loads(line.removeprefix(b"data: ")))
                if told[-1]["msg"] in {"process_completed", "close_stream", "unexpected_error"}:
                    break
    return told


@pytest.mark.parametrize("name", ["../../../escaped.png", "/etc/escaped.png", "%2fetc%2fescaped.png"])
def test_a_path_as_the_name_of_an_upload_leads_nowhere(address: str, temporary: Path, name: str) -> None:
    path = Path(sent(address, name, b"hello"))
    assert path.is_relative_to(temporary)
    assert ".." not in path.parts
    assert [found for found in temporary.parent.rglob("*escaped*") if found != path] == []
    told = asked(address, "looked", [{"path": str(path), "meta": {"_type": "gradio.FileData"}}])
    assert "is no PNG, JPEG or TIFF" in str(told[-1])
    assert not path.exists(), "what is refused is removed"


@pytest.mark.parametrize("function", ["looked", "deblurred"])
def test_a_path_of_this_machine_is_neither_a_photograph_nor_a_download(
    address: str, tmp_path: Path, temporary: Path, function: str
) -> None:
    secret = photograph(tmp_path / "secret.png", 96, 128)
    upload = sent(address, "a.png", b"hello")
    for path in (str(secret), f"{Path(upload).parent}/../../../../{tmp_path.name}/secret.png", f"file://{secret}"):
        choice = ["ifan", "synthetic"] if function == "deblurred" else []
        told = asked(address, function, [{"path": path, "meta": {"_type": "gradio.FileData"}}, *choice])
        assert told[-1]["msg"] == "process_completed"
        assert not told[-1]["success"]
        with pytest.raises(HTTPError, match=r"40[34]"):
            urlopen(f"{address}gradio_api/file={quote(path)}")
    assert not list(temporary.rglob("*secret*"))


def test_a_port_that_is_taken_is_told_in_one_sentence(address: str, tmp_path: Path) -> None:
    code = "import sys; sys.argv[1:1] = ['demo']; from benchmark.commands.app import main; main()"
    words = [sys.executable, "-c", code, "--port", "7985"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("error: cannot listen on 127.0.0.1, port 7985: it is taken")
    assert [path.name for path in tmp_path.glob("ifan-bench-demo-*/*")] == [".lock"]
