"""A raw file that LibRaw cannot read is one sentence with file, compression and remedy."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from realdof.common.errors import InputError
from realdof.raw.cameras import A7R_IV
from realdof.raw.develop import camera_multipliers, develop, develop_half
from realdof.raw.exif import Exif
from realdof.raw.write import write_arw, write_dng


def with_compression(path: Path, compression: int) -> None:
    """Let the raw image's directory of a file name another compression."""
    content = bytearray(path.read_bytes())
    place = content.index(struct.pack("<HHI", 259, 3, 1))
    struct.pack_into("<H", content, place + 8, compression)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("suffix", "compression", "words"),
    [
        (".dng", 52546, r"JPEG XL compression \(52546\), which LibRaw [\d.]+ cannot read; convert it"),
        (".ARW", 32766, r"Sony's compression 2 \(32766\).*set the camera to uncompressed or lossless"),
        (".dng", 40000, r"compression 40000 \(40000\).*convert it"),
    ],
)
def test_an_unsupported_compression_is_named_with_its_remedy(
    tmp_path: Path, suffix: str, compression: int, words: str
) -> None:
    path = tmp_path / f"a{suffix}"
    mosaic = np.random.default_rng(0).integers(600, 16000, (64, 96), dtype=np.uint16)
    if suffix == ".ARW":
        write_arw(path, mosaic, Exif(), (2.0, 1.0, 1.5))
    else:
        write_dng(path, mosaic, Exif(), (2.0, 1.0, 1.5), A7R_IV.camera_from_xyz)
    with_compression(path, compression)
    for read in (develop, develop_half):
        with pytest.raises(InputError, match=rf"a\{suffix} has {words}"):
            read(path)


@pytest.mark.parametrize("read", [develop, develop_half, camera_multipliers])
def test_a_missing_white_balance_is_asked_for_not_made_up(tmp_path: Path, read: Callable[[Path], object]) -> None:
    path = tmp_path / "a.ARW"
    write_arw(path, np.full((64, 96), 600, np.uint16), Exif(), (0.0, 0.0, 0.0))
    with pytest.raises(InputError, match="names no white balance"):
        read(path)
