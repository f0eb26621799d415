"""The published data sets' folders with their real file names, in small, and the command line in this process."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.commands import app as cli
from benchmark.datasets.base import Dataset
from benchmark.datasets.published.cuhk import CUHK
from benchmark.datasets.published.dpdd import DPDD, DPDDTrain, DPDDVal
from benchmark.datasets.published.pixeldp import PixelDP
from benchmark.datasets.published.realdof import RealDOF
from realdof.images.files import write_pixels

HEIGHT, WIDTH = 72, 96
SCENES = 3
CLASSES: dict[str, type[Dataset]] = {
    "dpdd": DPDD, "dpdd-val": DPDDVal, "dpdd-train": DPDDTrain, "realdof": RealDOF, "cuhk": CUHK, "pixeldp": PixelDP,
}  # fmt: skip
GAPS = (-1, 1, -2)
"""Between DPDD's source and target frame numbers."""


def texture(seed: int, height: int = HEIGHT, width: int = WIDTH, bits: int = 16) -> np.ndarray:
    """Random pixels, another picture for every seed."""
    top = 2**bits
    dtype = np.uint16 if bits == 16 else np.uint8
    return np.random.default_rng(seed).integers(0, top, (height, width, 3)).astype(dtype)


def write_tree(name: str, root: Path, *, height: int = HEIGHT, width: int = WIDTH, bits: int = 16) -> Path:
    """Write a small tree of a published data set (of DPDD all three splits) under ``root``."""
    seed = 0

    def write(path: str) -> None:
        nonlocal seed
        seed += 1
        write_pixels(root / path, texture(seed, height, width, bits))

    for index in range(SCENES):
        if name.startswith("dpdd"):
            frame = 917 + 20 * index
            for split in ("train", "val", "test"):
                for view in "clr":
                    write(f"{split}_{view}/source/1P0A{frame:04d}.png")
                write(f"{split}_c/target/1P0A{frame + GAPS[index % 3]:04d}.png")
        elif name == "realdof":
            write(f"source/{index + 1:02d}.png")
            write(f"target/{index + 1:02d}.png")
        elif name == "cuhk":
            write_pixels(root / f"out_of_focus{index + 1:04d}.jpg", texture(index, height, width, 8))
        elif name == "pixeldp":
            for view in "clr":
                write(f"test_{view}/source/{index + 1:02d}.png")
    return root


@pytest.fixture
def small_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every published data set have as many scenes, and DPDD the size, that `write_tree` writes."""
    for factory in CLASSES.values():
        monkeypatch.setattr(factory, "card", replace(factory.card, count=SCENES))
    monkeypatch.setattr(DPDD, "size", (HEIGHT, WIDTH))


@dataclass(frozen=True)
class Answer:
    """What a command printed and its exit status."""

    status: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """The one sentence of a command that refused."""
        assert self.status == 2, self.out + self.err
        assert "Traceback" not in self.err
        sentences = [line for line in self.err.splitlines() if line.startswith("error:")]
        assert len(sentences) == 1, self.err
        return sentences[0]


class Bench:
    """The real command line, in this process so that `small_sets` holds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: object) -> Answer:
        self._monkeypatch.setattr(sys, "argv", ["ifan-bench", *map(str, arguments)])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        printed = self._capsys.readouterr()
        return Answer(int(exit_.value.code or 0), printed.out, printed.err)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Bench:
    """The command line, with a cache of its own."""
    monkeypatch.setenv("IFAN_BENCH_CACHE", str(tmp_path / "cache"))
    return Bench(monkeypatch, capsys)
