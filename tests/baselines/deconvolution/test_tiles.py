"""Tiles cover what is wanted once, and hold the image where their result is used."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.deconvolution.tiles import BLOCK, cut_tiles, plan_tiles, wanted_blocks


@settings(deadline=None)
@given(
    height=st.integers(1, 200),
    width=st.integers(1, 200),
    margin=st.integers(2, 40),
    smallest=st.integers(1, 120),
    seed=st.integers(0, 999),
)
def test_cores_cover_every_wanted_pixel_exactly_once(
    height: int, width: int, margin: int, smallest: int, seed: int
) -> None:
    mask = torch.rand(height, width, generator=torch.Generator().manual_seed(seed)) > 0.999
    mask[0, 0] = True
    tiling = plan_tiles(wanted_blocks(mask), margin, smallest)
    covered = torch.zeros(height, width, dtype=torch.int64)
    for rows, columns in tiling.cores(height, width):
        covered[rows, columns] += 1
    assert covered.max() == 1
    assert (covered[mask] == 1).all()
    assert tiling.margin >= margin
    assert tiling.period >= smallest


@settings(deadline=None)
@given(row=st.integers(0, 11), column=st.integers(0, 14))
def test_a_single_wanted_block_takes_few_pixels(row: int, column: int) -> None:
    blocks = torch.zeros(12, 15, dtype=torch.bool)
    blocks[row, column] = True
    tiling = plan_tiles(blocks, margin=8, smallest=17)
    assert len(tiling.places) == 1
    assert tiling.period <= BLOCK + 2 * 8 + BLOCK


def test_tile_holds_the_image_in_its_core_and_its_inner_margin() -> None:
    image = torch.rand(3, 90, 120, generator=torch.Generator().manual_seed(0))
    tiling = plan_tiles(torch.ones(12, 15, dtype=torch.bool), margin=12, smallest=1)
    tiles = cut_tiles(image, tiling, 0, len(tiling.places))
    clean = tiling.margin // 2
    for tile, (rows, columns) in zip(tiles, tiling.cores(90, 120), strict=True):
        top, left = max(rows.start - clean, 0), max(columns.start - clean, 0)
        bottom, right = min(rows.start + tiling.core + clean, 90), min(columns.start + tiling.core + clean, 120)
        first_row, first_column = top - rows.start + tiling.core_start, left - columns.start + tiling.core_start
        inside = tile[:, first_row : first_row + bottom - top, first_column : first_column + right - left]
        assert torch.equal(inside, image[:, top:bottom, left:right])


def test_tile_has_no_seam_where_it_repeats() -> None:
    ramp = torch.arange(600.0).expand(1, 600, 600) / 600
    tiling = plan_tiles(torch.ones(75, 75, dtype=torch.bool), margin=32, smallest=1)
    middle = tiling.places.index((1, 1))
    tile = cut_tiles(ramp, tiling, middle, middle + 1)[0, 0]
    # Over the margin the fade undoes what the ramp climbs in a period; its steepest part is 1.5 times the mean.
    climb = tiling.period / 600
    assert (tile - tile.roll(1, 1)).abs().max() < 1.6 * climb / tiling.margin


def test_a_kernel_beyond_the_largest_tile_is_refused() -> None:
    with pytest.raises(ValueError, match="tiles above"):
        plan_tiles(torch.ones(2, 2, dtype=torch.bool), margin=600, smallest=1201)
