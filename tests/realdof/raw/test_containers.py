"""EXIF is found in the containers of other makers: Canon's CR3, Fujifilm's RAF, Olympus's ORF, Panasonic's RW2."""

import struct
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from exif_files import text, tiff

from realdof.raw.exif import Exif, read_exif

SHOT = [
    (0x829D, 5, 1, struct.pack("<II", 28, 10)),
    (0x8827, 3, 1, struct.pack("<H", 100)),
    text(0x9003, b"2024:05:06 07:08:09"),
    text(0xA431, b"012345"),
]
EXPECTED = Exif(body_serial="012345", time=datetime(2024, 5, 6, 7, 8, 9), time_step=1.0, f_number=2.8, iso=100)


def read(tmp_path: Path, content: bytes) -> Exif:
    """The EXIF of a file of this content."""
    (tmp_path / "file").write_bytes(content)
    return read_exif(tmp_path / "file")


def box(kind: bytes, content: bytes) -> bytes:
    """A box of ISO 14496-12."""
    return struct.pack(">I4s", 8 + len(content), kind) + content


def cr3(first: bytes = b"") -> bytes:
    """Canon's boxes, with the EXIF directory as the main one of a TIFF structure of its own."""
    directory, values = struct.pack("<H", len(SHOT)), b""
    values_at = 8 + 2 + 12 * len(SHOT) + 4
    for tag, kind, count, content in SHOT:
        field = content.ljust(4, b"\0")
        if len(content) > 4:
            field = struct.pack("<I", values_at + len(values))
            values += content
        directory += struct.pack("<HHI", tag, kind, count) + field
    shot = b"II*\0" + struct.pack("<I", 8) + directory + bytes(4) + values
    main = tiff("<", [text(0x0110, b"Canon EOS R5")], [])
    canon = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    inner = box(b"CNCV", b"x" * 30) + box(b"CMT1", main) + box(b"CMT2", shot)
    return box(b"ftyp", b"crx \0\0\0\1isom") + first + box(b"moov", box(b"uuid", canon + inner) + box(b"trak", b""))


@pytest.mark.parametrize("first", [b"", struct.pack(">I4sQ", 1, b"free", 24) + bytes(8)], ids=["plain", "64-bit box"])
def test_canons_cr3_has_its_exif_in_boxes(tmp_path: Path, first: bytes) -> None:
    assert read(tmp_path, cr3(first)) == replace(EXPECTED, model="Canon EOS R5")


@pytest.mark.parametrize("cut", [12, 40, 80, 120, 200])
def test_a_cut_cr3_says_nothing_that_is_not_there(tmp_path: Path, cut: int) -> None:
    assert read(tmp_path, cr3()[:cut]) == Exif()


def test_fujifilms_raf_has_its_exif_in_the_preview(tmp_path: Path) -> None:
    preview = b"\xff\xd8\xff\xe1\0\0Exif\0\0" + tiff("<", [text(0x0110, b"X-T5")], SHOT)
    raf = b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(">II", 100, len(preview))
    assert read(tmp_path, raf.ljust(100, b"\0") + preview) == replace(EXPECTED, model="X-T5")


@pytest.mark.parametrize("signature", [b"IIRO", b"IIRS", b"IIU\0"])
def test_olympus_and_panasonic_write_tiff_under_other_signatures(tmp_path: Path, signature: bytes) -> None:
    content = tiff("<", [text(0x0110, b"E-M1")], SHOT)
    assert read(tmp_path, signature + content[4:]) == replace(EXPECTED, model="E-M1")


def test_the_aperture_may_stand_in_the_main_directory_as_tiff_ep_has_it(tmp_path: Path) -> None:
    assert read(tmp_path, tiff("<", [(0x829D, 5, 1, struct.pack("<II", 28, 10))], [])).f_number == 2.8
