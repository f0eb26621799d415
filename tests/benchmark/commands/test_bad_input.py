"""A user's mistake is one clear sentence and exit status 2, and nothing is left half-written."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from realdof.images.files import read_pixels, write_pixels


def bench(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the real command line in a process of its own."""
    command = [sys.executable, "-c", "from benchmark.commands.app import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)


def refused(result: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a refusal."""
    assert result.returncode == 2, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    sentence = " ".join(line for line in result.stderr.splitlines() if line.startswith("error:"))
    assert sentence, result.stderr
    return sentence


def run_on(root: Path, results: Path, *more: object) -> subprocess.CompletedProcess[str]:
    return bench(
        "run", "--method", "input", "--dataset", "folder", "--root", root, "--results", results,
        "--metrics", "psnr", *more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--method", "ifann", "--dataset", "sample"), "did you mean ifan"),
        (("--method", "input", "--dataset", "sampel"), "did you mean sample"),
        (("--method", "input", "--dataset", "folder"), "--root DIR"),
        (("--method", "input", "--dataset", "folder", "--root", "/nowhere"), "/nowhere/source"),
        (("--method", "input", "--protocol", "ifan-cvpr"), "did you mean ifan-cvpr21"),
        (("--method", "input", "--device", "cuda:77"), "cuda:77"),
    ],
)
def test_unknown_names_and_places(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    assert said in refused(bench("run", *arguments, "--results", tmp_path / "results"))
    assert not (tmp_path / "results").exists()


def test_unknown_metric_suggests_the_nearest(make_pairs, tmp_path: Path) -> None:
    result = run_on(make_pairs(1), tmp_path / "results", "--metrics", "psnr,sism")
    assert "did you mean ssim" in refused(result)


def _truncate(root: Path) -> None:
    path = root / "target" / "001.png"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _other_size(root: Path) -> None:
    write_pixels(root / "target" / "001.png", np.zeros((80, 80, 3), np.uint8))


def _unpair(root: Path) -> None:
    (root / "target" / "001.png").rename(root / "target" / "abc.png")


def _shrink(root: Path) -> None:
    for folder in ("source", "target"):
        write_pixels(root / folder / "001.png", read_pixels(root / folder / "001.png")[:40])


def _html(root: Path) -> None:
    (root / "source" / "001.png").write_text("<!DOCTYPE html><html>not found</html>")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_truncate, "001.png is truncated"),
        (_other_size, "must have one size"),
        (_unpair, "has no partner named 001"),
        (_shrink, "at least 64 px"),
        (_html, "is no PNG, JPEG or TIFF"),
    ],
)
def test_a_bad_file_is_named_before_anything_is_computed(make_pairs, tmp_path: Path, spoil, said: str) -> None:
    root = make_pairs(3)
    spoil(root)
    assert said in refused(run_on(root, tmp_path / "results"))
    assert not (tmp_path / "results").exists()


def test_wrong_bit_depth(make_pairs, tmp_path: Path) -> None:
    result = run_on(make_pairs(1), tmp_path / "results", "--protocol", "ifan-cvpr21-16bit")
    assert "needs 16" in refused(result)


def test_results_folder_that_is_a_file(make_pairs, tmp_path: Path) -> None:
    blocked = tmp_path / "results"
    blocked.write_text("in the way")
    assert "cannot write" in refused(run_on(make_pairs(1), blocked))
    assert blocked.read_text() == "in the way"


def test_leaderboard_of_nothing(tmp_path: Path) -> None:
    assert "there is no results folder" in refused(bench("leaderboard", "--results", tmp_path / "nowhere"))


def test_leaderboard_never_mixes_protocols(make_pairs, tmp_path: Path) -> None:
    results = tmp_path / "results"
    assert run_on(make_pairs(1, bits=16), results, "--protocol", "ifan-cvpr21-16bit").returncode == 0
    said = refused(bench("leaderboard", "--dataset", "folder", "--results", results))
    assert "under ifan-cvpr21-16bit: give --protocol" in said


def test_damaged_results_are_named(make_pairs, tmp_path: Path) -> None:
    results = tmp_path / "results"
    assert run_on(make_pairs(1), results).returncode == 0
    next(results.glob("*/*/*/run.json")).write_text("{")
    assert "run.json is no JSON" in refused(bench("leaderboard", "--dataset", "folder", "--results", results))


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    result = bench("leaderboard", "--results", tmp_path / "nowhere", "--debug")
    assert "Traceback" in result.stderr


def test_weights_that_are_not_there_are_named(make_pairs, tmp_path: Path) -> None:
    root = make_pairs(2, views=True)
    result = bench(
        "run", "--method", "ifan", "--weights", tmp_path / "none.pytorch", "--dataset", "folder", "--root", root,
        "--results", tmp_path / "results", "--metrics", "psnr",
    )  # fmt: skip
    assert "none.pytorch" in refused(result)


def test_csv_columns_are_fixed(make_pairs, tmp_path: Path) -> None:
    results = tmp_path / "results"
    assert run_on(make_pairs(2), results).returncode == 0
    printed = bench("leaderboard", "--dataset", "folder", "--results", results, "--format", "csv").stdout
    assert printed.splitlines()[0] == (
        "method,dataset,protocol,kind,psnr,ssim,mae,lpips,params_m,macs_g,time_s,n,total,weights,source"
    )
    assert (results / "leaderboard-folder-ifan-cvpr21.csv").read_text() == printed
    description = json.loads(next(results.glob("*/*/*/run.json")).read_text())
    assert description["finished"] is True
