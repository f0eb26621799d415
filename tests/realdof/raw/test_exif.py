"""EXIF of any file, however damaged: what is there is read, what is not is None, and nothing else happens."""

import struct
import zlib
from datetime import datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from exif_files import text, tiff
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realdof.common.errors import InputError
from realdof.raw.exif import Exif, read_exif
from realdof.raw.tiff import Tiff
from realdof.raw.write import write_arw


def exif_of(tmp_path: Path, content: bytes) -> Exif:
    (tmp_path / "file").write_bytes(content)
    return read_exif(tmp_path / "file")


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_are_read(tmp_path: Path, order: str) -> None:
    shot = [
        (0x829A, 5, 1, struct.pack(order + "II", 1, 125)),
        (0x829D, 5, 1, struct.pack(order + "II", 18, 10)),
        (0x8827, 3, 1, struct.pack(order + "H", 100)),
        (0x920A, 5, 1, struct.pack(order + "II", 135, 1)),
        text(0x9003, b"2020:11:14 12:00:01"),
        text(0xA431, b"3374840"),
    ]
    exif = exif_of(tmp_path, tiff(order, [text(0x0110, b"ILCE-7RM4")], shot))
    assert exif == Exif(
        model="ILCE-7RM4",
        body_serial="3374840",
        time=datetime(2020, 11, 14, 12, 0, 1),
        time_step=1.0,
        exposure_time=1 / 125,
        f_number=1.8,
        iso=100,
        focal_length=135,
    )


@pytest.mark.parametrize(
    ("digits", "microseconds", "step"),
    [(b"5", 500_000, 0.1), (b"05", 50_000, 0.01), (b"678", 678_000, 0.001)],
)
def test_sub_seconds_are_digits_after_the_point(tmp_path: Path, digits: bytes, microseconds: int, step: float) -> None:
    exif = exif_of(tmp_path, tiff("<", [], [text(0x9003, b"2020:11:14 12:00:01"), text(0x9291, digits)]))
    assert exif.time == datetime(2020, 11, 14, 12, 0, 1, microseconds)
    assert exif.time_step == pytest.approx(step)


def sony_file(model: bytes, offset: int, serial: bytes, named: bytes = b"") -> bytes:
    """A file of a Sony model with a maker note that holds a serial number at an offset of block 0x9050."""
    block = bytes(offset) + bytes(pow(byte, 3, 249) if byte < 249 else byte for byte in serial) + bytes(300)
    # The note begins after header, main directory of two entries, EXIF directory of one, and the model's text.
    note_at = 8 + (2 + 24 + 4) + (2 + 12 + 4) + len(model) + 1
    table = struct.pack("<HHHII", 1, 0x9050, 7, len(block), note_at + len(named) + 18) + bytes(4)
    note = named + table + block
    return tiff("<", [text(0x0110, model)], [(0x927C, 7, len(note), note)])


@pytest.mark.parametrize("named", [b"", b"SONY DSC \0\0\0"])
@pytest.mark.parametrize(
    ("model", "offset", "serial"),
    [
        # The first bytes of the real serial number of one A7R IV body.
        (b"ILCE-7RM4", 0x88, "f6fe0000cc09"),
        (b"ILCE-7SM3", 0x88, "f6fe0000cc09"),
        (b"ILCE-7M2", 0x7C, "01020304"),
        (b"ILCA-77M2", 0xF0, "0102030405"),
    ],
)
def test_the_serial_number_is_read_where_the_model_keeps_it(
    tmp_path: Path, model: bytes, offset: int, serial: str, named: bytes
) -> None:
    assert exif_of(tmp_path, sony_file(model, offset, bytes.fromhex(serial), named)).body_serial == serial


@pytest.mark.parametrize("model", [b"ILCE-7RM5", b"NEX-7", b"DSC-RX100M7", b"NIKON Z 7"])
def test_no_serial_number_is_made_up_for_a_model_whose_block_is_laid_out_otherwise(
    tmp_path: Path, model: bytes
) -> None:
    assert exif_of(tmp_path, sony_file(model, 0x88, bytes.fromhex("f6fe0000cc09"))).body_serial is None


