"""What several of the tests build once a session."""

from pathlib import Path

import pytest
from build_helpers import realdof, simulate_three_scenes


@pytest.fixture(scope="session")
def three_scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Captures of the scenes 001 and 003, and of sky."""
    return simulate_three_scenes(tmp_path_factory.mktemp("captures"))


@pytest.fixture(scope="session")
def data_set(three_scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of them by two workers, all stages kept."""
    out = tmp_path_factory.mktemp("built") / "out"
    done = realdof("build", three_scenes, out, "--workers", 2, "--keep-stages")
    assert done.returncode == 0, done.stdout + done.stderr
    return out
