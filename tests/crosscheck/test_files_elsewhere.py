"""What we write, read by other software, and the other way round: 16-bit images, EXIF, raw files, weights."""

import json
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile
import torch
from real_raw import fetch_real_raw

from benchmark.weight_files import read_safetensors, write_safetensors
from realdof.common.errors import InputError
from realdof.images.files import read_pixels, write_pixels
from realdof.raw.cameras import A7R_IV
from realdof.raw.develop import develop
from realdof.raw.exif import Exif, read_exif
from realdof.raw.write import write_arw

Agree = Callable[..., None]
Program = Callable[[str, str], str]

SHOT = Exif(
    model=A7R_IV.model,
    body_serial="3374840",
    lens="FE 135mm F1.8 GM",
    time=datetime(2020, 11, 14, 12, 0, 1, 678_000),
    time_step=0.001,
    exposure_time=1 / 125,
    f_number=1.8,
    iso=100,
    focal_length=135,
)


@pytest.fixture
def pixels() -> np.ndarray:
    """Every one of the 65,536 values in each channel."""
    values = np.random.default_rng(16).permuted(np.tile(np.arange(65536, dtype=np.uint16), (3, 1)), axis=1)
    return np.ascontiguousarray(values.T.reshape(256, 256, 3))


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bit_images_we_write(pixels: np.ndarray, suffix: str, tmp_path: Path, agree: Agree) -> None:
    path = tmp_path / f"image{suffix}"
    write_pixels(path, pixels)
    if suffix == ".tiff":
        agree("16-bit TIFF written", "tifffile", pixels, tifffile.imread(path), at_most=0)
        agree("16-bit TIFF written", "imageio", pixels, imageio.imread(path, plugin="tifffile"), at_most=0)
    else:
        read = imageio.imread(path, plugin="opencv", flags=cv2.IMREAD_UNCHANGED)
        agree("16-bit PNG written", "imageio, opencv", pixels, read, at_most=0)
        agree("16-bit PNG written", "imagecodecs, libpng", pixels, imagecodecs.png_decode(path.read_bytes()), at_most=0)


@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_sixteen_bit_images_they_write(
    pixels: np.ndarray, compression: str | None, tmp_path: Path, agree: Agree
) -> None:
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, pixels, photometric="rgb", compression=compression)
    agree(f"16-bit TIFF read, {compression or 'uncompressed'}", "tifffile", read_pixels(path), pixels, at_most=0)


def test_a_sixteen_bit_png_they_write(pixels: np.ndarray, tmp_path: Path, agree: Agree) -> None:
    imageio.imwrite(tmp_path / "image.png", pixels, plugin="opencv")
    agree("16-bit PNG read", "imageio, opencv", read_pixels(tmp_path / "image.png"), pixels, at_most=0)


def exiftool_of(path: Path, program: Program) -> dict[str, Any]:
    command = [program("exiftool", "libimage-exiftool-perl"), "-json", "-n", str(path)]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)[0]
    return found


def numbers_of(exif: Exif) -> list[float]:
    values = (exif.exposure_time, exif.f_number, exif.iso, exif.focal_length)
    assert all(value is not None for value in values)
    return [float(value) for value in values if value is not None]


def numbers_of_exiftool(found: dict[str, Any]) -> list[float]:
    return [float(found[name]) for name in ("ExposureTime", "FNumber", "ISO", "FocalLength")]


def test_exif_we_write(tmp_path: Path, program: Program, agree: Agree) -> None:
    path = tmp_path / "shot.ARW"
    write_arw(path, np.full((64, 96), 1000, np.uint16), SHOT, (2.5, 1.0, 1.5), orientation=8)
    found = exiftool_of(path, program)
    assert (found["Model"], found["LensModel"]) == (SHOT.model, SHOT.lens)
    assert str(found["SerialNumber"]) == SHOT.body_serial
    assert found["DateTimeOriginal"] == "2020:11:14 12:00:01"
    assert str(found["SubSecTimeOriginal"]) == "678"
    assert found["Orientation"] == 8
    assert (found["ImageWidth"], found["ImageHeight"]) == (96, 64)
    agree(
        "EXIF written: time, aperture, ISO, length",
        "exiftool",
        numbers_of(SHOT),
        numbers_of_exiftool(found),
        at_most=1e-6,
    )


