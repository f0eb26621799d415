"""A user's photographs: depth, orientation, profile and greyness are kept; what cannot be right is refused."""

from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from ifan.photographs.files import Photograph, plan_outputs, read_photograph, write_photograph
from realdof.common.errors import InputError
from realdof.images.files import write_pixels
from realdof.raw.exif import Exif, read_exif
from realdof.raw.write import write_arw

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
RANDOM = np.random.default_rng(0)
EIGHT = RANDOM.integers(0, 256, (64, 72, 3), dtype=np.uint8)
SIXTEEN = RANDOM.integers(0, 65536, (64, 72, 3), dtype=np.uint16)


def exif_with(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[274], exif[271] = orientation, "a maker"
    return exif.tobytes().removeprefix(b"Exif\0\0")


@pytest.mark.parametrize("name", ["a.png", "a.tiff", "a.jpg"])
@pytest.mark.parametrize("pixels", [EIGHT, SIXTEEN], ids=["8", "16"])
def test_orientation_profile_and_depth_survive_reading_and_writing(
    name: str, pixels: np.ndarray, tmp_path: Path
) -> None:
    photograph = Photograph(pixels, False, PROFILE, 6, exif_with(6))
    if name.endswith("jpg") and pixels.dtype == np.uint16:
        with pytest.raises(InputError, match="16 bits"):
            write_photograph(tmp_path / name, photograph)
        return
    write_photograph(tmp_path / name, photograph)
    read = read_photograph(tmp_path / name)
    assert (read.profile, read.orientation, read.grey) == (PROFILE, 6, False)
    assert read.pixels.dtype == pixels.dtype
    if not name.endswith("jpg"):
        assert np.array_equal(read.pixels, pixels)
        assert Image.Exif().load(b"Exif\0\0" + read.exif) is None


def test_exif_of_a_jpeg_survives_beyond_the_orientation(tmp_path: Path) -> None:
    write_photograph(tmp_path / "a.jpg", Photograph(EIGHT, exif=exif_with(3), orientation=3))
    write_photograph(tmp_path / "b.jpg", read_photograph(tmp_path / "a.jpg"))
    with Image.open(tmp_path / "b.jpg") as image:
        assert (image.getexif()[274], image.getexif()[271]) == (3, "a maker")


def test_a_png_with_profile_is_whole_for_other_readers(tmp_path: Path) -> None:
    write_photograph(tmp_path / "a.png", Photograph(SIXTEEN, False, PROFILE, 8, exif_with(8)))
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        assert image.info["icc_profile"] == PROFILE
        assert image.getexif()[274] == 8
    assert np.array_equal(cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)[..., ::-1], SIXTEEN)


@pytest.mark.parametrize("name", ["a.png", "a.tiff", "a.jpg"])
def test_a_grey_photograph_stays_one_channel(name: str, tmp_path: Path) -> None:
    grey = np.repeat(EIGHT[..., :1], 3, axis=2)
    write_photograph(tmp_path / name, Photograph(grey, grey=True))
    read = read_photograph(tmp_path / name)
    assert read.grey
    tinted = grey.copy()
    tinted[..., 0] //= 2
    write_photograph(tmp_path / f"b{name}", read.with_pixels(tinted))
    with Image.open(tmp_path / f"b{name}") as image:
        assert image.mode == "L"


def test_cmyk_transparency_and_other_files_are_refused_in_a_sentence(tmp_path: Path) -> None:
    Image.fromarray(EIGHT).convert("CMYK").save(tmp_path / "print.jpg")
    with pytest.raises(InputError, match="CMYK"):
        read_photograph(tmp_path / "print.jpg")
    tifffile.imwrite(tmp_path / "print.tif", np.zeros((64, 64, 4), np.uint8), photometric="separated")
    with pytest.raises(InputError, match="SEPARATED"):
        read_photograph(tmp_path / "print.tif")
    Image.fromarray(np.dstack([EIGHT, EIGHT[..., 0]]), "RGBA").save(tmp_path / "clear.png")
    with pytest.raises(InputError, match="transparent"):
        read_photograph(tmp_path / "clear.png")
    with pytest.raises(InputError, match="no photograph by its name"):
        read_photograph(tmp_path / "notes.txt")


