"""Image files that cameras, phones and strangers make: read if the picture is there, else refused in one sentence."""

import os
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from benchmark.datasets.base import check_entries, list_images
from benchmark.datasets.folder import PairedFolder
from ifan.photographs.batch import Options, deblur_photographs
from ifan.photographs.files import read_photograph, write_photograph
from ifan.variants import VARIANTS
from realdof.common.errors import InputError
from realdof.images.files import read_pixels, write_pixels
from realdof.images.headers import read_header
from realdof.raw.develop import develop, image_size
from realdof.raw.exif import Exif
from realdof.raw.write import write_arw

PIXELS = np.random.default_rng(0).integers(0, 256, (64, 72, 3), dtype=np.uint8)
READERS = (read_header, read_pixels, read_photograph)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_with(kind: bytes, content: bytes) -> bytes:
    made = BytesIO()
    Image.fromarray(PIXELS).save(made, "PNG")
    return made.getvalue()[:33] + chunk(kind, content) + made.getvalue()[33:]


def jpeg(**options: object) -> bytes:
    made = BytesIO()
    Image.fromarray(PIXELS).save(made, "JPEG", **options)
    return made.getvalue()


@pytest.mark.parametrize(
    "exif",
    [b"", b"II", b"no TIFF at all", b"Exif\0\0II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff" + b"\xff" * 400],
)
def test_damaged_exif_is_left_out_in_one_line_and_stops_no_picture(tmp_path: Path, exif: bytes) -> None:
    (tmp_path / "a.png").write_bytes(png_with(b"eXIf", exif))
    (tmp_path / "a.jpg").write_bytes(jpeg(exif=b"Exif\0\0" + exif))
    for name in ("a.png", "a.jpg"):
        read = read_photograph(tmp_path / name)
        assert read.orientation == 1
        assert read.left_out == ((f"the EXIF of {name} is damaged and left out",) if exif else ())
        write_photograph(tmp_path / f"out-{name}", read)
        assert read_photograph(tmp_path / f"out-{name}").pixels.shape == PIXELS.shape


