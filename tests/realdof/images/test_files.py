"""Image files: read as they are stored, written whole, and refused in one sentence."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from realdof.common.errors import InputError
from realdof.images.files import read_pixels, write_pixels


def noise(dtype: type[np.integer], height: int = 40, width: int = 50, channels: int = 3) -> np.ndarray:
    top = np.iinfo(dtype).max
    return np.random.default_rng(0).integers(0, top, (height, width, channels), dtype, endpoint=True)


def encoded(suffix: str, stored: np.ndarray) -> bytes:
    return cv2.imencode(suffix, stored)[1].tobytes()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".PNG"])
def test_8_and_16_bit_png_and_tiff_come_back_exactly(tmp_path: Path, suffix: str, dtype: type) -> None:
    pixels = noise(dtype)
    write_pixels(tmp_path / f"a{suffix}", pixels)
    read = read_pixels(tmp_path / f"a{suffix}")
    assert read.dtype == dtype
    assert np.array_equal(read, pixels)


def test_colour_order_on_disk_is_what_other_programs_expect(tmp_path: Path) -> None:
    red = np.zeros((8, 8, 3), np.uint16)
    red[..., 0] = 65535
    write_pixels(tmp_path / "red.tiff", red)
    assert np.array_equal(tifffile.imread(tmp_path / "red.tiff"), red)


def test_jpeg_keeps_a_smooth_image_within_three_levels(tmp_path: Path) -> None:
    ramp = np.broadcast_to(np.arange(0, 256, 4, dtype=np.uint8)[:, None], (64, 64, 3)[:2])
    pixels = np.dstack([ramp, ramp.T, ramp])
    write_pixels(tmp_path / "a.jpg", pixels)
    assert np.abs(read_pixels(tmp_path / "a.jpg").astype(int) - pixels).mean() < 3


def test_16_bits_do_not_fit_a_jpeg_and_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.bmp", "a"):
        with pytest.raises(InputError, match=r"cannot write 16-bit pixels"):
            write_pixels(tmp_path / name, noise(np.uint16))
    assert list(tmp_path.iterdir()) == []


def test_grey_becomes_three_equal_channels(tmp_path: Path) -> None:
    grey = noise(np.uint16, channels=1)[..., 0]
    (tmp_path / "a.png").write_bytes(encoded(".png", grey))
    assert np.array_equal(read_pixels(tmp_path / "a.png"), np.dstack([grey] * 3))


def test_opaque_alpha_is_dropped_and_transparency_is_refused(tmp_path: Path) -> None:
    pixels = noise(np.uint8)
    opaque = np.dstack([pixels[..., ::-1], np.full((40, 50), 255, np.uint8)])
    (tmp_path / "opaque.png").write_bytes(encoded(".png", opaque))
    assert np.array_equal(read_pixels(tmp_path / "opaque.png"), pixels)
    opaque[3, 4, 3] = 254
    (tmp_path / "clear.png").write_bytes(encoded(".png", opaque))
    with pytest.raises(InputError, match="remove its alpha channel"):
        read_pixels(tmp_path / "clear.png")


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".jpg"])
@pytest.mark.parametrize("kept", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(tmp_path: Path, suffix: str, kept: float) -> None:
    whole = encoded(suffix, noise(np.uint8, 200, 300))
    (tmp_path / "a").write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(InputError, match=r"truncated|empty|no PNG|damaged"):
        read_pixels(tmp_path / "a")


def test_a_jpeg_cut_after_its_thumbnail_is_refused(tmp_path: Path) -> None:
    thumbnail, whole = encoded(".jpg", noise(np.uint8, 8, 8)), encoded(".jpg", noise(np.uint8, 200, 300))
    segment = b"\xff\xe1" + (2 + len(thumbnail)).to_bytes(2, "big") + thumbnail
    with_thumbnail = whole[:2] + segment + whole[2:]
    (tmp_path / "whole.jpg").write_bytes(with_thumbnail)
    (tmp_path / "cut.jpg").write_bytes(with_thumbnail[: len(with_thumbnail) * 2 // 3])
    assert read_pixels(tmp_path / "whole.jpg").shape == (200, 300, 3)
    with pytest.raises(InputError, match="truncated"):
        read_pixels(tmp_path / "cut.jpg")


def test_a_png_with_one_flipped_bit_is_refused(tmp_path: Path) -> None:
    damaged = bytearray(encoded(".png", noise(np.uint8)))
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "a.png").write_bytes(damaged)
    with pytest.raises(InputError, match="damaged"):
        read_pixels(tmp_path / "a.png")


def test_a_missing_file_a_folder_and_a_web_page_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "page.png").write_text("<!DOCTYPE html><html></html>")
    for name, words in {"none.png": "does not exist", "": "is a folder", "page.png": "is no PNG"}.items():
        with pytest.raises(InputError, match=words):
            read_pixels(tmp_path / name)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int16, np.uint32, bool])
def test_a_tiff_of_another_depth_is_refused(tmp_path: Path, dtype: type) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.ones((40, 50, 3), dtype), photometric="rgb")
    with pytest.raises(InputError, match="8 or 16 bits"):
        read_pixels(tmp_path / "a.tif")


def test_a_tiff_that_opencv_would_misread_is_refused(tmp_path: Path) -> None:
    planes = np.moveaxis(noise(np.uint16), 2, 0)
    tifffile.imwrite(tmp_path / "planes.tif", planes, photometric="rgb", planarconfig="separate")
    tifffile.imwrite(tmp_path / "negative.tif", planes[0], photometric="miniswhite")
    for name in ("planes.tif", "negative.tif"):
        with pytest.raises(InputError, match="save it"):
            read_pixels(tmp_path / name)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiffs_orientation_tag_is_ignored(tmp_path: Path, orientation: int, order: str) -> None:
    pixels = noise(np.uint16)
    tag = [(274, "H", 1, orientation, True)]
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", byteorder=order, extratags=tag)
    assert np.array_equal(read_pixels(tmp_path / "a.tif"), pixels)


def test_a_jpegs_orientation_tag_is_ignored(tmp_path: Path) -> None:
    whole = encoded(".jpg", noise(np.uint8, 40, 64))
    tags = b"MM\0*\0\0\0\x08" + b"\0\x01" + b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" + b"\0\0\0\0"
    exif = b"\xff\xe1" + (8 + len(tags)).to_bytes(2, "big") + b"Exif\0\0" + tags
    (tmp_path / "a.jpg").write_bytes(whole[:2] + exif + whole[2:])
    assert cv2.imread(str(tmp_path / "a.jpg")).shape == (64, 40, 3), "the tag must be one that OpenCV obeys"
    assert read_pixels(tmp_path / "a.jpg").shape == (40, 64, 3)


def test_damaged_files_print_nothing_beside_the_error(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    whole = encoded(".tiff", noise(np.uint16))
    (tmp_path / "a.tiff").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError):
        read_pixels(tmp_path / "a.tiff")
    assert capfd.readouterr() == ("", "")
