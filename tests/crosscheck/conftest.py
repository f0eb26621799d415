"""What every comparison needs: other software or a reason to leave it out, and a table of the differences."""

import importlib.util
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import skimage.data

from realdof.common.machine.torchvision import import_torchvision

Agree = Callable[..., None]
"""``agree(what, other, ours, theirs, at_most=...)`` or ``differ(...)``: see the fixtures."""

_ROW = "crosscheck"


@pytest.fixture(scope="session")
def module() -> Callable[[str], Any]:
    """A module of the extra ``crosscheck``, or the test is left out."""

    def found(name: str) -> Any:
        if importlib.util.find_spec(name.partition(".")[0]) is None:
            pytest.skip(f"{name} is not installed: pip install 'ifan-bench[crosscheck]'")
        # Packages of networks import torchvision, which may not fit a torch for CPUs.
        import_torchvision()
        return importlib.import_module(name)

    return found


@pytest.fixture(scope="session")
def program() -> Callable[[str, str], str]:
    """The path of a program, or the test is left out."""

    def found(name: str, package: str) -> str:
        path = shutil.which(name)
        if path is None:
            pytest.skip(f"{name} is not installed: apt-get install {package}")
        return path

    return found


@pytest.fixture(scope="session")
def photograph() -> np.ndarray:
    """A photograph, uint8 (256, 320, 3)."""
    return np.ascontiguousarray(skimage.data.coffee()[40:296, 60:380])


@pytest.fixture(scope="session")
def degraded(photograph: np.ndarray) -> np.ndarray:
    """The photograph with noise, uint8."""
    noise = np.random.default_rng(16).normal(0, 8, photograph.shape)
    return np.clip(np.rint(photograph + noise), 0, 255).astype(np.uint8)


@pytest.fixture
def agree(record_property: Callable[[str, object], None]) -> Agree:
    """Assert that no value differs by more than ``at_most``, and put the largest difference into the table."""

    def compared(what: str, other: str, ours: Any, theirs: Any, *, at_most: float, unit: str = "") -> None:
        difference = _largest(ours, theirs)
        record_property(_ROW, (what, other, f"{difference:.1e} {unit}".strip(), f"at most {at_most:.0e}"))
        assert difference <= at_most, f"{what}: {other} differs by {difference}"

    return compared


@pytest.fixture
def differ(record_property: Callable[[str, object], None]) -> Agree:
    """Measure where definitions differ: the difference lies within ``between``, and ``why`` stands in the table."""

    def compared(what: str, other: str, ours: Any, theirs: Any, *, between: tuple[float, float], why: str) -> None:
        difference = _largest(ours, theirs)
        record_property(_ROW, (what, other, f"{difference:.2g}", f"another definition: {why}"))
        assert between[0] <= difference <= between[1], f"{what}: {other} differs by {difference}"

    return compared


def _largest(ours: Any, theirs: Any) -> float:
    first, second = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    assert first.shape == second.shape
    assert np.isfinite(first).all()
    assert np.isfinite(second).all()
    return float(np.abs(first - second).max())


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The rows of all comparisons, as docs/reference/crosscheck.md holds them."""
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    rows = [
        value for report in reports for key, value in report.user_properties if key == _ROW and report.when == "call"
    ]
    if rows:
        terminalreporter.section("comparisons with other software")
        for row in rows:
            terminalreporter.line("| " + " | ".join(row) + " |")
