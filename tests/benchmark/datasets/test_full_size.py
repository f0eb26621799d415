"""Each published set at its real size, from a server that lies and breaks off, to a leaderboard with pictures.

Two scenes stand for all of a set: how many there are is told to the card.
"""

import csv
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from hostile_server import serving
from published_trees import CLASSES, bench

from benchmark.datasets.get import fetch
from realdof.images.files import write_pixels

__all__ = ["bench"]
SCENES = 2


def scene(number: int, height: int, width: int, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """A photograph and the same out of focus, (H, W, 3)."""
    photograph = np.roll(skimage.data.astronaut(), 100 * number, axis=1)
    repeats = (-(-height // photograph.shape[0]), -(-width // photograph.shape[1]), 1)
    sharp = np.tile(photograph, repeats)[:height, :width]
    blurred = cv2.GaussianBlur(sharp, (0, 0), 2 + number)
    return (sharp, blurred) if bits == 8 else (sharp.astype(np.uint16) << 8, blurred.astype(np.uint16) << 8)


def dpdd(root: Path) -> None:
    for number, gap in enumerate((-2, 1)):
        sharp, blurred = scene(number, 1120, 1680, 16)
        frame = 917 + 20 * number
        for view in "clr":
            write_pixels(
                root / f"test_{view}/source/1P0A{frame:04d}.png", np.roll(blurred, "lcr".index(view) - 1, axis=1)
            )
        write_pixels(root / f"test_c/target/1P0A{frame + gap:04d}.png", sharp)


def realdof(root: Path) -> None:
    for number in range(SCENES):
        sharp, blurred = scene(number, 1536 - 10 * number, 2320 + 13 * number, 16)
        write_pixels(root / f"source/{number + 1:02d}.png", blurred)
        write_pixels(root / f"target/{number + 1:02d}.png", sharp)


def cuhk(root: Path) -> None:
    for number, (height, width) in enumerate(((428, 640), (640, 480))):
        write_pixels(root / f"out_of_focus{number + 1:04d}.jpg", scene(number, height, width, 8)[1])


def pixeldp(root: Path) -> None:
    for number in range(SCENES):
        _, blurred = scene(number, 2016, 1512, 16)
        for at, view in enumerate("lcr"):
            write_pixels(root / f"test_{view}/source/{number + 1:02d}.png", np.roll(blurred, at - 1, axis=0))


@pytest.mark.slow
@pytest.mark.parametrize("write", [dpdd, realdof, cuhk, pixeldp], ids=lambda write: write.__name__)
def test_a_set_at_its_real_size_goes_from_a_bad_server_to_a_leaderboard(
    bench, write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = write.__name__
    monkeypatch.setattr(CLASSES[name], "card", replace(CLASSES[name].card, count=SCENES))
    monkeypatch.setattr(fetch, "PAUSE", 0.0)
    write(tmp_path / "tree")
    packed = tmp_path / "published.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted((tmp_path / "tree").rglob("*.*")):
            archive.write(file, f"{name}/{file.relative_to(tmp_path / 'tree').as_posix()}")

    with serving(packed.read_bytes()) as server:
        refused = bench("data", "get", name, "--mirror", server.url("short"), "--mirror", server.url("page"))
        assert "no whole zip or tar archive" in refused.refusal
        assert "gave a web page" in refused.refusal
        assert not (tmp_path / "cache" / "datasets").exists()
        mirrors = [word for way in ("page", "drops") for word in ("--mirror", server.url(way))]
        got = bench("data", "get", name, *mirrors)
    assert got.status == 0, got.err
    assert len(server.ranges("drops")) >= 4, "it went on where the server broke off"

    verified = bench("data", "verify", name)
    assert verified.status == 0, verified.out + verified.err
    assert f"{SCENES} scenes decoded, 0 wrong, 0 doubtful" in verified.out

    has_truth = name in ("dpdd", "realdof")
    metrics = ("--metrics", "psnr,mae") if has_truth else ()
    results = tmp_path / "results"
    ran = bench("run", "--method", "input", "--dataset", name, *metrics, "--results", results)
    assert ran.status == 0, ran.err

    board = bench("leaderboard", "--dataset", name, "--results", results, "--format", "csv")
    row = next(csv.DictReader(io.StringIO(board.out)))
    assert (row["n"], row["total"]) == (str(SCENES), str(SCENES))
    assert float(row["time_s"]) >= 0
    assert bool(row["psnr"]) is has_truth
    page = bench("report", results, "-o", tmp_path / "site", "--dataset", name, "--pictures", 1)
    assert page.status == 0, page.err
    (pictures,) = (tmp_path / "site" / "pictures").glob("*/*")
    assert (pictures / "target.webp").is_file() is has_truth