def test_opaque_alpha_is_dropped(tmp_path: Path) -> None:
    opaque = np.dstack([EIGHT, np.full(EIGHT.shape[:2], 255, np.uint8)])
    Image.fromarray(opaque, "RGBA").save(tmp_path / "a.png")
    assert np.array_equal(read_photograph(tmp_path / "a.png").pixels, EIGHT)


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_one_photograph_goes_to_a_file_and_several_to_a_folder(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    touch(photos / "a.jpg", photos / "b.ARW", photos / "notes.txt")
    assert plan_outputs([photos / "a.jpg"], tmp_path / "x.png") == {photos / "a.jpg": tmp_path / "x.png"}
    out = tmp_path / "out"
    assert plan_outputs([photos], out) == {photos / "a.jpg": out / "a.jpg", photos / "b.ARW": out / "b.tiff"}


def test_results_never_replace_a_photograph_or_each_other(tmp_path: Path) -> None:
    touch(tmp_path / "one" / "a.jpg", tmp_path / "two" / "a.jpg", tmp_path / "empty" / "notes.txt")
    for inputs, output, match in (
        (["one", "two"], "out", "two photographs"),
        (["one"], "one", "its own result"),
        (["one", "two"], "out.png", "give a folder"),
        (["empty"], "out", "no photographs"),
    ):
        with pytest.raises(InputError, match=match):
            plan_outputs([tmp_path / name for name in inputs], tmp_path / output)


def test_a_webp_keeps_profile_exif_and_greyness(tmp_path: Path) -> None:
    photograph = Photograph(EIGHT, False, PROFILE, 6, exif_with(6))
    write_photograph(tmp_path / "a.webp", photograph)
    with Image.open(tmp_path / "a.webp") as image:
        assert (image.format, image.size, image.info["icc_profile"]) == ("WEBP", (72, 64), PROFILE)
        assert (image.getexif()[274], image.getexif()[271]) == (6, "a maker")
        # Random colours are the worst there is for it.
        assert np.abs(np.asarray(image.convert("L"), float) - Image.fromarray(EIGHT).convert("L")).mean() < 12
    with pytest.raises(InputError, match="a WebP cannot hold the 16 bits of b"):
        write_photograph(tmp_path / "b.webp", Photograph(SIXTEEN))
    with pytest.raises(InputError, match="a WebP has at most 16383 px a side"):
        write_photograph(tmp_path / "b.webp", Photograph(np.zeros((2, 16384, 3), np.uint8)))


def test_one_photograph_is_written_to_the_file_that_is_named_whatever_its_format(tmp_path: Path) -> None:
    write_pixels(tmp_path / "a.png", EIGHT)
    for name in ("same.webp", "same.jpg", "same.tiff"):
        assert plan_outputs([tmp_path / "a.png"], tmp_path / name) == {tmp_path / "a.png": tmp_path / name}
    assert plan_outputs([tmp_path / "a.png"], tmp_path / "out.v2") == {
        tmp_path / "a.png": tmp_path / "out.v2" / "a.png"
    }
    with pytest.raises(InputError, match=r"cannot write .*same\.avif; use \.png, \.tiff, \.jpg or \.webp"):
        plan_outputs([tmp_path / "a.png"], tmp_path / "same.avif")


@pytest.mark.parametrize("name", ["b.png", "b.tiff"])
def test_what_a_raw_or_tiff_file_says_of_the_shot_is_carried_over(name: str, tmp_path: Path) -> None:
    said = Exif(
        model="ILCE-7RM4", lens="FE 24-105mm", time=datetime(2021, 12, 15, 9, 2, 56), exposure_time=1 / 125,
        f_number=1.8, iso=100, focal_length=135,
    )  # fmt: skip
    mosaic = np.full((64, 96), 900, np.uint16)
    write_arw(tmp_path / "a.arw", mosaic, said, (2.0, 1.0, 1.5), orientation=6)
    read = read_photograph(tmp_path / "a.arw")
    assert read.orientation == 6
    write_photograph(tmp_path / name, read)
    found = read_exif(tmp_path / name)
    assert read_photograph(tmp_path / name).orientation == 6
    assert (found.model, found.time, found.iso) == (said.model, said.time, said.iso)
    assert (found.exposure_time, found.f_number, found.focal_length) == pytest.approx((1 / 125, 1.8, 135))
    again = read_photograph(tmp_path / name)
    write_photograph(tmp_path / f"again-{name}", again)
    assert read_exif(tmp_path / f"again-{name}") == found
