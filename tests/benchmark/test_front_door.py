"""What a notebook does with the benchmark: score arrays, run a method, read results as a frame."""

import doctest
import importlib
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import benchmark
from realdof.common.errors import InputError

SHARP = np.random.default_rng(0).integers(0, 256, (70, 90, 3), dtype=np.uint8)


def test_the_public_names_are_listed_and_imported_when_asked_for() -> None:
    assert dir(benchmark) == sorted(benchmark.__all__)
    assert all(getattr(benchmark, name) is not None for name in benchmark.__all__)
    with pytest.raises(AttributeError, match="benchmark attribute nothing"):
        benchmark.nothing  # noqa: B018


def test_the_package_itself_needs_neither_torch_nor_pandas() -> None:
    code = "import sys, benchmark; dir(benchmark); print({'torch', 'pandas'} & sys.modules.keys())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"


@pytest.mark.parametrize("module", ["benchmark", "benchmark.notebook"])
def test_the_examples_of_the_docs_run(module: str) -> None:
    found = doctest.testmod(importlib.import_module(module))
    assert found.attempted > 1
    assert found.failed == 0


def test_arrays_of_any_depth_and_tensors_score_alike() -> None:
    worse = np.clip(SHARP.astype(int) + 8, 0, 255).astype(np.uint8)
    expected = benchmark.score(worse, SHARP, ["psnr", "ssim", "mae"])
    assert 25 < expected["psnr"] < 35
    deep = benchmark.score(worse.astype(np.uint16) * 257, SHARP.astype(np.uint16) * 257, ["psnr", "ssim", "mae"])
    floats = benchmark.score(worse / 255, SHARP / 255, ["psnr", "ssim", "mae"])
    tensors = benchmark.score(
        torch.from_numpy(worse).permute(2, 0, 1), torch.from_numpy(SHARP).permute(2, 0, 1), ["psnr", "ssim", "mae"]
    )
    for other in (deep, floats, tensors):
        assert other == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (SHARP[..., 0], r"the output is .*70.*90"),
        (SHARP.tolist(), "the output is"),
        (SHARP[:-1], "the output is 90x69 and the target 90x70"),
    ],
)
def test_anything_else_is_refused_with_what_was_given(output: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        benchmark.score(output, SHARP, ["psnr"])
    with pytest.raises(InputError, match="did you mean psnr"):
        benchmark.score(SHARP, SHARP, ["pnsr"])


def test_a_run_and_its_results_as_a_frame_with_dtypes(make_pairs, tmp_path: Path) -> None:
    done = benchmark.run("input", "folder", root=make_pairs(3), metrics=["psnr", "mae"], results=tmp_path, device="cpu")
    frame = benchmark.load_results(tmp_path)
    assert list(frame["image"]) == ["000", "001", "002"]
    assert frame["method"].dtype == pd.StringDtype()
    assert frame["workers"].dtype == pd.Int64Dtype()
    assert frame["psnr"].dtype == frame["seconds"].dtype == np.float64
    assert frame["psnr"].mean() == pytest.approx(math.fsum(r.scores["psnr"] for r in done.records().values()) / 3)
    assert set(frame["run"]) == {done.id}