def test_of_exif_that_is_cut_short_what_is_there_is_kept_and_one_line_tells_the_rest(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    exif = Image.Exif()
    exif[274], exif[271], exif[272] = 6, "a maker", "a camera whose name is long"
    whole = exif.tobytes().removeprefix(b"Exif\0\0")
    (tmp_path / "a.png").write_bytes(png_with(b"eXIf", whole[:-20]))
    read = read_photograph(tmp_path / "a.png")
    assert (read.orientation, read.left_out) == (6, ("the rest of the EXIF of a.png is damaged and left out",))
    kept = Image.Exif()
    kept.load(b"Exif\0\0" + read.exif)
    assert kept[271] == "a maker"
    assert not recwarn.list, "Pillow's warnings reach the terminal"


@pytest.mark.parametrize("profile", [b"no profile", b"\0" * 128, b"\xff" * 3000], ids=["text", "zeros", "ones"])
def test_a_damaged_profile_is_left_out_in_one_line(tmp_path: Path, profile: bytes) -> None:
    (tmp_path / "a.png").write_bytes(png_with(b"iCCP", b"name\0\0" + zlib.compress(profile)))
    (tmp_path / "b.png").write_bytes(png_with(b"iCCP", b"name\0\0" + profile))
    (tmp_path / "a.jpg").write_bytes(jpeg(icc_profile=profile))
    for name in ("a.png", "b.png", "a.jpg"):
        read = read_photograph(tmp_path / name)
        assert read.left_out == (f"the colour profile of {name} is damaged and left out",)
        assert not read.profile


def test_text_and_profiles_that_unpack_to_gigabytes_stop_no_picture(tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(2**26))
    (tmp_path / "text.png").write_bytes(png_with(b"zTXt", b"Comment\0\0" + bomb))
    (tmp_path / "profile.png").write_bytes(png_with(b"iCCP", b"name\0\0" + bomb))
    assert np.array_equal(read_photograph(tmp_path / "text.png").pixels, PIXELS)
    assert read_photograph(tmp_path / "profile.png").left_out


def test_exif_that_no_jpeg_holds_is_left_out_before_anything_is_computed(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274], exif[0x010E] = 6, "x" * 70_000
    (tmp_path / "a.png").write_bytes(png_with(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")))
    read = read_photograph(tmp_path / "a.png")
    fitted = read.for_file(tmp_path / "out.jpg")
    assert "more than a JPEG holds" in fitted.left_out[0]
    write_photograph(tmp_path / "out.jpg", fitted)
    assert read_photograph(tmp_path / "out.jpg").orientation == 6
    assert not read.for_file(tmp_path / "out.png").left_out


@pytest.mark.parametrize("film", [b"\0\0\0\x18ftypmp42" + os.urandom(20_000), b"\0" * 100_000], ids=["random", "zeros"])
def test_a_motion_photo_is_whole(tmp_path: Path, film: bytes) -> None:
    path = tmp_path / "motion.jpg"
    path.write_bytes(jpeg() + film)
    for read in READERS:
        read(path)
    path.write_bytes(jpeg()[:-900])
    for read in READERS:
        with pytest.raises(InputError, match="truncated"):
            read(path)


def test_a_png_with_something_appended_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_pixels(path, PIXELS)
    path.write_bytes(path.read_bytes() + b"appended" * 900)
    for read in READERS:
        read(path)


def declared(kind: str, side: int) -> bytes:
    if kind == "png":
        return (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(bytes(1000)))
            + chunk(b"IEND", b"")
        )
    if kind == "jpg":
        content = bytearray(jpeg())
        at = content.index(b"\xff\xc0") + 5
        content[at : at + 4] = struct.pack(">HH", side, side)
        return bytes(content)
    made = BytesIO()
    tifffile.imwrite(made, np.zeros((64, 64, 3), np.uint8), photometric="rgb")
    content = bytearray(made.getvalue())
    with tifffile.TiffFile(BytesIO(content)) as file:
        for name in ("ImageWidth", "ImageLength"):
            tag = file.pages[0].tags[name]
            struct.pack_into("<I" if tag.dtype == 4 else "<H", content, tag.valueoffset, side)
    return bytes(content)


@pytest.mark.parametrize("kind", ["png", "jpg", "tif"])
def test_one_limit_for_every_format_and_every_reader(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"large.{kind}"
    path.write_bytes(declared(kind, 60_000))
    for read in READERS:
        with pytest.raises(InputError, match="3,600 megapixels of at most 200; raise the limit with --megapixels"):
            read(path)
    path.write_bytes(declared(kind, 13_400))
    assert read_header(path).width == 13_400
    monkeypatch.setenv("IFAN_BENCH_MEGAPIXELS", "100")
    with pytest.raises(InputError, match="at most 100"):
        read_header(path)
    monkeypatch.setenv("IFAN_BENCH_MEGAPIXELS", "many")
    with pytest.raises(InputError, match="give a positive number"):
        read_header(path)


def test_a_raw_file_has_the_limit_of_every_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ARW"
    write_arw(path, np.full((64, 96), 3000, np.uint16), Exif(), (2.0, 1.0, 1.5))
    for read in (read_photograph, develop, image_size):
        monkeypatch.delenv("IFAN_BENCH_MEGAPIXELS", raising=False)
        read(path)
        monkeypatch.setenv("IFAN_BENCH_MEGAPIXELS", "0.001")
        with pytest.raises(InputError, match="raise the limit with --megapixels"):
            read(path)


@pytest.mark.slow
def test_the_option_sets_the_limit_of_a_command_and_of_its_workers(tmp_path: Path) -> None:
    for folder in ("source", "target"):
        write_pixels(tmp_path / "pairs" / folder / "a.png", np.zeros((1100, 1000, 3), np.uint8))
    words = [
        "run", "--method", "input", "--dataset", "folder", "--root", "pairs", "--metrics", "psnr", "--workers", "2",
    ]  # fmt: skip
    for option, status, said in (
        (["--megapixels", "1"], 2, "has 1000x1100 px, 1.1 megapixels of at most 1"),
        (["--megapixels=1.2"], 0, ""),
        (["--megapixels"], 2, "give a positive number"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", "from benchmark.commands.app import main; main()", *words, *option],
            cwd=tmp_path, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        assert said in done.stderr


def test_damaged_metadata_is_told_before_anything_is_computed_and_stops_no_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pixels(tmp_path / "in" / "whole.png", PIXELS)
    (tmp_path / "in" / "exif.png").write_bytes(png_with(b"eXIf", b"no TIFF at all"))
    (tmp_path / "in" / "profile.png").write_bytes(png_with(b"iCCP", b"name\0\0" + b"no profile"))
    assert deblur_photographs([tmp_path / "in"], tmp_path / "out", Options(VARIANTS["ifan"], weights="synthetic"))
    said = [line.partition(" (8-bit)")[0] for line in capsys.readouterr().err.splitlines() if "deblurring" not in line]
    assert said == [
        "the EXIF of exif.png is damaged and left out", f"wrote {tmp_path / 'out' / 'exif.png'}",
        "the colour profile of profile.png is damaged and left out", f"wrote {tmp_path / 'out' / 'profile.png'}",
        f"wrote {tmp_path / 'out' / 'whole.png'}",
    ]  # fmt: skip


def test_a_pipe_a_device_and_a_folder_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    for path, said in (
        (tmp_path / "pipe.png", "pipe"),
        (tmp_path / "folder.png", "folder"),
        (Path("/dev/zero"), "device"),
    ):
        for read in READERS[:2]:
            with pytest.raises(InputError, match=said):
                read(path)


def test_cmyk_is_refused_by_data_sets_too(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).convert("CMYK").save(tmp_path / "print.jpg")
    for read in READERS:
        with pytest.raises(InputError, match="CMYK"):
            read(tmp_path / "print.jpg")


def test_a_tiff_whose_first_page_is_a_thumbnail_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(PIXELS[:16, :16], photometric="rgb", subfiletype=1)
        file.write(PIXELS, photometric="rgb")
    for read in READERS:
        with pytest.raises(InputError, match="several images, the first 16x16, another 72x64"):
            read(path)
    with tifffile.TiffWriter(path) as file:
        file.write(PIXELS, photometric="rgb")
        file.write(PIXELS[:16, :16], photometric="rgb", subfiletype=1)
    assert np.array_equal(read_photograph(path).pixels, PIXELS)


def test_a_pair_of_two_orientations_is_refused(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 3
    for folder, options in (("source", {"exif": exif.tobytes()}), ("target", {})):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.jpg").write_bytes(jpeg(**options))
    with pytest.raises(InputError, match=r"has EXIF orientation 1 but .* has 3"):
        check_entries(PairedFolder(tmp_path).listed)


def test_hidden_files_beside_pictures_are_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pixels(tmp_path / "in" / "plain.png", PIXELS)
    (tmp_path / "in" / "._plain.png").write_bytes(b"\0\x05\x16\x07 a resource fork")
    options = Options(VARIANTS["ifan"], weights="synthetic")
    assert deblur_photographs([tmp_path / "in"], tmp_path / "out", options)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["plain.png"]


def test_jfif_is_a_jpeg(tmp_path: Path) -> None:
    (tmp_path / "a.jfif").write_bytes(jpeg())
    assert list_images(tmp_path).keys() == {"a"}
    read = read_photograph(tmp_path / "a.jfif")
    write_photograph(tmp_path / "b.jfif", read)
    write_pixels(tmp_path / "c.jfif", PIXELS)
    assert read_header(tmp_path / "b.jfif").width == 72


@pytest.mark.parametrize("orientation", [2, 4, 5, 7])
def test_a_mirrored_orientation_survives_beside_the_turned_ones(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    (tmp_path / "a.jpg").write_bytes(jpeg(exif=exif.tobytes()))
    (tmp_path / "a.png").write_bytes(png_with(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")))
    tifffile.imwrite(tmp_path / "a.tif", PIXELS, photometric="rgb", extratags=[(274, 3, 1, orientation, True)])
    for name in ("a.jpg", "a.png", "a.tif"):
        assert read_header(tmp_path / name).orientation == orientation
        assert read_photograph(tmp_path / name).orientation == orientation


def test_a_deflated_tiff_with_zeroed_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, PIXELS, photometric="rgb", compression="zlib", rowsperstrip=16)
    whole = path.read_bytes()
    assert np.array_equal(read_pixels(path), PIXELS)
    content = bytearray(whole)
    content[2000:2200] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(InputError, match="truncated or damaged"):
        read_pixels(path)


def test_a_file_name_that_is_no_utf8_is_one_sentence(tmp_path: Path) -> None:
    for folder in ("source", "target"):
        write_pixels(tmp_path / folder / "a.png", PIXELS)
        (tmp_path / folder / "a.png").rename(os.fsdecode(os.fsencode(tmp_path / folder) + b"/caf\xe9.png"))
    with pytest.raises(InputError, match="UTF-8"):
        list_images(tmp_path / "source")
