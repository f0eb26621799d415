"""`ifan-bench deconvolve`, as a user types it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data
from typer.testing import CliRunner, Result

from benchmark.commands.app import app
from realdof.common.errors import InputError
from realdof.images.files import read_pixels, write_pixels


@pytest.fixture
def blurred(tmp_path: Path) -> NDArray[np.uint8]:
    """A photograph whose right half is blurred by sigma 2, with its map as DMENet, EBDB and in px would have it."""
    sharp: NDArray[np.uint8] = data.coffee()[100:196, 150:278]
    image = sharp.copy()
    image[:, 64:] = cv2.GaussianBlur(sharp, (0, 0), 2)[:, 64:]
    write_pixels(tmp_path / "photo.png", image)
    sigma = np.zeros((96, 128), np.float32)
    sigma[:, 64:] = 2
    np.save(tmp_path / "sigma.npy", sigma)
    for name, s in (("dmenet", (2 * sigma + 1) / 15), ("ebdb", sigma / 5)):
        grey = np.rint(s * 65535).astype(np.uint16)
        write_pixels(tmp_path / f"{name}.png", np.repeat(grey[..., None], 3, axis=2))
    return sharp


def run(folder: Path, *options: str) -> Result:
    words = ["deconvolve", str(folder / "photo.png"), "-o", str(folder / "out.png"), *options]
    return CliRunner().invoke(app, words, catch_exceptions=True)


def error_of(result: Result) -> str:
    assert isinstance(result.exception, InputError)
    return str(result.exception)


@pytest.mark.parametrize(
    "options",
    [["dmenet.png"], ["ebdb.png", "--scale", "5", "--offset", "0"], ["sigma.npy", "--scale", "1", "--offset", "0"]],
    ids=["dmenet", "ebdb", "px"],
)
def test_the_blurred_half_is_sharpened_and_the_other_kept(
    tmp_path: Path, blurred: NDArray[np.uint8], options: list[str]
) -> None:
    name, *scaling = options
    done = run(tmp_path, "--map", str(tmp_path / name), *scaling)
    assert done.exit_code == 0, done.output
    assert "sigma 0.00 to 2.00 px" in done.output
    before, after = read_pixels(tmp_path / "photo.png"), read_pixels(tmp_path / "out.png")
    assert after.dtype == np.uint8
    assert np.array_equal(after[:, :64], before[:, :64])
    inside = np.s_[12:-12, 76:-12]
    errors = [np.square(image[inside].astype(float) - blurred[inside]).mean() for image in (before, after)]
    assert errors[1] < 0.75 * errors[0]


@pytest.mark.parametrize(
    "options",
    [["--mode", "reference"], ["--kernel", "disc"], ["--solver", "wiener"],
     ["--solver", "richardson-lucy", "--iterations", "3"], ["--alpha", "1.5", "--data-weight", "16.8"]],
    ids=" ".join,
)  # fmt: skip
def test_every_choice_changes_the_result(tmp_path: Path, blurred: NDArray[np.uint8], options: list[str]) -> None:
    assert run(tmp_path, "--map", str(tmp_path / "dmenet.png")).exit_code == 0
    first = read_pixels(tmp_path / "out.png")
    done = run(tmp_path, "--map", str(tmp_path / "dmenet.png"), "--overwrite", *options)
    assert done.exit_code == 0, done.output
    assert not np.array_equal(read_pixels(tmp_path / "out.png"), first)


def test_nothing_is_overwritten_unasked(tmp_path: Path, blurred: NDArray[np.uint8]) -> None:
    (tmp_path / "out.png").write_bytes(b"mine")
    assert "--overwrite" in error_of(run(tmp_path, "--map", str(tmp_path / "dmenet.png")))
    assert (tmp_path / "out.png").read_bytes() == b"mine"


def test_maps_that_cannot_be_meant_are_refused(tmp_path: Path, blurred: NDArray[np.uint8]) -> None:
    np.save(tmp_path / "small.npy", np.ones((96, 100)))
    np.save(tmp_path / "deep.npy", np.ones((96, 128, 2)))
    np.save(tmp_path / "holes.npy", np.full((96, 128), np.nan))
    (tmp_path / "broken.npy").write_bytes(b"no array")
    told = {
        "small.npy": "is 100x96, the photograph 128x96",
        "deep.npy": "a plane of numbers",
        "holes.npy": "not finite",
        "broken.npy": "cannot be read",
        "photo.png": "is in colour",
    }
    for name, sentence in told.items():
        assert sentence in error_of(run(tmp_path, "--map", str(tmp_path / name)))


def test_an_option_of_another_solver_is_refused(tmp_path: Path, blurred: NDArray[np.uint8]) -> None:
    result = run(tmp_path, "--map", str(tmp_path / "dmenet.png"), "--solver", "wiener", "--iterations", "5")
    assert "belongs to --solver richardson-lucy" in error_of(result)
