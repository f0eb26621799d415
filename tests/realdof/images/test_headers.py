"""Headers of image files: odd but whole ones are read, and what cannot be is refused, before anything is decoded."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from realdof.common.errors import InputError
from realdof.images import headers, jpeg
from realdof.images.files import read_pixels, write_pixels
from realdof.images.headers import Header, read_header
from realdof.images.png import check_chunks

PIXELS = np.random.default_rng(0).integers(0, 256, (16, 24, 3), np.uint8)


def encoded(format: str, mode: str = "RGB") -> bytes:
    """The pixels as a file of a format."""
    stream = io.BytesIO()
    Image.fromarray(PIXELS).convert(mode).save(stream, format)
    return stream.getvalue()


def with_segment(segment: bytes) -> bytes:
    """A JPEG with something before its first segment."""
    whole = encoded("JPEG")
    return whole[:2] + segment + whole[2:]


def with_frame(**fields: int) -> bytes:
    """A JPEG whose frame header says other bits, height or channels."""
    whole = bytearray(encoded("JPEG"))
    at = whole.index(b"\xff\xc0") + 4
    for name, value in fields.items():
        struct.pack_into(*{"bits": (">B", whole, at), "height": (">H", whole, at + 1)}[name], value)
    return bytes(whole)


def with_header(**fields: int) -> bytes:
    """A PNG whose header says another width, depth or kind of colour."""
    whole = bytearray(encoded("PNG"))
    for name, value in fields.items():
        struct.pack_into(
            *{"width": (">I", whole, 16), "bits": (">B", whole, 24), "colour": (">B", whole, 25)}[name], value
        )
    struct.pack_into(">I", whole, 29, zlib.crc32(whole[12:29]))
    return bytes(whole)


@pytest.mark.parametrize(
    "segment",
    [
        b"\xff" * 5,
        b"\xff\x01\xff\xd0",
        b"\xff\xe1\0\x11http://ns.adobe",
        b"\xff\xe1\0\x04ab",
    ],
    ids=["fill bytes", "markers without content", "APP1 of another kind", "a short APP1"],
)
def test_a_jpeg_with_odd_segments_is_whole(tmp_path: Path, segment: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(with_segment(segment))
    assert read_header(tmp_path / "a.jpg") == Header(16, 24, 8)
    assert read_pixels(tmp_path / "a.jpg").shape == PIXELS.shape


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (with_segment(b"\xff\xe5\0\x01"), "is truncated or damaged"),
        (with_segment(b"\xff\xe5\0\x04ab" + b"holiday"), "is truncated or damaged"),
        (encoded("JPEG").partition(b"\xff\xc0")[0] + b"\xff\xc0\0\x11\x08\0", "is truncated or damaged"),
        (encoded("JPEG")[:20], "is truncated or damaged"),
        (encoded("JPEG", "CMYK"), "is in CMYK, for printing; convert it to RGB"),
        (with_frame(bits=12), "has 3 channels of 12 bits; save it as PNG or TIFF"),
        (with_frame(height=0), "declares 24x0 px; it is damaged, fetch or copy it again"),
        (with_header(width=0), "declares 0x16 px; it is damaged, fetch or copy it again"),
        (with_header(colour=5), "is truncated or damaged"),
        (with_header(bits=5), "is truncated or damaged"),
        (encoded("PNG")[:30], "is truncated or damaged"),
        (b"", "is empty"),
    ],
)
def test_what_is_wrong_with_a_header_is_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_header(tmp_path / "a")


def test_a_jpeg_of_nothing_but_segments_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jpeg, "_MOST_SEGMENTS", 5)
    (tmp_path / "a.jpg").write_bytes(with_segment(b"\xff\xfe\0\x02" * 5))
    with pytest.raises(InputError, match="is truncated or damaged"):
        read_header(tmp_path / "a.jpg")


def test_a_film_behind_a_jpeg_hides_its_end_and_a_lost_end_is_found_out(tmp_path: Path) -> None:
    film = bytes(2 * jpeg._BLOCK)
    (tmp_path / "a.jpg").write_bytes(encoded("JPEG") + film)
    assert read_header(tmp_path / "a.jpg") == Header(16, 24, 8)
    (tmp_path / "b.jpg").write_bytes(encoded("JPEG")[:-2] + film)
    with pytest.raises(InputError, match="is truncated or damaged"):
        read_header(tmp_path / "b.jpg")


def test_a_file_above_the_limit_is_refused_by_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    monkeypatch.setattr(headers, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match=r"has 0\.0 GB, at most 0\.0 are read; save it smaller"):
        read_header(tmp_path / "a.png")


def test_every_chunk_of_a_png_is_checked_to_its_last_byte(tmp_path: Path) -> None:
    whole = encoded("PNG")
    check_chunks(tmp_path / "a.png", whole)
    changed = bytearray(whole)
    changed[60] ^= 1
    for damaged in (bytes(changed), whole[:-1], whole[:-12], whole[:60]):
        with pytest.raises(InputError, match="is truncated or damaged"):
            check_chunks(tmp_path / "a.png", damaged)


@pytest.mark.parametrize("pixels", [PIXELS[..., 0], PIXELS[..., :2], PIXELS.astype(np.float32)])
def test_pixels_that_no_file_holds_are_a_mistake_of_the_caller(tmp_path: Path, pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"pixels must be uint8 or uint16 \(H, W, 3\), not"):
        write_pixels(tmp_path / "a.png", pixels)
    assert not (tmp_path / "a.png").exists()
