"""Photographs as arrays: which sizes and values are taken, at which size they are aligned, and what is told of them."""

import re
from dataclasses import replace

import numpy as np
import pytest
from small_pairs import HEIGHT, WIDTH, pair

from realdof.alignment import photographs
from realdof.alignment.estimate import Alignment, AlignmentSettings
from realdof.alignment.photographs import LARGEST_SIDE, SMALLEST_SIDE, _stored, align
from realdof.geometry.grid import mirror


class AlignedError(Exception):
    """Raised in the place of an alignment, with the size it would have had."""


@pytest.fixture
def only_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only tell at which size photographs are aligned."""

    def estimate(first: np.ndarray, second: np.ndarray, settings: AlignmentSettings) -> None:
        raise AlignedError(f"{first.shape[1]}x{first.shape[0]}")

    monkeypatch.setattr(photographs, "estimate_homography", estimate)


@pytest.mark.usefixtures("only_sizes")
@pytest.mark.parametrize(
    ("width", "height", "demosaiced", "grid"),
    [
        (LARGEST_SIDE, SMALLEST_SIDE, False, "2400x128"),
        (LARGEST_SIDE + 1, 2 * SMALLEST_SIDE, False, "1200x128"),
        (2 * LARGEST_SIDE, 300, False, "2400x150"),
        (300, 256, True, "150x128"),
        (2 * LARGEST_SIDE + 1, 400, True, "1600x133"),
    ],
)
def test_photographs_are_aligned_at_2400_px_at_most_and_demosaiced_ones_at_half_the_size_at_most(
    width: int, height: int, demosaiced: bool, grid: str
) -> None:
    blank = np.zeros((height, width, 3), np.uint8)
    with pytest.raises(AlignedError, match=grid):
        align(blank, blank, demosaiced=demosaiced)


@pytest.mark.usefixtures("only_sizes")
@pytest.mark.parametrize(
    ("width", "height", "demosaiced", "least"),
    [
        (300, SMALLEST_SIDE - 1, False, 128),
        (SMALLEST_SIDE - 1, 300, False, 128),
        (LARGEST_SIDE + 1, 2 * SMALLEST_SIDE - 1, False, 256),
        (300, 2 * SMALLEST_SIDE - 1, True, 256),
    ],
)
def test_too_small_a_photograph_is_refused_with_the_least_size(
    width: int, height: int, demosaiced: bool, least: int
) -> None:
    blank = np.zeros((height, width, 3), np.uint8)
    with pytest.raises(ValueError, match=f"of {width}x{height} px are too small, give at least {least} px"):
        align(blank, blank, demosaiced=demosaiced)


def test_what_is_told_of_reduced_photographs_is_in_their_own_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    inner: list[Alignment] = []

    def estimate(*words: object) -> Alignment:
        inner.append(whole(*words))  # type: ignore[arg-type]
        return inner[0]

    whole = photographs.estimate_homography
    monkeypatch.setattr(photographs, "estimate_homography", estimate)
    views = pair(2, mirrored=False)
    # An odd width, so that the reduced one is not exactly half of it.
    first, second = (image[:, : WIDTH - 1].clip(0, 1) for image in (views.reference, views.moving))
    found = align(first, second, mirrored=False, demosaiced=True)
    assert inner[0].estimated_error is not None
    assert found.error == pytest.approx((WIDTH - 1) / (WIDTH // 2 - 1) * inner[0].estimated_error)
    places = np.array([(vector.x, vector.y) for vector in found.displacement])
    assert (places.max(axis=0) > (0.6 * WIDTH, 0.6 * HEIGHT)).all()


def test_where_only_one_photograph_shows_something_no_displacement_is_told() -> None:
    # Beyond its border the second one would be continued by its mirror image, which here is what the first one shows.
    shift, random = 120, np.random.default_rng(0)
    half = np.kron(random.random((66, 79, 3)), np.ones((6, 6, 1)))[:HEIGHT, : WIDTH - shift]
    canvas = np.concatenate([half, half[:, ::-1]], axis=1)
    first, second = canvas[:, shift : shift + WIDTH - shift], canvas[:, : WIDTH - shift]
    found = align(first, second, mirrored=False)
    np.testing.assert_allclose(found.homography, [[1, 0, shift], [0, 1, 0], [0, 0, 1]], atol=0.1)
    places = [vector.x for vector in found.displacement]
    assert len(places) > 20
    assert max(places) <= WIDTH - 2 * shift - 32


def test_the_warped_photograph_stays_within_black_and_white(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    blocks = np.kron(random.integers(0, 2, (20, 30, 3)), np.ones((10, 10, 1))).astype(np.float32)
    whole = photographs.estimate_homography

    def half_a_pixel(*words: object) -> Alignment:
        found = whole(*words)  # type: ignore[arg-type]
        return replace(found, homography=((1.0, 0.0, 0.5), (0.0, 1.0, 0.5), (0.0, 0.0, 1.0)))

    monkeypatch.setattr(photographs, "estimate_homography", half_a_pixel)
    warped = align(blocks, blocks, mirrored=False).warped
    # Lanczos's kernel overshoots at every edge.
    assert (warped.min(), warped.max()) == (0, 1)


@pytest.mark.parametrize(
    ("value", "said"),
    [(-0.5, "not from -0.5 to 0.5"), (1.5, "not from 0.5 to 1.5"), (np.inf, "not from 0.5 to inf")],
)
@pytest.mark.parametrize("which", [0, 1])
def test_floating_point_beyond_black_and_white_is_refused(value: float, said: str, which: int) -> None:
    given = [np.full((130, 140, 3), 0.5), np.full((130, 140, 3), 0.5)]
    given[which][3, 4, 1] = value
    with pytest.raises(ValueError, match=f"floating point must lie in \\[0, 1\\], {said}; scale or clip it"):
        align(*given)


@pytest.mark.parametrize(
    "shape", [(200, 300), (200, 300, 1), (200, 300, 2), (200, 300, 4), (1, 200, 300, 3), (200, 300, 3, 1)]
)
def test_an_array_that_is_no_colour_image_is_refused_by_its_shape(shape: tuple[int, ...]) -> None:
    blank = np.zeros(shape, np.uint8)
    with pytest.raises(ValueError, match=re.escape(f"must be numbers (H, W, 3), not uint8 {shape}")):
        align(blank, blank)


@pytest.mark.parametrize("shape", [(200, 302), (202, 300), (200, 298), (198, 300)])
def test_two_sizes_are_told_in_pixels(shape: tuple[int, int]) -> None:
    first, second = np.zeros((200, 300, 3), np.uint8), np.zeros((*shape, 3), np.uint8)
    with pytest.raises(
        ValueError, match=f"of \\(200, 300\\) and \\({shape[0]}, {shape[1]}\\) px; give two of one size"
    ):
        align(first, second)


@pytest.mark.parametrize(
    ("largest", "white"),
    [
        (1, 255),
        (255, 255),
        (256, 65535),
        (65535, 65535),
        (65536, 2**32 - 1),
        (2**32 - 1, 2**32 - 1),
        (2**32, 2**64 - 1),
    ],
)
def test_wide_integers_have_the_full_scale_of_the_fewest_bits_that_hold_both(largest: int, white: int) -> None:
    small, large = np.ones((2, 2, 3), np.int64), np.full((2, 2, 3), largest, np.int64)
    small[0] = 0
    for first, second in ((small, large), (large, small)):
        for image, stored in zip((first, second), _stored(first, second), strict=True):
            assert stored.dtype == np.float32
            np.testing.assert_allclose(stored, image / white)


def test_8_and_16_bits_and_floating_point_keep_their_scale_beside_wide_integers() -> None:
    wide = np.full((2, 2, 3), 300, np.int32)
    for dtype in (np.uint8, np.uint16):
        narrow = np.full((2, 2, 3), 200, dtype)
        stored, scaled = _stored(narrow, wide)
        assert stored.dtype == dtype
        np.testing.assert_array_equal(stored, narrow)
        np.testing.assert_allclose(scaled, 300 / 65535)
    floating = np.zeros((2, 2, 3))
    floating[0] = 1.0
    stored, scaled = _stored(floating, np.full((2, 2, 3), 200, np.int32))
    np.testing.assert_array_equal(stored, floating)
    np.testing.assert_allclose(scaled, 200 / 255)


def test_a_mirror_is_told_of_photographs_too_bad_to_align() -> None:
    found = align(np.zeros((130, 140, 3), np.uint8), np.zeros((130, 140, 3), np.uint8), mirrored=True)
    assert (found.verdict, found.error, found.mirrored, found.displacement) == ("rejected", None, True, ())
    assert found.homography.shape == mirror(photographs.Grid(130, 140)).shape


@pytest.mark.usefixtures("only_sizes")
def test_the_photographs_may_be_given_by_name_and_the_options_only_so() -> None:
    blank = np.zeros((130, 140, 3), np.uint8)
    with pytest.raises(AlignedError):
        align(b=blank, a=blank)
    with pytest.raises(TypeError):
        align(blank, blank, True)  # type: ignore[misc]
