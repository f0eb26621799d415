"""Figures of what the network estimates, as `ifan-bench figure` draws them."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmark.commands.app import app
from realdof.images.files import write_pixels


@pytest.fixture(scope="module")
def photograph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photographs") / "one.png"
    write_pixels(path, np.random.default_rng(0).integers(0, 255, (40, 56, 3), np.uint8))
    return path


@pytest.mark.parametrize("kind", ["disparity", "filters"])
def test_a_photograph_is_drawn_with_its_map(kind: str, photograph: Path, tmp_path: Path) -> None:
    out = tmp_path / "figure.pdf"
    words = ["figure", kind, str(photograph), "-o", str(out), "--weights", "synthetic"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert out.read_bytes().startswith(b"%PDF")


def test_a_variant_that_needs_views_is_refused(photograph: Path, tmp_path: Path) -> None:
    words = ["figure", "filters", str(photograph), "-o", str(tmp_path / "f.pdf"), "--variant", "ifan-dual"]
    assert "needs dual-pixel views" in str(CliRunner().invoke(app, words).exception)
