"""One thread a test process, as there is one for each core, and a real browser for the tests of pages."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

# Set before numerical libraries are loaded; processes that tests start inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

_QUIET = (
    "--disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync"
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a window; where there is none the test is left out, except in CI, which installs it."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (binary and driver) and not os.environ.get("CI"):
        pytest.skip("needs Chromium and its driver: apt-get install chromium chromium-driver")
    assert binary, "CI installs chromium"
    assert driver, "CI installs chromium-driver"
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("--headless", "--no-sandbox", "--window-size=1280,1600", *_QUIET.split()):
        options.add_argument(argument)
    window = webdriver.Chrome(options=options, service=Service(driver))
    yield window
    window.quit()
