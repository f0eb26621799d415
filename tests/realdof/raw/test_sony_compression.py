"""Sony's compressed raws, written by us, are read by LibRaw: the lossless one exactly, the lossy one to its steps."""

from pathlib import Path

import numpy as np
import pytest
import rawpy

from realdof.common.errors import InputError
from realdof.raw.develop import image_size
from realdof.raw.exif import Exif
from realdof.raw.sony_compression import TILE, lossy_levels
from realdof.raw.write import Compression, write_arw


def mosaic(height: int, width: int) -> np.ndarray:
    """Levels of all sizes, smooth in one half and noisy in the other, with the full range's ends."""
    random = np.random.default_rng(0)
    ramp = np.add.outer(np.linspace(600, 9000, height), np.linspace(0, 6000, width))
    levels = ramp + np.where(np.arange(width) < width // 2, 20, 900) * random.standard_normal((height, width))
    levels[0, :4], levels[1, :4] = 0, 16383
    return np.clip(np.rint(levels), 0, 16383).astype(np.uint16)


def read(path: Path) -> np.ndarray:
    """The levels that LibRaw finds."""
    with rawpy.imread(str(path)) as raw:
        assert raw.white_level == 16383
        assert raw.black_level_per_channel == [512] * 4
        return raw.raw_image_visible.copy()


@pytest.mark.parametrize("size", [(64, 96), (TILE, TILE), (TILE + 2, 2 * TILE + 8)])
def test_lossless_compression_gives_back_every_level(tmp_path: Path, size: tuple[int, int]) -> None:
    levels = mosaic(*size)
    write_arw(tmp_path / "a.ARW", levels, Exif(), (2.0, 1.0, 1.5), compression="lossless")
    np.testing.assert_array_equal(read(tmp_path / "a.ARW"), levels)


def test_lossy_compression_gives_back_levels_to_the_steps_of_their_block(tmp_path: Path) -> None:
    levels = mosaic(64, 96)
    write_arw(tmp_path / "a.ARW", levels, Exif(), (2.0, 1.0, 1.5), compression="lossy")
    found = read(tmp_path / "a.ARW").astype(int)
    assert (tmp_path / "a.ARW").stat().st_size < 64 * 96 + 1000
    steps = np.diff(lossy_levels())
    assert steps.max() == 32
    # A block spans up to 2048 codes and tells them in 128 steps.
    assert np.abs(found - levels).max() <= 16 * steps.max()
    smooth = np.abs(found - levels)[2:, :32]
    assert np.median(smooth) <= 8
    assert (found != levels).any()


def test_lossy_compression_needs_whole_blocks(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="divides by 32"):
        write_arw(tmp_path / "a.ARW", mosaic(64, 90), Exif(), (2.0, 1.0, 1.5), compression="lossy")


def test_four_tiles_are_refused_because_libraw_reads_them_otherwise(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="four tiles"):
        write_arw(tmp_path / "a.ARW", mosaic(TILE + 2, TILE + 2), Exif(), (2.0, 1.0, 1.5), compression="lossless")


@pytest.mark.parametrize("compression", ["none", "lossy", "lossless"])
def test_a_truncated_file_is_found_whatever_its_compression(tmp_path: Path, compression: Compression) -> None:
    path = tmp_path / "a.ARW"
    write_arw(path, mosaic(64, 96), Exif(), (2.0, 1.0, 1.5), compression=compression)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"a\.ARW is truncated"):
        image_size(path)