def test_the_serial_number_that_a_dng_converter_wrote_is_read(tmp_path: Path) -> None:
    assert exif_of(tmp_path, tiff("<", [text(0xC62F, b"03374840")], [])).body_serial == "03374840"


def test_the_exif_chunk_of_a_png_is_read(tmp_path: Path) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    exif = tiff(">", [], [(0x829D, 5, 1, struct.pack(">II", 16, 1))])
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    assert exif_of(tmp_path, b"\x89PNG\r\n\x1a\n" + header + chunk(b"eXIf", exif)).f_number == 16
    assert exif_of(tmp_path, b"\x89PNG\r\n\x1a\n" + header) == Exif()


@pytest.mark.parametrize(
    "entry",
    [
        (0x829D, 5, 1, struct.pack("<II", 18, 0)),
        (0x829D, 5, 1, struct.pack("<II", 0, 10)),
        (0x829D, 5, 0, struct.pack("<II", 18, 10)),
        (0x829D, 2, 4, b"1.8\0"),
        (0x829D, 77, 1, b"\1\2\3\4"),
    ],
)
def test_an_impossible_value_counts_as_missing(tmp_path: Path, entry: tuple[int, int, int, bytes]) -> None:
    assert exif_of(tmp_path, tiff("<", [], [entry])) == Exif()


@pytest.mark.parametrize("time", [b"0000:00:00 00:00:00", b"    :  :     :  :  ", b"2020-11-14T12:00:01"])
def test_a_time_that_was_never_set_counts_as_missing(tmp_path: Path, time: bytes) -> None:
    assert exif_of(tmp_path, tiff("<", [], [text(0x9003, time), text(0x9291, b"5")])).time is None


def test_texts_cannot_disturb_a_terminal(tmp_path: Path) -> None:
    exif = exif_of(tmp_path, tiff("<", [text(0x0110, b"ILCE\x1b[31m\r\n-7RM4 ")], []))
    assert exif.model == "ILCE[31m-7RM4"


@pytest.mark.parametrize(
    "content", [b"", b"II", b"II*\0", b"II*\0\xff\xff\xff\xff", b"\xff\xd8\xff\xe1", b"\x89PNG\r\n\x1a\n"]
)
def test_a_file_without_exif_says_nothing(tmp_path: Path, content: bytes) -> None:
    assert exif_of(tmp_path, content) == Exif()


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_exif(tmp_path / "missing.ARW")


@pytest.fixture(scope="module")
def arw(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("arw") / "a.ARW"
    shot = Exif(body_serial="1", time=datetime(2020, 1, 1), time_step=0.001, exposure_time=0.008, f_number=16)
    write_arw(path, np.full((22, 24), 600, np.uint16), shot, (2.0, 1.0, 1.5))
    return path.read_bytes()


def test_a_whole_file_ends_where_its_pixels_end(arw: bytes) -> None:
    assert Tiff(BytesIO(arw)).end_of_pixels() == len(arw)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=8))
def test_damaged_directories_never_raise(tmp_path: Path, arw: bytes, places: list[tuple[int, int]]) -> None:
    damaged = bytearray(arw)
    for position, byte in places:
        damaged[position] = byte
    exif_of(tmp_path, bytes(damaged))
    assert Tiff(BytesIO(damaged)).end_of_pixels() >= 0


def test_directories_that_lead_in_a_circle_are_read_a_bounded_number_of_times() -> None:
    class Counting(BytesIO):
        reads = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.reads += 1
            return super().read(size)

    circle = b"II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHII", 330, 4, 1, 8) + struct.pack("<I", 8)
    file = Counting(circle)
    assert Tiff(file).end_of_pixels() == 0
    assert file.reads < 1000
