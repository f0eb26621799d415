"""Plain PNG files: decoded as OpenCV decodes them, and left to it where they are not plain or damaged."""

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from realdof.common.errors import InputError
from realdof.images.files import read_pixels, write_pixels
from realdof.images.plain_png import decode_plain
from realdof.images.png import check_chunks

HEIGHT, WIDTH = 23, 37
NONE, SUB, UP, AVERAGE, PAETH = range(5)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(bits: int, rows: bytes, *others: bytes, colour: int = 2, order: int = 0) -> bytes:
    """A file of these filtered rows, in two IDAT chunks, with other chunks before them."""
    stream = zlib.compress(rows)
    halves = (stream[: len(stream) // 2], stream[len(stream) // 2 :])
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, colour, 0, 0, order)
    parts = [chunk(b"IHDR", header), *others, *(chunk(b"IDAT", half) for half in halves), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def rows_of(bits: int, filtering: int, seed: int = 0) -> bytes:
    """Rows of random bytes, which any filter turns into some pixels."""
    random = np.random.default_rng(seed)
    return b"".join(bytes([filtering]) + random.bytes(WIDTH * 3 * bits // 8) for _ in range(HEIGHT))


def decoded(content: bytes) -> np.ndarray | None:
    return decode_plain(content, check_chunks(Path("a.png"), content))


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("filtering", [NONE, SUB, UP, AVERAGE, PAETH])
def test_the_pixels_of_every_filter_are_those_of_opencv(bits: int, filtering: int) -> None:
    content = png(bits, rows_of(bits, filtering))
    expected = cv2.cvtColor(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGR2RGB)
    found = decoded(content)
    assert found is not None
    assert found.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert np.array_equal(found, expected)
    assert found.flags.writeable
    assert found.flags.c_contiguous


def test_gamma_and_profile_do_not_change_pixels() -> None:
    rows = rows_of(8, PAETH)
    tagged = png(8, rows, chunk(b"gAMA", struct.pack(">I", 30000)), chunk(b"sBIT", b"\5\5\5"))
    assert np.array_equal(decoded(tagged), decoded(png(8, rows)))


@pytest.mark.parametrize(
    "content",
    [
        png(8, rows_of(8, SUB), chunk(b"tRNS", bytes(6))),
        png(8, rows_of(8, SUB), chunk(b"acTL", struct.pack(">II", 1, 0))),
        png(8, rows_of(8, SUB), order=1),
        png(8, rows_of(8, SUB), colour=6),
        png(4, rows_of(8, SUB)),
    ],
    ids=["transparent", "animated", "interlaced", "alpha", "4 bits"],
)
def test_what_is_not_plain_is_left_to_opencv(content: bytes) -> None:
    assert decoded(content) is None


@pytest.mark.parametrize("kind", ["filter", "few rows"])
@pytest.mark.parametrize("bits", [8, 16])
def test_damage_under_right_checksums_is_refused_in_one_sentence(tmp_path: Path, kind: str, bits: int) -> None:
    rows = rows_of(bits, SUB)
    damaged = b"\x09" + rows[1:] if kind == "filter" else rows[: len(rows) // 2]
    (tmp_path / "a.png").write_bytes(png(bits, damaged))
    with pytest.raises(InputError, match="damaged"):
        read_pixels(tmp_path / "a.png")


def test_a_panic_of_rust_leaves_the_file_to_opencv_and_ctrl_c_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    def raising(error: BaseException) -> None:
        def decode(*_: object) -> None:
            raise error

        monkeypatch.setattr("kornia_rs.io.decode_image_png_u8", decode)

    content = png(8, rows_of(8, SUB))
    raising(PanicException())
    assert decoded(content) is None
    raising(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        decoded(content)


LIMITED = """
import resource, sys
from pathlib import Path
from realdof.images.files import read_pixels
path = Path(sys.argv[1])
read_pixels(path.with_name("small.png"))
used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_DATA, (used + 20_000_000, resource.RLIM_INFINITY))
try:
    read_pixels(path)
except MemoryError:
    print("refused")
read_pixels(path.with_name("small.png"))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's limit on a process's memory")
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_image_that_does_not_fit_into_memory_fails_alone(tmp_path: Path, dtype: type) -> None:
    write_pixels(tmp_path / "large.png", np.zeros((4000, 4000, 3), dtype))
    write_pixels(tmp_path / "small.png", np.zeros((8, 8, 3), dtype))
    words = [sys.executable, "-c", LIMITED, str(tmp_path / "large.png")]
    assert subprocess.run(words, check=True, capture_output=True, text=True).stdout == "refused\n"
