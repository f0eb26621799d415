"""Random damage to image and raw files: read, or refused in one sentence, within time, memory and folder."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from mutations import NAMES, changed_bytes
from PIL import Image, ImageCms
from watch import outcome

from benchmark.datasets.base import list_images
from ifan.photographs.files import read_photograph, write_photograph
from realdof.captures.scene import read_capture
from realdof.images.files import read_pixels
from realdof.images.headers import read_header
from realdof.raw.develop import develop, develop_half, raw_orientation
from realdof.raw.exif import Exif, read_exif
from realdof.raw.write import write_arw, write_dng

pytestmark = pytest.mark.slow
PIXELS = np.random.default_rng(0).integers(0, 256, (24, 20, 3), dtype=np.uint8)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif() -> bytes:
    made = Image.Exif()
    made[274], made[271], made[306] = 6, "a maker", "2020:01:01 00:00:00"
    made.get_ifd(0x8769)[33434] = (1, 100)
    return made.tobytes()


def pillow(kind: str, mode: str = "RGB", **options: object) -> bytes:
    made = BytesIO()
    Image.fromarray(PIXELS).convert(mode).save(made, kind, **options)
    return made.getvalue()


def tiff(pixels: np.ndarray, **options: object) -> bytes:
    made = BytesIO()
    tifffile.imwrite(made, pixels, **({"photometric": "rgb"} | options))
    return made.getvalue()


def deep_png() -> bytes:
    content = pillow("PNG")
    rows = b"".join(b"\0" + bytes(row.astype(">u2") * 257) for row in PIXELS.reshape(24, -1))
    body = b"IDAT" + zlib.compress(rows)
    header = b"IHDR" + struct.pack(">IIBBBBB", 20, 24, 16, 2, 0, 0, 0)
    parts = [header, body, b"IEND"]
    return content[:8] + b"".join(
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in parts
    )


PNGS = (
    pillow("PNG", exif=exif(), icc_profile=PROFILE), pillow("PNG", "1"), pillow("PNG", "P"), pillow("PNG", "L"),
    pillow("PNG", "LA"), pillow("PNG", "RGBA"), deep_png(),
)  # fmt: skip
JPEGS = (
    pillow("JPEG", exif=exif(), icc_profile=PROFILE), pillow("JPEG", progressive=True), pillow("JPEG", "L"),
    pillow("JPEG", "CMYK"), pillow("JPEG", subsampling=0, optimize=True, restart_marker_blocks=1),
)  # fmt: skip
TIFFS = (
    tiff(PIXELS), tiff(PIXELS.astype(np.uint16) * 257, byteorder=">", bigtiff=True), tiff(PIXELS, compression="zlib"),
    tiff(PIXELS[..., 0], photometric="minisblack"), tiff(PIXELS.astype(np.float32) / np.float32(np.nan)),
    tiff(PIXELS, extratags=[(274, 3, 1, 5, True)], iccprofile=PROFILE),
    tiff(np.zeros((3, 24, 20), bool), photometric="minisblack"),
)  # fmt: skip
SUFFIXES = (".png", ".jpg", ".tif", ".jpeg", ".tiff", ".jfif")


def read_all(folder: Path, name: str, content: bytes, kind: str) -> None:
    path = folder / name
    path.write_bytes(content)
    outcome(kind, folder, lambda: read_header(path))
    was_read = outcome(kind, folder, lambda: read_pixels(path))

    def and_back() -> None:
        photograph = read_photograph(path)
        write_photograph(folder / "out.png", photograph)
        assert read_photograph(folder / "out.png").pixels.shape == photograph.pixels.shape

    assert outcome(kind, folder, and_back) == was_read, "one reader takes what the other refuses"


@cases(2500)
@given(content=changed_bytes(PNGS), suffix=st.sampled_from(SUFFIXES))
def test_png(content: bytes, suffix: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    read_all(tmp_path_factory.getbasetemp(), f"a{suffix}", content, "PNG")


def whole_chunks(content: bytes) -> bytes:
    """With every checksum right again, so that what is behind the checks is reached."""
    at, made = 8, content[:8]
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        part = content[at + 4 : at + 8 + length]
        made += struct.pack(">I", max(0, len(part) - 4)) + part + struct.pack(">I", zlib.crc32(part))
        at += 12 + length
    return made


@cases(1500)
@given(content=changed_bytes(PNGS))
def test_png_with_right_checksums(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    read_all(tmp_path_factory.getbasetemp(), "a.png", whole_chunks(content), "PNG")


@cases(2500)
@given(content=changed_bytes(JPEGS))
def test_jpeg(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    read_all(tmp_path_factory.getbasetemp(), "a.jpg", content, "JPEG")


@cases(2500)
@given(content=changed_bytes(TIFFS))
def test_tiff(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    read_all(tmp_path_factory.getbasetemp(), "a.tif", content, "TIFF")


@pytest.fixture(scope="module")
def raws(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, ...]:
    folder = tmp_path_factory.mktemp("raws")
    mosaic = np.random.default_rng(1).integers(512, 16000, (64, 64), dtype=np.uint16)
    shot = Exif(model="ILCE-7RM4", body_serial="00", lens="a lens", iso=100.0, f_number=4.0, exposure_time=0.01)
    for compression in ("none", "lossy", "lossless"):
        write_arw(folder / f"{compression}.ARW", mosaic, shot, (2.0, 1.0, 1.5), compression=compression)
    write_dng(folder / "a.DNG", mosaic, shot, (2.0, 1.0, 1.5), np.eye(3) * 0.5 + 0.1)
    return tuple(path.read_bytes() for path in sorted(folder.iterdir()))


@cases(1500)
@given(data=st.data())
def test_raw(data: st.DataObject, raws: tuple[bytes, ...], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    path = folder / f"a{data.draw(st.sampled_from(('.ARW', '.DNG', '.nef', '.cr3', '.raf')))}"
    path.write_bytes(data.draw(changed_bytes(raws)))
    for read in (read_exif, read_capture, raw_orientation, develop, develop_half):
        outcome("raw", folder, lambda read=read: read(path))


@cases(800)
@given(name=st.one_of(st.sampled_from(NAMES), st.text(max_size=60)))
def test_names_of_files(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("names")
    try:
        (folder / f"{name.replace('/', '_')}.png").write_bytes(PNGS[0])
    except (OSError, ValueError):
        return
    outcome("names", folder, lambda: list_images(folder))
