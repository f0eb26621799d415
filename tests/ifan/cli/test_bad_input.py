"""Whatever a user hands to `ifan` that cannot be: one sentence that says what, exit status 2, nothing written."""

import resource
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from benchmark.datasets.dual_pixel import VIEWS
from ifan import IFAN, NetworkShape
from ifan.cli.app import main
from realdof.images.files import read_pixels, write_pixels

PHOTOGRAPH = np.random.default_rng(0).integers(0, 256, (40, 48, 3), dtype=np.uint8)
ALPHA = np.full((40, 48), 128, np.uint8)


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command that must be refused, and gives its sentence."""

    def run(*words: object) -> str:
        monkeypatch.setattr(sys, "argv", ["ifan", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 2
        told = capsys.readouterr().err
        assert "Traceback" not in told
        sentences = [line for line in told.splitlines() if line.startswith("error: ")]
        assert len(sentences) == 1, told
        return sentences[0]

    return run


@pytest.fixture
def own(data: Path, tmp_path: Path) -> Path:
    """A copy of the data set that a test may spoil."""
    return Path(shutil.copytree(data, tmp_path / "data"))


def view(data: Path, name: str, index: int, split: str = "train") -> Path:
    return data / VIEWS[name].format(split=split) / f"{index}.png"


def no_left_views(data: Path) -> None:
    shutil.rmtree(data / "train_l")


def one_right_view_less(data: Path) -> None:
    view(data, "right", 1).unlink()


def a_small_scene(data: Path) -> None:
    for name in VIEWS:
        write_pixels(view(data, name, 2), read_pixels(view(data, name, 2))[:70])


def a_view_of_another_size(data: Path) -> None:
    write_pixels(view(data, "left", 1), read_pixels(view(data, "left", 1))[:, :95])


def a_view_of_16_bits(data: Path) -> None:
    write_pixels(view(data, "target", 1), read_pixels(view(data, "target", 1)).astype(np.uint16) * 257)


def a_scene_of_16_bits(data: Path) -> None:
    for name in VIEWS:
        write_pixels(view(data, name, 2), read_pixels(view(data, name, 2)).astype(np.uint16) * 257)


def a_transparent_view(data: Path) -> None:
    pixels = read_pixels(view(data, "image", 1))
    Image.fromarray(np.dstack([pixels, pixels[..., 0] // 2]), "RGBA").save(view(data, "image", 1))


def a_view_cut_short(data: Path) -> None:
    whole = view(data, "image", 1).read_bytes()
    view(data, "image", 1).write_bytes(whole[: len(whole) // 2])


def a_view_for_printing(data: Path) -> None:
    pixels = read_pixels(view(data, "image", 0))
    for name in VIEWS:
        for index in range(3):
            view(data, name, index).unlink()
            path = view(data, name, index).with_suffix(".tif")
            tifffile.imwrite(path, np.dstack([pixels, pixels[..., :1]]), photometric="separated")


def a_validation_without_truth(data: Path) -> None:
    shutil.rmtree(data / "val_c" / "target")


TRAIN = ["--variant", "ifan-n8", "--steps", "1", "--batch", "1", "--crop", "64", "--reblurring-width", "0"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (no_left_views, "there is no folder"),
        (one_right_view_less, "source holds 3 images but"),
        (a_small_scene, "2.png is 96x70; a crop of 64 px scaled by 0.7 needs 91 px"),
        (a_view_of_another_size, "the views of a scene must be alike"),
        (a_view_of_16_bits, "give a set of one bit depth"),
        (a_scene_of_16_bits, "give a set of one bit depth"),
        (a_transparent_view, "transparent pixels"),
        (a_view_cut_short, "truncated or damaged"),
        (a_view_for_printing, "in SEPARATED; save it as RGB or grey"),
        (a_validation_without_truth, "val_c/target; it should hold the images"),
    ],
)
def test_data_that_is_not_whole(
    refused: Callable[..., str], own: Path, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    spoil(own)
    assert words in refused("train", "--data", own, "--out", tmp_path / "run", *TRAIN)
    assert not list((tmp_path / "run").glob("*"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--crop", "256"], "give a smaller --crop"),
        (["--crop", "67"], "give a multiple of 8 as --crop"),
        (["--batch", "3", "--devices", "2"], "a batch of 3 cannot be shared equally by 2 processes"),
        (["--variant", "ifan-16bit"], "give 16-bit images"),
        (["--variant", "ifan-n9"], "no variant named ifan-n9"),
        (["--start", "nowhere.safetensors"], "nowhere.safetensors does not exist"),
        (["--start", __file__], "cannot be read as a checkpoint"),
    ],
)
def test_options_that_do_not_fit(
    refused: Callable[..., str], data: Path, tmp_path: Path, options: list[str], words: str
) -> None:
    assert words in refused("train", "--data", data, "--out", tmp_path / "run", *TRAIN, *options)
    assert not list((tmp_path / "run").glob("*"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there(refused: Callable[..., str], data: Path, tmp_path: Path) -> None:
    told = refused("train", "--data", data, "--out", tmp_path / "run", *TRAIN, "--device", "cuda")
    assert "no device of kind cuda can be used here" in told
    write_pixels(tmp_path / "a.png", PHOTOGRAPH)
    words = ["deblur", tmp_path / "a.png", "-o", tmp_path / "b.png", "--weights", "synthetic", "--device", "cuda"]
    assert "device cuda cannot be used here" in refused(*words)


def test_a_checkpoint_of_another_variant(refused: Callable[..., str], data: Path, tmp_path: Path) -> None:
    IFAN(NetworkShape(26)).save_pretrained(tmp_path / "other")
    other = tmp_path / "other" / "model.safetensors"
    told = refused("train", "--data", data, "--out", tmp_path / "run", *TRAIN, "--start", other)
    assert "cannot start ifan-n8: it holds a network with N = 26" in told
    write_pixels(tmp_path / "a.png", PHOTOGRAPH)
    told = refused("deblur", tmp_path / "a.png", "-o", tmp_path / "b.png", "--weights", other, "--variant", "ifan")
    assert "holds another network than ifan" in told


def cmyk_jpeg(folder: Path) -> Path:
    Image.fromarray(PHOTOGRAPH).convert("CMYK").save(folder / "a.jpg")
    return folder / "a.jpg"


def cmyk_tiff(folder: Path) -> Path:
    tifffile.imwrite(folder / "a.tif", np.dstack([PHOTOGRAPH, ALPHA]), photometric="separated")
    return folder / "a.tif"


def lab_tiff(folder: Path) -> Path:
    tifffile.imwrite(folder / "a.tif", PHOTOGRAPH, photometric="cielab")
    return folder / "a.tif"


def transparent_png(folder: Path) -> Path:
    Image.fromarray(np.dstack([PHOTOGRAPH, ALPHA]), "RGBA").save(folder / "a.png")
    return folder / "a.png"


def transparent_grey_png(folder: Path) -> Path:
    Image.fromarray(np.dstack([PHOTOGRAPH[..., 0], ALPHA]), "LA").save(folder / "a.png")
    return folder / "a.png"


def float_tiff(folder: Path) -> Path:
    tifffile.imwrite(folder / "a.tif", PHOTOGRAPH.astype(np.float32), photometric="rgb")
    return folder / "a.tif"


def text_by_the_name_of_a_photograph(folder: Path) -> Path:
    (folder / "a.jpg").write_text("a photograph")
    return folder / "a.jpg"


def no_raw_file(folder: Path) -> Path:
    (folder / "a.ARW").write_text("a photograph")
    return folder / "a.ARW"


def nothing(folder: Path) -> Path:
    return folder / "a.png"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (cmyk_jpeg, "is in CMYK, for printing; convert it to RGB"),
        (cmyk_tiff, "4 channels in SEPARATED; save it as RGB or grey"),
        (lab_tiff, "3 channels in CIELAB; save it as RGB or grey"),
        (transparent_png, "has transparent pixels"),
        (transparent_grey_png, "has transparent pixels"),
        (float_tiff, "save it with 8 or 16 bits, unsigned"),
        (text_by_the_name_of_a_photograph, "a.jpg"),
        (no_raw_file, "a.ARW"),
        (nothing, "a.png"),
    ],
)
def test_photographs_that_are_none(
    refused: Callable[..., str], tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    path = make(tmp_path)
    assert words in refused("deblur", path, "-o", tmp_path / "out.png", "--weights", "synthetic")
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("name", ["out.png", "out.tiff", "out.jpg"])
def test_a_full_disk_leaves_no_half_photograph(refused: Callable[..., str], tmp_path: Path, name: str) -> None:
    write_pixels(tmp_path / "a.png", PHOTOGRAPH)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may grow larger than this, as on a disk with so much left.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    try:
        told = refused("deblur", tmp_path / "a.png", "-o", tmp_path / name, "--weights", "synthetic")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert told.endswith(f"cannot write {tmp_path / name}: File too large")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_weights_that_do_not_fit_on_the_disk(refused: Callable[..., str], tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        told = refused("convert", "synthetic", tmp_path / "half.safetensors", "--half")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert told.endswith("File too large")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("make", "words"),
    [(cmyk_tiff, "save it as RGB or grey"), (transparent_png, "transparent pixels"), (nothing, "holds no photographs")],
)
def test_photographs_that_nothing_can_be_rendered_from(
    refused: Callable[..., str], tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    (tmp_path / "photographs").mkdir()
    make(tmp_path / "photographs")
    out = tmp_path / "out"
    assert words in refused("synthesize", tmp_path / "photographs", out, "--count", "1", "--workers", "1")
    assert not list(out.rglob("*.png"))
