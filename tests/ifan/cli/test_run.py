"""`ifan-bench run` with IFAN: a limit of memory changes neither figures nor the run."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmark.commands.app import app
from benchmark.results.choice import choose
from realdof.images.files import write_pixels


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for part in ("source", "target"):
        for name in ("a", "b"):
            write_pixels(tmp_path / "pairs" / part / f"{name}.png", random.integers(0, 256, (161, 75, 3), np.uint8))
    return tmp_path / "pairs"


def ran(pairs: Path, results: Path, *options: str, method: str = "ifan") -> str:
    words = ["run", "--method", method, "--dataset", "folder", "--root", str(pairs), "--results", str(results)]
    done = CliRunner().invoke(app, [*words, "--metrics", "psnr,mae", "--device", "cpu", *options])
    return f"{done.exit_code}\n{done.output}\n{done.exception or ''}"


def test_bands_are_told_in_one_line_and_give_the_run_and_figures_of_the_whole_images(
    pairs: Path, tmp_path: Path
) -> None:
    whole = ran(pairs, tmp_path / "whole", "--weights", "synthetic")
    banded = ran(pairs, tmp_path / "banded", "--weights", "synthetic", "--memory", "10M")
    assert whole.startswith("0\n"), whole
    assert banded.startswith("0\n"), banded
    assert "GB planned" not in whole
    assert banded.count("bands of") == banded.count("GB planned") == 1
    one, other = (choose(tmp_path / name, "ifan") for name in ("whole", "banded"))
    assert one.id == other.id
    for name, record in one.records().items():
        assert other.records()[name].scores == pytest.approx(record.scores, abs=1e-5)
        assert other.records()[name].tiling is None, "a run in bands is ranked"


def test_a_method_without_bands_takes_no_limit_of_memory(pairs: Path, tmp_path: Path) -> None:
    told = ran(pairs, tmp_path / "results", "--memory", "1G", method="input")
    assert "input does not compute in bands of rows; leave out --memory" in told


def test_what_is_no_amount_of_memory_is_refused(pairs: Path, tmp_path: Path) -> None:
    told = ran(pairs, tmp_path / "results", "--memory", "lots")
    assert "'lots' is no amount of memory; give for example 4G or 800M" in told
