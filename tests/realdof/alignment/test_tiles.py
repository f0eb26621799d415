"""The displacement of tiles."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from small_pairs import HEIGHT, WIDTH, pair

from realdof.alignment.displacement import fit_shift_model
from realdof.alignment.tiles import TILE, _noise_of_tiles, tile_shifts
from realdof.geometry.grid import Grid
from realdof.images.colour import luma


def test_tiles_measure_a_known_shift_to_a_few_hundredths_of_a_pixel() -> None:
    exact = np.array([[1, 0, 0.3], [0, 1, -0.2], [0, 0, 1]])
    views = pair(9, exact=exact, mirrored=False, noise=0.01)
    tiles = tile_shifts(luma(views.reference), luma(views.moving))
    shifts = tiles.shifts[tiles.matched]
    assert tiles.matched.sum() > 0.8 * tiles.peak.size
    np.testing.assert_allclose(np.median(shifts, axis=0), (0.3, -0.2), atol=0.02)
    model = fit_shift_model(tiles, Grid(HEIGHT, WIDTH))
    assert model.corner_shift == pytest.approx(np.hypot(0.3, 0.2), abs=0.04)
    assert model.corner_error < 0.04


def test_tiles_outside_the_overlap_count_as_neither_textured_nor_matched() -> None:
    image = luma(pair(0).reference)
    valid = np.ones(image.shape, bool)
    valid[:, : WIDTH // 2] = False
    tiles = tile_shifts(image, image, valid=valid)
    outside = tiles.centres[..., 0] < WIDTH / 2 + TILE / 2
    assert not tiles.within[outside].any()
    assert not tiles.textured[outside].any()
    assert tiles.matched[~outside].all()


def test_tiles_are_located_by_their_middles_from_border_to_border() -> None:
    centres = tile_shifts(*[luma(pair(0).reference)] * 2).centres
    np.testing.assert_array_equal(centres[0, 0], (TILE / 2, TILE / 2))
    np.testing.assert_array_equal(centres[-1, -1], (WIDTH - TILE / 2, HEIGHT - TILE / 2))


def test_a_tile_whose_correlation_is_far_below_what_noise_leaves_does_not_match() -> None:
    tiles = tile_shifts(*[luma(pair(0).reference)] * 2)
    assert tiles.matched.any()
    assert not replace(tiles, peak=0.1 * tiles.expected_peak).matched.any()


def test_transposed_photographs_have_transposed_gradients_and_errors() -> None:
    views = pair(9, noise=0.01)
    square = [luma(view)[:HEIGHT, :HEIGHT] for view in (views.reference, views.moving)]
    tiles, transposed = tile_shifts(*square), tile_shifts(*(np.ascontiguousarray(view.T) for view in square))
    for name in ("gradients", "moving_gradients"):
        xx_xy_yy = getattr(transposed, name).transpose(1, 0, 2)
        np.testing.assert_allclose(xx_xy_yy[..., ::-1], getattr(tiles, name), rtol=1e-3, atol=1e-3)
    for name in ("standard_error", "sure_error"):
        np.testing.assert_allclose(getattr(transposed, name).T, getattr(tiles, name), rtol=1e-3)


def test_exchanged_photographs_allow_the_same_correlation() -> None:
    views = pair(9, noise=0.01)
    one, other = luma(views.reference), luma(views.moving)
    tiles, exchanged = tile_shifts(one, other), tile_shifts(other, one)
    for name in ("expected_peak", "sure_peak", "peak"):
        np.testing.assert_allclose(getattr(exchanged, name), getattr(tiles, name), rtol=1e-3, atol=1e-4)


def test_the_noise_of_a_tile_without_a_scene_is_the_noise() -> None:
    noise = np.random.default_rng(5).normal(0, 0.03, (2, TILE, TILE)).astype(np.float32)
    np.testing.assert_allclose(_noise_of_tiles(noise), 0.03, rtol=0.05)


def test_tiles_of_a_small_photograph_overlap_by_half() -> None:
    tiles = tile_shifts(*[luma(pair(0).reference)] * 2)
    assert tiles.peak.shape == (2 * (HEIGHT // TILE) - 1, 2 * (WIDTH // TILE) - 1)


@pytest.mark.parametrize("shift", [(0.013, -0.021), (-0.037, 0.009)])
def test_tiles_tell_a_small_shift_of_a_clean_photograph_to_two_thousandths_of_a_pixel(
    shift: tuple[float, float],
) -> None:
    image = luma(pair(9, mirrored=False).reference)
    moved = ndimage.fourier_shift(np.fft.fft2(image), shift[::-1])
    tiles = tile_shifts(image, np.fft.ifft2(moved).real.astype(np.float32))
    np.testing.assert_allclose(np.median(tiles.shifts[tiles.matched], axis=0), shift, atol=0.002)
