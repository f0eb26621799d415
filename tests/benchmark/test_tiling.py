"""Tiles cover an image once, see what surrounds them, and are cut only where an image does not fit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from benchmark.tiling import Tiling, in_tiles
from realdof.common.errors import InputError

sizes = st.integers(1, 250)
tilings = st.builds(
    lambda core, blocks: Tiling(Tiling.smallest_side(8 * blocks) + core, 8 * blocks),
    st.integers(0, 100),
    st.integers(0, 10),
)


@settings(max_examples=40, deadline=None)
@given(height=sizes, width=sizes, tiling=tilings)
def test_cores_cover_every_pixel_once_and_windows_stay_small(height: int, width: int, tiling: Tiling) -> None:
    seen = torch.zeros(height, width)
    for tile in tiling.tiles(height, width):
        seen[tile.core] += 1
        rows, columns = tile.window
        assert rows.start % 8 == 0
        assert columns.start % 8 == 0
        assert max(rows.stop - rows.start, columns.stop - columns.start) <= tiling.side
        assert torch.empty(height, width)[tile.window][tile.inner].shape == seen[tile.core].shape
    assert bool((seen == 1).all())


@settings(max_examples=25, deadline=None)
@given(height=sizes, width=sizes, tiling=tilings)
def test_a_core_is_surrounded_by_the_overlap_but_at_the_images_borders(height: int, width: int, tiling: Tiling) -> None:
    for tile in tiling.tiles(height, width):
        for window, core, length in zip(tile.window, tile.core, (height, width), strict=True):
            assert window.start == max(0, core.start - tiling.overlap)
            assert window.stop == min(length, core.stop + tiling.overlap)


@settings(max_examples=20, deadline=None)
@given(height=sizes, width=sizes, tiling=tilings)
def test_a_filter_no_wider_than_the_overlap_gives_the_whole_images_result(
    height: int, width: int, tiling: Tiling
) -> None:
    image = torch.rand(3, height, width, generator=torch.Generator().manual_seed(height))

    def blur(images: list[torch.Tensor]) -> torch.Tensor:
        reach = tiling.overlap
        padded = functional.pad(images[0][None], (reach, reach, 0, 0))
        return functional.avg_pool2d(padded, (1, 2 * reach + 1), stride=1)[0] + images[1]

    whole = blur([image, image])
    torch.testing.assert_close(in_tiles(blur, [image, image], tiling), whole, rtol=0, atol=1e-5)


def test_the_cost_of_an_overlap_is_told() -> None:
    assert Tiling(1000, 0).cost(1000, 1000) == 1
    assert Tiling(1560, 520).cost(5200, 5200) == pytest.approx(2.8**2)


def test_tiles_smaller_than_their_overlap_are_refused() -> None:
    with pytest.raises(InputError, match="nothing inside"):
        Tiling(1040, 520)
    with pytest.raises(InputError, match="multiple of 8"):
        Tiling(2000, 100)


def test_a_tiling_comes_back_from_its_own_words_and_from_no_others() -> None:
    tiling = Tiling(1296, 520)
    assert Tiling.parse(str(tiling)) == tiling
    for words in ("1296", "1296, overlap", "wide, overlap 520", "1296, overlap 520 "):
        with pytest.raises(InputError, match="it must read like '1296, overlap 520'"):
            Tiling.parse(words)