@pytest.fixture(scope="module")
def real_raw() -> Path:
    try:
        return fetch_real_raw()
    except InputError as error:
        pytest.skip(f"the real raw file cannot be had: {error}")


def test_exif_of_a_real_raw_file(real_raw: Path, program: Program, agree: Agree) -> None:
    ours, theirs = read_exif(real_raw), exiftool_of(real_raw, program)
    assert ours.model == theirs["Model"]
    assert ours.lens == theirs.get("LensModel")
    assert ours.time is not None
    assert ours.time.strftime("%Y:%m:%d %H:%M:%S") == theirs["DateTimeOriginal"]
    what = "EXIF of the real raw: time, aperture, ISO, length"
    agree(what, "exiftool", numbers_of(ours), numbers_of_exiftool(theirs), at_most=1e-6)


def dcraw_emu_of(path: Path, folder: Path, program: Program, *curve: str) -> np.ndarray:
    """AHD, the camera's white balance, no turning and no brightening, 16 bits, sRGB primaries."""
    result = folder / "dcraw.tiff"
    fixed = ("-w", "-W", "-q", "3", "-t", "0", "-o", "1", "-c", "0", "-H", "0", "-6", "-T", "-Z", str(result))
    subprocess.run([program("dcraw_emu", "libraw-bin"), *fixed, *curve, str(path)], check=True, timeout=300)
    return tifffile.imread(result)


@pytest.mark.parametrize(("linear", "curve"), [(True, ("1", "1")), (False, ("2.4", "12.92"))])
def test_developing_a_raw_file_we_write(
    linear: bool, curve: tuple[str, str], tmp_path: Path, program: Program, agree: Agree
) -> None:
    random = np.random.default_rng(1)
    mosaic = random.integers(A7R_IV.black, A7R_IV.white, (128, 192), dtype=np.uint16)
    write_arw(tmp_path / "a.ARW", mosaic, SHOT, (2.5, 1.0, 1.5))
    theirs = dcraw_emu_of(tmp_path / "a.ARW", tmp_path, program, "-g", *curve)
    name = "linear light" if linear else "sRGB"
    agree(
        f"develop noise, {name}",
        "dcraw_emu",
        develop(tmp_path / "a.ARW", linear=linear),
        theirs,
        at_most=1,
        unit="of 65535",
    )


@pytest.mark.slow
def test_developing_a_real_raw_file(real_raw: Path, tmp_path: Path, program: Program, agree: Agree) -> None:
    theirs = dcraw_emu_of(real_raw, tmp_path, program, "-g", "2.4", "12.92")
    ours = develop(real_raw)
    assert ours.shape == theirs.shape
    # AHD chooses a direction at each pixel, and versions of LibRaw round differently before it chooses.
    other = np.mean(np.maximum(ours, theirs) - np.minimum(ours, theirs) > 2, dtype=np.float64)
    agree(
        "develop the real raw, sRGB: share of values that differ by more than 2 of 65535",
        "dcraw_emu",
        other,
        0,
        at_most=1e-3,
    )


def test_weights_we_write(tmp_path: Path, agree: Agree) -> None:
    from huggingface_hub import load_state_dict_from_file

    network = torch.nn.Conv2d(3, 8, 3)
    path = tmp_path / "model.safetensors"
    write_safetensors(path, network, {"a": "b"}, {"method": "none"}, torch.float32)
    theirs = load_state_dict_from_file(path)
    assert set(theirs) == set(network.state_dict())
    for name, value in network.state_dict().items():
        agree(f"weights written: {name}", "huggingface_hub", value.numpy(), theirs[name].numpy(), at_most=0)


def test_weights_they_write(tmp_path: Path, agree: Agree) -> None:
    from huggingface_hub import save_torch_state_dict

    network = torch.nn.Conv2d(3, 8, 3)
    save_torch_state_dict(network.state_dict(), tmp_path)
    ours, _ = read_safetensors(tmp_path / "model.safetensors")
    for name, value in network.state_dict().items():
        agree(f"weights read: {name}", "huggingface_hub", ours[name].numpy(), value.numpy(), at_most=0)
