"""Small data sets and methods that the harness's tests share."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from realdof.common.console import stdout
from realdof.images.files import write_pixels

PairMaker = Callable[..., Path]


@pytest.fixture
def make_pairs(tmp_path: Path) -> PairMaker:
    """Writes a folder data set of random 8- or 16-bit pairs and gives its root."""

    def make(
        count: int = 3,
        height: int = 72,
        width: int = 80,
        bits: int = 8,
        views: bool = False,
        name: str = "pairs",
    ) -> Path:
        random = np.random.default_rng(count * 1000 + height)
        root = tmp_path / name
        dtype, top = (np.uint8, 256) if bits == 8 else (np.uint16, 65536)
        for index in range(count):
            target = random.integers(0, top, (height, width, 3)).astype(dtype)
            noisy = np.clip(target.astype(int) + random.integers(-top // 16, top // 16, target.shape), 0, top - 1)
            for folder in ("source", *(("left", "right") if views else ())):
                write_pixels(root / folder / f"{index:03d}.png", noisy.astype(dtype))
            write_pixels(root / "target" / f"{index:03d}.png", target)
        return root

    return make


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let standard output be a terminal of 80x24."""
    monkeypatch.setattr(stdout, "_force_terminal", True)
    monkeypatch.setattr(stdout, "_width", 80)
    monkeypatch.setattr(stdout, "_height", 24)
